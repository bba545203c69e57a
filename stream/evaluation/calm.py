"""Calm: day by day, month by month, how often the alarm was given for nothing.

Belarus never entered, so by the question itself every day at watch or higher is a false alarm. Days near a marked
truth (T1: columns enter Ukraine from Belarus) are counted apart: something of that kind did happen then.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from schemas.assessment import Level, rank
from schemas.wire import instant
from stream.core.statements import DAY
from stream.evaluation.backtest import Trace
from stream.evaluation.bootstrap import Interval, share
from stream.evaluation.dated import Fact

RAISED = (Level.WATCH, Level.WARNING)


class Day(NamedTuple):
    """One day (UTC) of a run: the highest level in force at any time of it, mean and highest index of its ticks."""

    at: float
    level: Level
    mean: float
    peak: float

    @property
    def date(self) -> date:
        """The day, UTC."""
        return instant(self.at).date()


class FalseAlarms(NamedTuple):
    """Days at `level` or higher: of all days, and of those further than `margin` days from every marked truth.

    `interval`: of the latter as a share (0..1), by weekly blocks; None where none was: that can't be drawn.
    """

    level: Level
    days: int
    of: int
    outside: int
    of_outside: int
    interval: Interval | None


class Month(NamedTuple):
    """One month: mean and highest index, days at watch and at warning or higher, and the facts dated in it."""

    name: str
    mean: float
    peak: float
    watch: int
    warning: int
    facts: Sequence[Fact]


def daily(trace: Trace) -> list[Day]:
    """Every day that the run's ticks touch."""
    ticks = trace.ticks
    found = []
    at = ticks[0].at // DAY * DAY
    begin = 0
    standing = ticks[0].level
    while begin < len(ticks):
        end = begin
        while end < len(ticks) and ticks[end].at < at + DAY:
            end += 1
        today = ticks[begin:end]
        level = max((standing, *(p.level for p in today)), key=rank)
        values = [p.index for p in today] or [ticks[begin - 1].index]
        found.append(Day(at, level, sum(values) / len(values), max(values)))
        standing = today[-1].level if today else standing
        begin, at = end, at + DAY
    return found


def false_alarms(days: Sequence[Day], facts: Iterable[Fact], margin: float) -> list[FalseAlarms]:
    """Count days at watch or higher, and at warning or higher; `margin` in days around each marked truth."""
    truths = [f.at for f in facts if f.mark.startswith("T")]
    outside = [all(abs(day.at - at) > margin * DAY for at in truths) for day in days]
    rows = []
    for level in RAISED:
        so = [rank(day.level) >= rank(level) for day in days]
        pairs = list(zip(so, outside, strict=True))
        apart = sum(held and counts for held, counts in pairs)
        rows.append(
            FalseAlarms(level, sum(so), len(days), apart, sum(outside), share(pairs) if apart else None)
        )
    return rows


def months(days: Sequence[Day], facts: Sequence[Fact]) -> list[Month]:
    """Each month of the run, highest mean index first."""
    by_month: dict[str, list[Day]] = {}
    for day in days:
        by_month.setdefault(f"{day.date:%Y-%m}", []).append(day)
    rows = [
        Month(
            name,
            sum(day.mean for day in held) / len(held),
            max(day.peak for day in held),
            sum(rank(day.level) >= rank(Level.WATCH) for day in held),
            sum(rank(day.level) >= rank(Level.WARNING) for day in held),
            [f for f in facts if f"{f.day:%Y-%m}" == name],
        )
        for name, held in by_month.items()
    ]
    return sorted(rows, key=lambda month: -month.mean)
