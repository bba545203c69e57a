"""The command line: `belwatch COMMAND --help` says what each does, with an example."""

import logging
import sys
from importlib import import_module

import click

from stream import __version__
from stream.archive.manifest import ArchiveProblem
from stream.catalogue.load import CatalogueError
from stream.connection import BrokerProblem
from stream.sources.files import FileProblem

# The module each command stands in, under its own name. It is loaded when the command is asked for: a worker needs
# neither plots nor feeds, which took memory, and time to get ready.
MODULES = {
    "archive": "archive",
    "backfill": "backfill",
    "backtest": "backtest",
    "catalogue": "judge",
    "clock": "operate",
    "demo": "local",
    "evaluate": "judge",
    "explain": "travel",
    "ingest": "feed",
    "match": "offline",
    "page": "page",
    "poll": "poll",
    "replay": "replay",
    "review": "review",
    "score": "offline",
    "topics": "operate",
    "worker": "operate",
}


class Commands(click.Group):
    """The commands, each loaded when it is asked for (Click's "Lazily Loading Subcommands")."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """Name all of them."""
        return sorted(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Load one; None where there is none of that name."""
        if cmd_name not in MODULES:
            return None
        command: click.Command = getattr(import_module(f"stream.commands.{MODULES[cmd_name]}"), cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Watch the indications of Belarus entering the war: an index of the evidence, not a probability.

    \b
    belwatch demo                     the whole system on this machine, on the events of 2022
    belwatch score FILE --at TIME     the same score in process, without Kafka
    belwatch worker                   the stream processor, on a broker of your own (BELWATCH_BROKERS)
    """


def main() -> None:
    """Run the command; a problem the user can mend is one line and an exit code, not a traceback.

    2: the command or a file; of sysexits.h: 69 no broker serves us, 70 a worker's crash, 77 the broker refuses us,
    78 settings, topics or catalogue.
    """
    # A new topic's first records are sent a second time, to its leader: no news for whoever runs a command.
    logging.getLogger("kafka").setLevel(logging.ERROR)
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as e:
        sys.exit(e.exit_code)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (ArchiveProblem, CatalogueError, FileProblem, BrokerProblem) as e:
        click.echo(f"belwatch: {e}", err=True)
        sys.exit(getattr(e, "exit_code", 2))
    except BrokenPipeError:
        sys.exit(0)
