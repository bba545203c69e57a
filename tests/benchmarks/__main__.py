"""Benchmarks: `make bench`, or `make bench FULL=1` for the table of RESULTS.md, in as many calls as it takes."""

import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.kafka import Broker
from deploy.local.paths import DATA
from stream.catalogue.load import load
from tests.benchmarks import reference, streams, topics, whole
from tests.benchmarks.cells import FIRST, NAMES, QUICK, REST, Cell
from tests.benchmarks.environments import PEERS, prepare
from tests.benchmarks.page import PAGE, page
from tests.benchmarks.results import Results, Row

HERE = DATA / "bench"
# Whoever starts together joins together: two processes share the partitions from the first message on.
BROKER = {"group.initial.rebalance.delay.ms": "3000"}
RATES = (100, 1_000)  # messages a second
WORKER = "worker"
Show = Callable[[int], None]


class Step(NamedTuple):
    """One measurement: of which kind, of what, and how."""

    kind: str
    cell: Row
    total: float
    run: Callable[[str, Show], Row]


@click.command()
@click.option("--full", is_flag=True, help="The whole table; what was measured by an earlier call is kept.")
@click.option("--minutes", type=float, default=120, show_default=True, help="Begin nothing after so long.")
@click.option("--only", multiple=True, type=click.Choice((*NAMES, WORKER)), help="These of the peers.")
@click.option("--write", is_flag=True, help=f"Write the table to {PAGE.name}.")
@click.option(
    "--note", default="", help="What a reader of the page should know, such as other work on the machine."
)
@click.option("--keep", is_flag=True, help="Without --full, too, go on from what an earlier call measured.")
@click.option("--brokers", help="A broker that runs already; without it, one is started.")
@click.option("--port", default=20_292, show_default=True, help="The started broker's.")
def main(  # noqa: PLR0913 - one a choice
    *,
    full: bool,
    minutes: float,
    only: tuple[str, ...],
    write: bool,
    note: str,
    keep: bool,
    brokers: str | None,
    port: int,
) -> None:
    """Measure belwatch beside its peers: one broker, one topic, one job, in turn."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # in order: the broker must not outlive us
    until = time.monotonic() + minutes * 60
    results = Results(HERE / ("full.jsonl" if full else "quick.jsonl"), keep=full or keep)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns) as progress:
        chosen = _prepared(only or (*NAMES, WORKER), progress.console.print)
        first, rest = (FIRST, REST) if full else (QUICK, [])
        steps = [*_reference(first, chosen), *_worker(chosen, full=full), *_reference(rest, chosen)]
        steps = [step for step in steps if not results.has(step.kind, step.cell)]
        with _broker(brokers, port) as address:
            for step in steps:
                if time.monotonic() > until:
                    progress.console.print("out of time; the same command goes on from here")
                    break
                name = ", ".join(f"{key} {value}" for key, value in step.cell.items())
                task = progress.add_task(f"{step.kind}: {name}", total=step.total)
                show: Show = partial(_shown, progress, task)
                results.add(step.kind, step.cell, step.run(address, show))
    text = page(results, "make bench" + (" FULL=1" if full else ""), note)
    click.echo(text)
    if write:
        PAGE.write_text(text + "\n")


@contextmanager
def _broker(given: str | None, port: int) -> Iterator[str]:
    if given:
        yield given
        return
    with Broker(port, HERE / "kafka", BROKER) as broker:
        yield broker.address


def _shown(progress: Progress, task: Any, done: int) -> None:  # noqa: ANN401 - rich's own
    progress.update(task, completed=done)


def _prepared(wanted: Collection[str], say: Callable[[str], None]) -> list[str]:
    for name in PEERS.keys() & {topics.FILLER, *wanted}:
        prepare(PEERS[name], say)
    missing = {streams.NAME} if streams.NAME in wanted and not streams.prepare(say) else set()
    return [name for name in wanted if name not in missing]


def _reference(cells: Iterable[Cell], chosen: Collection[str]) -> Iterator[Step]:
    for cell in cells:
        if cell.peer not in chosen:
            continue

        def run(brokers: str, show: Show, cell: Cell = cell) -> Row:
            topic = topics.filled(brokers, cell.messages, cell.share, show)
            topics.warm(HERE / "kafka", topic)
            return reference.run(brokers, topic, cell, HERE / "runs", show)._asdict()

        yield Step("reference", cell._asdict(), cell.messages, run)


def _worker(chosen: Collection[str], *, full: bool) -> Iterator[Step]:
    if WORKER not in chosen:
        return
    catalogue = load()
    messages, seconds = (500_000, 60) if full else (100_000, 20)

    def speed(brokers: str, show: Show) -> Row:
        found, ready = whole.speed(brokers, catalogue, messages, HERE / "runs", show)
        return found._asdict() | {"ready": ready}

    yield Step(WORKER, {"messages": messages}, messages, speed)
    for rate in RATES if full else RATES[-1:]:

        def latency(brokers: str, show: Show, rate: int = rate) -> Row:
            return whole.latency(brokers, catalogue, rate, seconds, HERE / "runs", show)._asdict()

        yield Step("latency", {"messages_per_second": rate}, rate * seconds, latency)


if __name__ == "__main__":
    main()
