"""replay: the past through the live code, into a run of its own."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import Any

import click
from rich.console import Console
from rich.live import Live

from schemas.wire import instant, rfc3339
from stream import __version__, clock, runs
from stream import replay as past
from stream import topics as topic_admin
from stream.catalogue.load import load
from stream.commands import options
from stream.core.explain import explain
from stream.core.pipeline import Inbound, with_ticks
from stream.orphan import die_with_parent
from stream.pace import Pace, Stopped, keys
from stream.settings import Settings
from stream.sinks.plain import shown
from stream.sources.jsonl import chronological
from stream.sources.log import recorded
from stream.sources.producer import Sender
from stream.view import Health, view

EVALUATION_SECONDS = 60.0
STOP_SECONDS = 15
KEYS = "space: pause · s: one tick · + -: faster, slower · q: stop (--resume goes on)"


@click.command()
@click.argument("files", nargs=-1)
@click.option("--topic", metavar="RUN", help='Replay what stands on source topics: "live", or a run\'s name.')
@click.option("--run", default="replay", show_default=True, help="Name of the run: a-z, 0-9, dashes.")
@click.option("--from", "begin", type=options.Moment(), help="Leave out what came before.")
@click.option("--to", "end", type=options.Moment(), help="Leave out what came after.")
@click.option(
    "--by",
    type=click.Choice(["received", "event", "record"]),
    default="received",
    show_default=True,
    help="Which time --from and --to mean, with --topic; record: when Kafka took it.",
)
@click.option("--speed", default="max", show_default=True, help='Virtual seconds per second, or "max".')
@click.option("--every", type=options.Span(), default="1h", show_default=True, help="Grid of levels.")
@click.option("--step", is_flag=True, help="Begin paused; s goes one tick further, space lets go.")
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted, exactly where it was.")
@click.option("--worker/--no-worker", default=True, help="Start a worker for the run, or rely on yours.")
@click.option("--list", "listing", is_flag=True, help="List the runs on the broker.")
@click.option("--inspect", metavar="RUN", help="Show what a run ran, and how far it came.")
@click.option("--delete", metavar="RUN", help="Delete a run: topics and consumer group.")
@options.as_json
def replay(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Replay through Kafka, with the live code, into a run of its own; live topics are out of reach.

    FILES are JSONL (plain, .gz, .zst) or archives (folders); --topic replays what Kafka still has. On a terminal
    the run is shown live, and keys pause, step and speed it. A run that was killed goes on with --resume, losing and
    repeating nothing, if it is given the same input again.

    \b
    belwatch replay news.jsonl.gz --run spring --speed 3600
    belwatch replay --topic live --from 2022-02-20 --to 2022-02-26 --run entry
    belwatch replay news.jsonl.gz --run spring --resume
    belwatch replay --list
    belwatch replay --inspect spring --json
    belwatch replay --delete spring
    """
    if given["listing"]:
        click.echo("\n".join(runs.names(options.settings())))
    elif given["inspect"]:
        _inspect(options.settings(run=given["inspect"]), as_json=given["as_json"])
    elif given["delete"]:
        _delete(options.settings(run=given["delete"]))
    elif bool(files) == bool(given["topic"]):
        raise click.UsageError("name files to replay, or --topic; or use --list, --inspect RUN, --delete RUN")
    else:
        _replay(files, given)


def _inspect(settings: Settings, *, as_json: bool) -> None:
    found = runs.standing(settings)
    at = None if found.last is None else rfc3339(found.last.at)
    if as_json:
        ran = None if found.run is None else found.run.model_dump(mode="json")
        click.echo(json.dumps({"run": ran, "evaluated": at}))
        return
    if found.run is None:
        click.echo(f"{settings.run}: no record of what it ran")
    else:
        run = found.run
        click.echo(f"{run.name}: made {rfc3339(run.made_at)}, {run.ticks} ticks every {run.every:g} s")
        for part in run.inputs:
            click.echo(f"  {part.name}: {part.records} records, sha256 {part.sha256}")
        click.echo(f"  catalogue {run.catalogue}, code {run.code}, formula {run.formula}")
    click.echo(f"evaluated up to {at or 'nothing yet'}")


