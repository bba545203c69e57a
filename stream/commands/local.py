"""demo: the whole system on this machine."""

import os
import sys
from pathlib import Path

import click

HERE = Path("deploy") / "local"


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Run the whole system on this machine, on the events of 2022: Kafka, Prometheus, Alertmanager, Slack.

    Needs a clone of the project, whose `make demo` also fetches what it needs.
    """
    if not HERE.is_dir():
        raise click.ClickException(
            "this is not a clone of the project (no deploy/local here); clone it and run: make demo"
        )
    os.execv(sys.executable, [sys.executable, "-m", "deploy.local", "demo", *arguments])  # noqa: S606 - ourselves
