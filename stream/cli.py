"""The command line: `belwatch COMMAND --help` says what each does, with an example."""

import logging
import sys

import click

from stream import __version__
from stream.archive.manifest import ArchiveProblem
from stream.catalogue.load import CatalogueError
from stream.commands import (
    archive,
    backfill,
    backtest,
    feed,
    judge,
    local,
    offline,
    operate,
    page,
    poll,
    replay,
    review,
    travel,
)
from stream.connection import BrokerProblem
from stream.sources.files import FileProblem


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Watch the indications of Belarus entering the war: an index of the evidence, not a probability.

    \b
    belwatch demo                     the whole system on this machine, on the events of 2022
    belwatch score FILE --at TIME     the same score in process, without Kafka
    belwatch worker                   the stream processor, on a broker of your own (BELWATCH_BROKERS)
    """


for family in (
    offline,
    judge,
    feed,
    replay,
    travel,
    operate,
    poll,
    archive,
    backfill,
    backtest,
    page,
    review,
    local,
):
    for command in family.COMMANDS:
        cli.add_command(command)


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
