"""Benchmarks: `make bench`, or `FULL=1 make bench` for the table of RESULTS.md."""

import signal
import sys
import time
from collections.abc import Callable

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.kafka import Broker
from deploy.local.paths import DATA
from tests.benchmarks import streams, topics
from tests.benchmarks.cells import FULL, NAMES, QUICK, Cell
from tests.benchmarks.environments import PEERS, prepare
from tests.benchmarks.reference import run
from tests.benchmarks.results import Results

HERE = DATA / "bench"
# Whoever starts together joins together: two processes share the partitions from the first message on.
BROKER = {"group.initial.rebalance.delay.ms": "3000"}


@click.command()
@click.option("--full", is_flag=True, help="The whole table; what is measured already is kept.")
@click.option("--minutes", type=float, default=60, show_default=True, help="Begin nothing after so long.")
@click.option("--only", multiple=True, type=click.Choice(sorted(NAMES)), help="These peers.")
@click.option("--port", default=20_292, show_default=True, help="The broker's.")
def main(full: bool, minutes: float, only: tuple[str, ...], port: int) -> None:  # noqa: FBT001 - click's way
    """Measure belwatch beside its peers: one broker, one topic, one job, in turn."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # in order: the broker must not outlive us
    until = time.monotonic() + minutes * 60
    results = Results(HERE / ("full.jsonl" if full else "quick.jsonl"), keep=full)
    cells = [cell for cell in (FULL if full else QUICK) if not only or cell.peer in only]
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with bar as progress:
        wanted = {cell.peer for cell in cells} | {topics.FILLER}
        for name in wanted & PEERS.keys():
            prepare(PEERS[name], progress.console.print)
        if streams.NAME in wanted and not streams.prepare(progress.console.print):
            cells = [cell for cell in cells if cell.peer != streams.NAME]
        with Broker(port, HERE / "kafka", BROKER) as broker:
            for cell in cells:
                if results.has(cell) or time.monotonic() > until:
                    continue
                task = progress.add_task(str(cell), total=cell.messages)
                results.add(
                    cell,
                    _measured(broker, cell, lambda done, task=task: progress.update(task, completed=done)),
                )
    click.echo(results.table())


def _measured(broker: Broker, cell: Cell, show: Callable[[int], None]) -> dict[str, float]:
    topic = topics.filled(broker.address, cell.messages, cell.share, show)
    return run(broker.address, topic, cell, HERE / "runs", show)._asdict()


if __name__ == "__main__":
    main()