def _delete(settings: Settings) -> None:
    for name in topic_admin.delete(settings):
        click.echo(f"deleted  {name}")
    runs.forget(settings)


def _records(files: Sequence[str], given: dict[str, Any]) -> list[Inbound]:
    begin, end = given["begin"], given["end"]
    if given["topic"]:
        source = options.settings(run=None if given["topic"] == "live" else given["topic"])
        return recorded(source, begin, end, given["by"])
    return [
        r
        for r in chronological(files)
        if (begin is None or r.received_at >= begin) and (end is None or r.received_at <= end)
    ]


def _described(given: dict[str, Any], settings: Settings, records: list[Inbound], ticks: int) -> runs.Run:
    catalogue = load(settings.catalogue)
    begin, end = (None if t is None else instant(t) for t in (given["begin"], given["end"]))

    def name(record: Inbound) -> str:
        return f"{given['topic']}:{record.origin}" if given["topic"] else record.origin

    inputs = []
    for source, group in groupby(sorted(records, key=name), key=name):
        content = hashlib.sha256()
        mine = list(group)
        for r in mine:
            content.update(f"{r.kind} {r.received_at!r} {len(r.value)}\n".encode() + r.value)
        inputs.append(runs.Input(name=source, sha256=content.hexdigest(), records=len(mine)))
    return runs.Run(
        name=str(settings.run),
        made_at=instant(clock.now()),
        inputs=tuple(inputs),
        begin=begin,
        end=end,
        every=given["every"],
        ticks=ticks,
        catalogue=catalogue.version,
        code=__version__,
        formula=catalogue.problem.formula,
    )


def _replay(files: Sequence[str], given: dict[str, Any]) -> None:
    settings = options.settings(run=given["run"], environment="replay", tick_seconds=given["every"])
    records = _records(files, given)
    items = list(with_ticks(records, given["every"], given["end"]))
    if not records:
        raise click.ClickException("no record falls into that time")
    run = _described(given, settings, records, sum(item.kind == "tick" for item in items))
    held = None
    if given["resume"]:
        runs.resumable(settings, run)
        held = past.position(settings)
    else:
        runs.begin(settings, run)
    with ExitStack() as stack:
        alive = stack.enter_context(_worker(settings, wanted=given["worker"]))
        following = stack.enter_context(past.Following(settings))
        pressed = stack.enter_context(keys())
        pace = Pace(_speed(given["speed"]), key=pressed, idle=alive)
        pace.paused = given["step"]
        try:
            last = _feed(settings, items, pace, held, (alive, following))
        except Stopped:
            raise click.ClickException(
                f"stopped; go on with the same command and --resume --run {settings.run}"
            ) from None
        following.until(last.at, EVALUATION_SECONDS, alive)
    assessment = following.last
    if assessment is not None:
        click.echo(assessment.model_dump_json() if given["as_json"] else shown(explain(assessment)))
    click.echo(f"run {settings.run}: {last.messages} messages, {last.ticks} ticks", err=True)


def _feed(
    settings: Settings,
    items: Sequence[Inbound],
    pace: Pace,
    held: dict[tuple[str, int], int] | None,
    watched: tuple[Callable[[], None], past.Following],
) -> past.Sent:
    alive, following = watched
    console = Console(stderr=True)
    sender = Sender(settings)
    end = next(item.received_at for item in reversed(items) if item.kind == "tick")
    last = past.Sent(sum(i.kind != "tick" for i in items), sum(i.kind == "tick" for i in items), end)
    try:
        with (
            Live(console=console, transient=True, auto_refresh=False)
            if console.is_terminal
            else ExitStack() as live
        ):
            for last in past.feed(settings, sender, items, pace, held):
                alive()
                following.poll(0)
                if isinstance(live, Live):
                    done = f"{last.ticks} of {sum(i.kind == 'tick' for i in items)} ticks"
                    live.update(view(following.last, Health(note=f"{done}   {KEYS}")), refresh=True)
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
            [*command, "--environment", "replay", "--metrics-port", "0"],
            stdout=stream,
            stderr=stream,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread of ours holds a lock it needs
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
