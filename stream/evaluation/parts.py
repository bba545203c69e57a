"""Parts that every form of a back-test's report is made of."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.wire import instant

NOTE = (
    "Zero positives: Belarus did not enter, so nothing here is calibrated. "
    "The index is an index of the evidence, not a probability."
)


class Link(NamedTuple):
    """A cell that leads somewhere; an empty address leads nowhere."""

    text: str
    url: str


Cell = str | Link


class Section(NamedTuple):
    """One part of the report: a table with a note before it. `numbers`: columns that are figures, from 0."""

    id: str
    title: str
    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: frozenset[int] = frozenset()


def lead(days: float | None) -> str:
    """Days by which something stood before."""
    return "none" if days is None else f"{days:.1f} days"


def time(at: float) -> str:
    """A time (epoch seconds) to the minute, UTC."""
    return f"{instant(at):%Y-%m-%d %H:%M}"


def day(at: float) -> str:
    """The day of a time, UTC."""
    return f"{instant(at):%Y-%m-%d}"
