"""Cells of the table: who does how much of what, in how many processes."""

from typing import NamedTuple

from tests.benchmarks import streams
from tests.benchmarks.environments import OURS, PEERS

NAMES = (*PEERS, streams.NAME)
SLOW = {"faust": 200_000}  # messages; more would take ages


class Cell(NamedTuple):
    """One measurement of the reference job."""

    peer: str
    messages: int
    share: float  # of messages that match
    processes: int

    def __str__(self) -> str:
        """Name it."""
        return (
            f"{self.peer}, {self.messages:,} messages, {self.share:.0%} match, {self.processes} process(es)"
        )


def _cells(messages: int, shares: tuple[float, ...], processes: tuple[int, ...]) -> list[Cell]:
    return [
        Cell(name, messages, share, number)
        for share in shares
        for number in processes
        for name in NAMES
        if messages <= SLOW.get(name, messages)
    ]


QUICK = [
    *_cells(200_000, (0.02,), (1,)),
    *(cell for cell in _cells(200_000, (0.02,), (2,)) if cell.peer in (OURS.name, streams.NAME)),
]
FIRST = _cells(2_000_000, (0.02,), (1,))
REST = (
    _cells(2_000_000, (0.02,), (2,))
    + _cells(2_000_000, (0.1,), (1, 2))
    + _cells(200_000, (0.02, 0.1), (1, 2))
)
