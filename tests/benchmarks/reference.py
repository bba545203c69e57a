"""The reference job, measured on one peer."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import HOST
from deploy.local.ports import free_port
from tests.benchmarks import streams
from tests.benchmarks.cells import Cell
from tests.benchmarks.environments import PEERS, PROGRAMS
from tests.benchmarks.measure import Measured, measure, started


def run(brokers: str, topic: str, cell: Cell, data: Path, show: Callable[[int], None]) -> Measured:
    """Let the peer read all of the topic, in a group of its own."""
    environment = {
        "BENCH_BROKERS": brokers,
        "BENCH_TOPIC": topic,
        "BENCH_GROUP": f"bench-{cell.peer}-{time.time():.0f}",
        "PYTHONPATH": str(PROGRAMS),
    }
    with started(commands(cell.peer, cell.processes), environment, data) as processes:
        return measure(processes, cell.messages, show)


def commands(name: str, processes: int) -> list[list[str]]:
    """One command a process."""
    if name == streams.NAME:
        return [streams.command(processes)]
    peer = PEERS[name]
    script, *rest = peer.run
    match name:
        case "bytewax":
            addresses = ";".join(f"{HOST}:{free_port()}" for _ in range(processes))
            together = [["-i", str(n), "-a", addresses] for n in range(processes)] if processes > 1 else [[]]
            return [[str(peer.python), *peer.run, *more] for more in together]
        case "faust":
            worker = [str(peer.python), "-m", "faust", "-A", Path(script).stem, *rest]
            return [worker for _ in range(processes)]
        case _:
            return [[str(peer.python), str(PROGRAMS / script), *rest] for _ in range(processes)]
