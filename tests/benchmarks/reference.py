"""The reference job, measured on one peer."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy.local import HOST
from deploy.local.ports import free_port
from tests.benchmarks.cells import Cell
from tests.benchmarks.environments import PROGRAMS, Peer
from tests.benchmarks.measure import Measured, measure, started


def run(
    peer: Peer, brokers: str, topic: str, cell: Cell, data: Path, show: Callable[[int], None]
) -> Measured:
    """Let the peer read all of the topic, in a group of its own."""
    environment = {
        "BENCH_BROKERS": brokers,
        "BENCH_TOPIC": topic,
        "BENCH_GROUP": f"bench-{peer.name}-{time.time():.0f}",
        "PYTHONPATH": str(PROGRAMS),
    }
    with started(commands(peer, cell.processes), environment, data) as processes:
        return measure(processes, cell.messages, show)


def commands(peer: Peer, processes: int) -> list[list[str]]:
    """One command a process."""
    script, *rest = peer.run
    match peer.name:
        case "bytewax":
            addresses = ";".join(f"{HOST}:{free_port()}" for _ in range(processes))
            together = [["-i", str(n), "-a", addresses] for n in range(processes)] if processes > 1 else [[]]
            return [[str(peer.python), *peer.run, *more] for more in together]
        case "faust":
            worker = [str(peer.python), "-m", "faust", "-A", Path(script).stem, *rest]
            return [worker for _ in range(processes)]
        case _:
            return [[str(peer.python), str(PROGRAMS / script), *rest] for _ in range(processes)]
