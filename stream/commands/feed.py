"""ingest: bring messages in, from files."""

from collections.abc import Callable, Iterable, Iterator

import click

from stream.commands import options
from stream.sources import readers
from stream.sources.ingest import ingest as ingest_file
from stream.sources.jsonl import read as read_jsonl


@click.group()
def ingest() -> None:
    """Bring messages in."""


@ingest.command()
@click.argument("file")
@click.option(
    "--restart", is_flag=True, help="Begin at the first line, not where an interrupted run stopped."
)
def jsonl(file: str, restart: bool) -> None:  # noqa: FBT001 - a flag of click
    """Send a JSONL file (plain or .gz; "-" is standard input) of articles and events to the live topics.

    Lines that can't be read are sent too, so that they are accounted for as rejections, and are listed here
    with their line numbers. An interrupted run goes on where it stopped.

    \b
    belwatch ingest jsonl news.jsonl.gz
    """
    _ingest(file, read_jsonl, restart=restart)


def _dataset(form: str, about: str, example: str) -> click.Command:
    """One command a format that `stream.sources.readers` reads."""

    @click.command(
        form,
        help=f"Send a file of {about} to the live topics, or as JSONL to standard output.\n\n"
        "Plain, .gz, .bz2, .zst or .zip. Rows that can't be taken are listed with their number and reason.\n\n"
        f"\b\nbelwatch ingest {form} {example}\n"
        f"belwatch ingest {form} {example} --to-jsonl > messages.jsonl",
    )
    @click.argument("file")
    @click.option(
        "--publisher", default="", help="Whose feed it is; else the host of its own link (feeds only)."
    )
    @click.option("--to-jsonl", is_flag=True, help="Write messages to standard output and send nothing.")
    @click.option(
        "--restart", is_flag=True, help="Begin at the first row, not where an interrupted run stopped."
    )
    def command(file: str, publisher: str, to_jsonl: bool, restart: bool) -> None:  # noqa: FBT001 - flags of click
        def rows(path: str) -> Iterator[readers.Row]:
            return readers.read(path, form, publisher)

        if not to_jsonl:
            _ingest(file, rows, restart=restart)
            return
        for row in rows(file):
            if isinstance(row, readers.Bad):
                click.echo(f"{file}:{row.number}: {row.reason}", err=True)
            else:
                click.echo(row.value.decode())

    return command


for _name, _format in readers.FORMATS.items():
    ingest.add_command(_dataset(_name, _format.about, _format.example))


def _ingest(file: str, rows: Callable[[str], Iterable[readers.Row]], *, restart: bool) -> None:
    with options.progress("Sending") as tell:
        done = ingest_file(options.settings(), file, rows=rows, restart=restart, tell=tell)
    click.echo(
        f"{done.sent} messages sent" + (f", {done.skipped} had been sent before" if done.skipped else "")
    )
    for number, reason in sorted(done.unreadable + done.unsent):
        click.echo(f"{file}:{number}: {reason}", err=True)
