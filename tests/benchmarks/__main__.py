"""Benchmarks: `make bench`, or `make bench FULL=1` for the table of RESULTS.md, in as many calls as it takes."""

import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
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
@click.option("--only", multiple=True, type=click.Choice((*NAMES, "worker")), help="These of the peers.")
@click.option("--write", is_flag=True, help=f"Write the table to {PAGE.name}.")
@click.option("--port", default=20_292, show_default=True, help="The broker's.")
def main(full: bool, minutes: float, only: tuple[str, ...], write: bool, port: int) -> None:  # noqa: FBT001 - click's way
    """Measure belwatch beside its peers: one broker, one topic, one job, in turn."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # in order: the broker must not outlive us
    until = time.monotonic() + minutes * 60
    results = Results(HERE / ("full.jsonl" if full else "quick.jsonl"), keep=full)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns) as progress:
        chosen = [name for name in _prepared(progress.console.print) if not only or name in only]
        first, rest = (FIRST, REST) if full else (QUICK, [])
        steps = [*_reference(first, chosen), *_worker(chosen, full=full), *_reference(rest, chosen)]
        steps = [step for step in steps if not results.has(step.kind, step.cell)]
        with Broker(port, HERE / "kafka", BROKER) as broker:
            for step in steps:
                if time.monotonic() > until:
                    progress.console.print("out of time; the same command goes on from here")
                    break
                name = ", ".join(f"{key} {value}" for key, value in step.cell.items())
                task = progress.add_task(f"{step.kind}: {name}", total=step.total)
                show: Show = partial(_shown, progress, task)
                results.add(step.kind, step.cell, step.run(broker.address, show))
    text = page(results, "make bench" + (" FULL=1" if full else ""))
    click.echo(text)
    if write:
        PAGE.write_text(text + "\n")


def _shown(progress: Progress, task: Any, done: int) -> None:  # noqa: ANN401 - rich's own
    progress.update(task, completed=done)


def _prepared(say: Callable[[str], None]) -> list[str]:
    for peer in PEERS.values():
        prepare(peer, say)
    return [*PEERS, "worker", *([streams.NAME] if streams.prepare(say) else [])]


def _reference(cells: Iterable[Cell], chosen: Collection[str]) -> Iterator[Step]:
    for cell in cells:
        if cell.peer not in chosen:
            continue

        def run(brokers: str, show: Show, cell: Cell = cell) -> Row:
            topic = topics.filled(brokers, cell.messages, cell.share, show)
            return reference.run(brokers, topic, cell, HERE / "runs", show)._asdict()

        yield Step("reference", cell._asdict(), cell.messages, run)


def _worker(chosen: Collection[str], *, full: bool) -> Iterator[Step]:
    if "worker" not in chosen:
        return
    catalogue = load()
    messages, seconds = (500_000, 60) if full else (100_000, 20)

    def speed(brokers: str, show: Show) -> Row:
        found, ready = whole.speed(brokers, catalogue, messages, HERE / "runs", show)
        return found._asdict() | {"ready": ready}

    yield Step("worker", {"messages": messages}, messages, speed)
    for rate in RATES if full else RATES[-1:]:

        def latency(brokers: str, show: Show, rate: int = rate) -> Row:
            return whole.latency(brokers, catalogue, rate, seconds, HERE / "runs", show)._asdict()

        yield Step("latency", {"messages_per_second": rate}, rate * seconds, latency)


if __name__ == "__main__":
    main()
