"""`python -m deploy.local COMMAND`: the local stack from a terminal."""

import contextlib
import signal
import sys
from pathlib import Path

import click

from deploy.local import debs, jars
from deploy.local import demo as demo_
from deploy.local.kafka import BrokerError
from deploy.local.ports import Ports, PortTakenError
from deploy.local.programs import Plan
from deploy.local.stack import Stack, StackError
from stream.commands.options import Span
from stream.connection import BrokerProblem


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


@cli.command()
def up() -> None:
    """Run the whole stack, live, until Ctrl-C."""
    with Stack(Plan("live", Ports())) as stack:
        for name, address in stack.plan.addresses().items():
            click.echo(f"{name:18}{address}")
        click.echo(f"{'Kafka':18}BELWATCH_BROKERS={stack.plan.brokers}\nCtrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):  # the way to end it
            stack.wait()


@cli.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--once", is_flag=True, help="End after the replay; exit code 0 if all that must be seen was seen."
)
@click.option(
    "--speed", type=float, default=demo_.SPEED, show_default=True, help="Virtual seconds per second."
)
@click.option("--every", type=Span(), default="6h", show_default=True, help="Grid of levels; 1h or more.")
def demo(files: tuple[str, ...], *, once: bool, speed: float, every: float) -> None:
    """Replay 2022, or your own JSONL FILES (plain or .gz), through the whole stack, and watch.

    \b
    belwatch demo
    belwatch demo news.jsonl.gz --once --speed 86400
    """
    sys.exit(demo_.play(files, once=once, speed=speed, every=every))


def main() -> None:
    """Run a command; a problem the user can mend is one sentence and exit code 1."""
    # Ending by SIGTERM is ending in order, too: what is open gets closed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        cli.main(prog_name="python -m deploy.local")
    except (debs.DebsError, jars.JarsError, BrokerError, PortTakenError, StackError, BrokerProblem) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
