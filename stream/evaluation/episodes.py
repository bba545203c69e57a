"""Episodes: spells at or above a level, with what raised them."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.assessment import Level, rank
from stream.core.statements import DAY
from stream.evaluation.backtest import Cited, Point, Trace

BEFORE = 3 * DAY  # reports of one claim follow each other within 72 h: what raised a level began no earlier
NAMED = 3


class Raised(NamedTuple):
    """By how many index points an indicator rose in the three days up to the entry, and its heaviest claim then."""

    indicator: str
    points: float
    claim: Cited | None


class Episode(NamedTuple):
    """A spell at `level` or higher: begin and end in epoch seconds; `end` None where it lasts to the end of the run."""

    level: Level
    begin: float
    end: float | None
    peak: float
    peak_at: float
    raised: Sequence[Raised]


def episodes(trace: Trace, level: Level) -> list[Episode]:
    """Each spell at `level` or higher, in order."""
    found: list[Episode] = []
    spell: list[Point] = []
    for point in trace.ticks:
        if rank(point.level) >= rank(level):
            spell.append(point)
        elif spell:
            found.append(_episode(trace, level, spell, point.at))
            spell = []
    return [*found, _episode(trace, level, spell, None)] if spell else found


def _episode(trace: Trace, level: Level, spell: Sequence[Point], end: float | None) -> Episode:
    first, top = spell[0], max(spell, key=lambda p: p.index)
    before = trace.at(first.at - BEFORE)
    rises = {
        name: points - (before.points.get(name, 0.0) if before else 0.0)
        for name, points in first.points.items()
    }
    most = sorted(((rise, name) for name, rise in rises.items() if rise > 0), reverse=True)[:NAMED]
    raised = [Raised(name, rise, _lead(trace, first, name)) for rise, name in most]
    return Episode(level, first.at, end, top.index, top.at, raised)


def _lead(trace: Trace, point: Point, indicator: str) -> Cited | None:
    return trace.claims.get(point.leads.get(indicator, ""))
