"""archive: what came in, kept outside of Kafka."""

import json
from pathlib import Path

import click

from stream.archive.export import export
from stream.archive.read import verify as read_through
from stream.archive.restore import restore
from stream.commands import options
from stream.topics import create

_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_run = click.option("--run", help="Of a replay run instead of live.")


@click.group()
def archive() -> None:
    """Keep what came in outside of Kafka, so that a replay doesn't depend on how long topics last.

    An archive is a folder of compressed JSON lines by day of receipt, and a manifest of what they hold.
    """


@archive.command(name="export")
@_folder
@_run
def export_(folder: Path, run: str | None) -> None:
    """Add to the archive what the source topics hold beyond it. Each record is kept once, whatever is interrupted.

    \b
    belwatch archive export /var/lib/belwatch/archive
    """
    with options.progress("Exporting") as tell:
        done = export(options.settings(run=run), folder, tell)
    click.echo(f"{done.records} messages added to {folder} ({done.ticks} ticks left out)")
    if done.lost:
        click.echo(f"{done.lost} records were deleted by the broker before; export more often", err=True)


@archive.command(name="import")
@_folder
@_run
def import_(folder: Path, run: str | None) -> None:
    """Send an archive back to the source topics, each record once and in order; goes on where it was interrupted.

    The topics must be empty, or hold the beginning of this archive; they are created where they are missing.

    \b
    belwatch archive import /var/lib/belwatch/archive --run spring
    """
    settings = options.settings(run=run)
    create(settings)
    with options.progress("Importing") as tell:
        sent = restore(settings, folder, tell)
    click.echo(f"{sent} messages sent to {settings.prefix}-*")


@archive.command()
@_folder
@options.as_json
def verify(folder: Path, as_json: bool) -> None:  # noqa: FBT001 - a flag of click
    """Read an archive through: each file's hash, and that no record is missing or doubled. Exit code 1 if one is.

    \b
    belwatch archive verify /var/lib/belwatch/archive
    """
    with options.progress("Reading") as tell:
        found = read_through(folder, tell)
    if as_json:
        click.echo(json.dumps(found._asdict()))
    else:
        click.echo(
            f"{found.records} messages of {found.days} days, {found.ticks} ticks left out, {found.lost} lost"
        )
        for fault in found.faults:
            click.echo(fault, err=True)
    if found.faults:
        raise click.exceptions.Exit(1)
