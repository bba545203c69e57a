"""Dated facts: what a run said before and after what is known to have happened.

Belarus has not entered, so nothing here is a hit rate: it is timing, ranking and calm against single dates.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NamedTuple

from schemas.assessment import Level, rank
from schemas.catalogue import Catalogue
from schemas.indication import Act, Indication
from schemas.wire import instant
from stream.core.statements import DAY
from stream.evaluation.backtest import Heard, Point, Trace, assess
from stream.sources.files import FileProblem

COLUMNS = ("date", "indicator", "fact", "source")
AFTER = 2 * DAY  # how long a fact has to show in the index
EXPIRES = 5 * DAY  # within which a claim of entry, made on the day, must have expired


class Fact(NamedTuple):
    """One row of a facts file. `mark`: "T1", a truth to be early for; "F1", a claim of entry that failed."""

    at: float  # beginning of that day, UTC, epoch seconds
    indicator: str
    mark: str
    text: str
    source: str

    @property
    def day(self) -> date:
        """The day, UTC."""
        return instant(self.at).date()


class Seen(NamedTuple):
    """How the index stood around a fact: before its day, and the highest until two days after it began."""

    fact: Fact
    before: float
    after: float
    level: Level


class Failed(NamedTuple):
    """One claimant of a failed entry claim: heaviest mass it had, and R before and after it expired."""

    fact: Fact
    claimant: str
    indicator: str
    expired: float
    mass: float
    reliability: float
    halved: float


def read_facts(path: Path) -> list[Fact]:
    """Read a facts file: columns date, indicator, fact, source, separated by "|".

    Raises
    ------
    FileProblem
        where a column or a date is missing: it names the line.
    """
    facts = []
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream, delimiter="|"), 2):
            if missing := [name for name in COLUMNS if not row.get(name)]:
                raise FileProblem(
                    f'{path}:{number}: no {missing[0]}. Columns, separated by "|": {", ".join(COLUMNS)}.'
                )
            try:
                at = datetime.combine(date.fromisoformat(row["date"]), time(), UTC).timestamp()
            except ValueError:
                raise FileProblem(f"{path}:{number}: {row['date']!r} is no date; write 2022-02-24.") from None
            mark = re.search(r"\b([TF]\d):", row["fact"])
            facts.append(Fact(at, row["indicator"], mark[1] if mark else "", row["fact"], row["source"]))
    return sorted(facts)


def seen(trace: Trace, facts: Iterable[Fact]) -> list[Seen]:
    """The index around each fact that the run covers."""
    rows = []
    for fact in facts:
        before, after = trace.at(fact.at), trace.between(fact.at, fact.at + AFTER)
        if before and after:
            peak = max(after, key=lambda a: a.index)
            rows.append(Seen(fact, before.index, peak.index, max(after, key=lambda p: rank(p.level)).level))
    return rows


def lead_days(trace: Trace, at: float, level: Level = Level.WATCH) -> float | None:
    """Days by which `level` or higher had been reached, and not left again, before `at`; None where it wasn't."""
    earlier = [a for a in trace.ticks if a.at <= at]
    since = None
    for a in reversed(earlier):
        if rank(a.level) < rank(level):
            break
        since = a.at
    return None if since is None else (at - since) / DAY


def failed_claims(trace: Trace, facts: Iterable[Fact], catalogue: Catalogue) -> list[Failed]:
    """Who made each failed claim of entry (marked F), what it weighed, and what it cost them."""
    trust = catalogue.problem.reliability
    rows = []
    for fact in (f for f in facts if f.mark.startswith("F")):
        until = fact.at + DAY
        made = [
            i
            for i in trace.indications()
            if fact.at <= i.at.timestamp() < until and i.act in {Act.CLAIMED, Act.PREDICTED, Act.OFFICIAL}
        ]
        for (claimant, indicator), expiries in sorted(trace.expiries(catalogue).items()):
            mine = [i for i in made if (i.claimant, i.indicator) == (claimant, indicator)]
            times = [t for t in expiries if fact.at <= t < fact.at + EXPIRES]
            if mine and times:
                before = max(trust[i.reliability] for i in mine) * 0.5 ** sum(t < times[0] for t in expiries)
                mass = _mass(trace, mine)
                rows.append(Failed(fact, claimant, indicator, times[0], mass, before, before / 2))
    return rows


def _mass(trace: Trace, made: Sequence[Indication]) -> float:
    """Heaviest mass of a claim that rests on one of these indications."""
    ids = {(i.message_id, i.indicator) for i in made}
    return max((c.mass for c in trace.claims.values() if (c.message_id, c.indicator) in ids), default=0.0)


def alone(catalogue: Catalogue, heard: Sequence[Heard], names: Iterable[str]) -> dict[str, float]:
    """The highest index of each publisher family when it alone is heard."""
    peaks = {}
    for family in names:
        only = (
            one
            for one in heard
            if one.report is None or any(i.family == family for i in one.report.indications)
        )
        peaks[family] = max((a.index for a in assess(catalogue, only, listed=0).ticks), default=0.0)
    return peaks


def families(heard: Iterable[Heard]) -> list[str]:
    """Publisher families by how many messages of theirs say something, most first."""
    said = Counter(
        family for one in heard if one.report for family in {i.family for i in one.report.indications}
    )
    return [family for family, _ in said.most_common()]


def unsupported_criticals(trace: Trace, catalogue: Catalogue) -> list[Point]:
    """Ticks that entered critical although one family's absence would have kept it away."""
    enter = catalogue.problem.levels[Level.CRITICAL].enter
    return [a for level, a in trace.spells() if level is Level.CRITICAL and a.robust < enter]


def drift(trace: Trace, other: Trace) -> tuple[float, float]:
    """Largest and mean absolute difference of the index, over the ticks that both have, in index points."""
    theirs = {a.at: a.index for a in other.ticks}
    apart = [abs(a.index - theirs[a.at]) for a in trace.ticks if a.at in theirs]
    return (max(apart), sum(apart) / len(apart)) if apart else (0.0, 0.0)
