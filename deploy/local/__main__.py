"""`python -m deploy.local COMMAND`: the local stack from a terminal."""

import sys
from pathlib import Path

import click

from deploy.local import debs, jars
from deploy.local.kafka import BrokerError
from deploy.local.ports import PortTakenError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Run belwatch on this machine: Kafka, Prometheus, Alertmanager, all in this folder."""


@cli.command()
def fetch() -> None:
    """Fetch what the stack runs, Kafka's jars and Prometheus, so that later starts need no network."""
    jars.classpath()
    for name in debs.PROGRAMS:
        debs.program(name)


@cli.command()
def lock() -> None:
    """Resolve Kafka's jars anew and rewrite their lock file, after a change of version in jars.py."""
    click.echo(f"{len(jars.lock().dependencies)} jars pinned in {jars.LOCK.relative_to(Path.cwd())}")


def main() -> None:
    """Run a command; a problem the user can mend is one sentence and exit code 2."""
    try:
        cli.main(prog_name="python -m deploy.local")
    except (debs.DebsError, jars.JarsError, BrokerError, PortTakenError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
