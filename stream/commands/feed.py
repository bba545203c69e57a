"""ingest, replay: fill a broker, now or with the past."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from stream import replay as past
from stream import topics as topic_admin
from stream.commands import options
from stream.core.explain import explain
from stream.core.pipeline import Inbound, with_ticks
from stream.settings import Settings
from stream.sources import readers
from stream.sources.ingest import ingest as ingest_file
from stream.sources.jsonl import chronological
from stream.sources.jsonl import read as read_jsonl
from stream.sources.producer import Sender

EVALUATION_SECONDS = 60.0
STOP_SECONDS = 15


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


@click.command()
@click.argument("files", nargs=-1)
@click.option("--run", default="replay", show_default=True, help="Name of the run: a-z, 0-9, dashes.")
@click.option("--from", "begin", type=options.Moment(), help="Leave out what was received before.")
@click.option("--to", "end", type=options.Moment(), help="Leave out what was received after.")
@click.option("--speed", default="max", show_default=True, help='Virtual seconds per second, or "max".')
@click.option("--every", type=options.Span(), default="1h", show_default=True, help="Grid of levels.")
@click.option("--worker/--no-worker", default=True, help="Start a worker for the run, or rely on yours.")
@click.option("--list", "listing", is_flag=True, help="List the runs on the broker.")
@click.option("--delete", metavar="RUN", help="Delete a run's topics.")
@options.as_json
def replay(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Replay JSONL files through Kafka into a run of its own, with the live code; live is out of reach.

    \b
    belwatch replay news.jsonl.gz --run spring --speed 3600
    belwatch replay --list
    belwatch replay --delete spring
    """
    if given["listing"]:
        click.echo("\n".join(past.runs(options.settings())))
    elif given["delete"]:
        for name in topic_admin.delete(options.settings(run=given["delete"])):
            click.echo(f"deleted  {name}")
    elif files:
        _replay(files, given)
    else:
        raise click.UsageError("name a file to replay, or use --list or --delete RUN")


def _replay(files: tuple[str, ...], given: dict[str, Any]) -> None:
    settings = options.settings(run=given["run"], environment="replay", tick_seconds=given["every"])
    if settings.run in past.runs(settings):
        raise click.ClickException(
            f"run {settings.run!r} exists; choose another --run, or delete it: belwatch replay --delete {settings.run}"
        )
    records = [r for r in chronological(files) if r.received_at >= (given["begin"] or 0.0)]
    items = list(with_ticks(records, given["every"], given["end"]))
    if not items:
        raise click.ClickException("no record in these files falls into that time")
    topic_admin.create(settings)
    with _worker(settings, wanted=given["worker"]) as alive, past.Following(settings) as following:
        last = _feed(settings, items, _speed(given["speed"]), alive)
        following.until(last.at, EVALUATION_SECONDS, alive)
    assessment = following.last
    if assessment is not None:
        click.echo(assessment.model_dump_json() if given["as_json"] else explain(assessment))
    click.echo(f"run {settings.run}: {last.messages} messages, {last.ticks} ticks", err=True)


def _feed(
    settings: Settings, items: list[Inbound], speed: float | None, alive: Callable[[], None]
) -> past.Sent:
    sender = Sender(settings)
    last = past.Sent(0, 0, 0.0)
    try:
        with options.progress("Replaying", sum(item.kind == "tick" for item in items)) as tell:
            for last in past.feed(settings, sender, items, speed=speed):
                alive()
                tell(last.ticks)
    finally:
        sender.close()
    return last


@contextmanager
def _worker(settings: Settings, *, wanted: bool) -> Iterator[Callable[[], None]]:
    """Run a worker for the run meanwhile; the function given says if it has died."""
    if not wanted:
        yield lambda: None
        return
    log = settings.data / "runs" / f"{settings.run}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "stream", "worker", "--run", str(settings.run)]
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [*command, "--environment", "replay", "--metrics-port", "0"], stdout=stream, stderr=stream
        )

    def alive() -> None:
        if process.poll() is not None:
            raise click.ClickException(f"the run's worker ended with code {process.returncode}; see {log}")

    try:
        yield alive
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _speed(text: str) -> float | None:
    try:
        speed = None if text == "max" else float(text)
    except ValueError:
        speed = 0.0
    if speed is not None and speed <= 0:
        raise click.BadParameter(f'{text!r} is no speed; write virtual seconds per second, or "max"')
    return speed


COMMANDS = (ingest, replay)
