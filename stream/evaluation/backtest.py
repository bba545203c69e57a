"""Back-test: the live code over records of the past, whole or with one of its rules taken away."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import jiter

from schemas.assessment import LEVELS, Level
from schemas.catalogue import Catalogue
from schemas.indication import Indication
from schemas.report import OBSERVATION, Report, SourceSeen
from schemas.tick import Tick
from stream.core.ledger import LISTED
from stream.core.pipeline import Assessor, Inbound, Observer, in_one_partition, with_ticks
from stream.core.statements import DAY, Penalties, expired_claims

ORIGIN = "records-0"
LOG = "indications-0"
PACK = 500


class Ablation(NamedTuple):
    """One change to what the score is made from: to the catalogue, to the records, or to each indication.

    The code under test stays as it is; None leaves that part alone.
    """

    name: str
    why: str
    catalogue: Callable[[Catalogue], Catalogue] | None = None
    records: Callable[[Sequence[Inbound]], list[Inbound]] | None = None
    indication: Callable[[Indication], Indication] | None = None


class Heard(NamedTuple):
    """One observation as it travels, and the report it is (None for the rest); `tick`: epoch seconds of a tick."""

    value: bytes
    report: Report | None
    tick: float | None = None


WHOLE = Ablation("as it is", "every rule in force")


class Cited(NamedTuple):
    """One claim as the ledger named it: `at` its event time, `mass` and `points` (signed) the most it ever had."""

    indicator: str
    message_id: str
    at: float
    act: str
    grade: str
    publisher: str
    title: str
    url: str
    mass: float
    points: float


@dataclass(frozen=True, slots=True)
class Point:
    """What one tick said: no more than a back-test asks for, so that a year of them is small.

    `points` and `activations` by indicator (index points, signed; 0 to 1); `leads`: its heaviest claim's id.
    """

    at: float
    index: float
    low: float
    high: float
    level: Level
    robust: float
    points: Mapping[str, float]
    activations: Mapping[str, float]
    leads: Mapping[str, str]


class Trace(NamedTuple):
    """What a run said at each tick, the messages that spoke (last version of each), and the claims by id."""

    ticks: tuple[Point, ...]
    reports: Mapping[str, Report]
    claims: Mapping[str, Cited]

    def at(self, moment: float) -> Point | None:
        """The last tick up to `moment` (epoch seconds)."""
        n = bisect_right(self.ticks, moment, key=lambda p: p.at)
        return self.ticks[n - 1] if n else None

    def between(self, begin: float, end: float) -> list[Point]:
        """Ticks in [begin, end), epoch seconds."""
        return [p for p in self.ticks if begin <= p.at < end]

    def days(self) -> dict[Level, float]:
        """Days spent at each level."""
        spent = dict.fromkeys(LEVELS, 0.0)
        for one, following in pairwise(self.ticks):
            spent[one.level] += (following.at - one.at) / DAY
        return spent

    def spells(self) -> list[tuple[Level, Point]]:
        """Each level entered, with the tick that entered it."""
        changes = [(p.level, p) for p in self.ticks[:1]]
        changes += [(b.level, b) for a, b in pairwise(self.ticks) if a.level != b.level]
        return changes

    def indications(self) -> Iterator[Indication]:
        """All that the messages said."""
        for report in self.reports.values():
            yield from report.indications

    def expiries(self, catalogue: Catalogue) -> Penalties:
        """When whose timed claims expired unfulfilled, by (claimant, indicator)."""
        found: dict[str, list[Indication]] = defaultdict(list)
        for i in self.indications():
            if i.indicator in catalogue.indicators:
                found[i.indicator].append(i)
        return expired_claims(found, catalogue)


def backtest(
    catalogue: Catalogue, records: Sequence[Inbound], every: float, ablation: Ablation = WHOLE
) -> Trace:
    """Score records (ordered by receipt) on a grid of `every` seconds."""
    catalogue = ablation.catalogue(catalogue) if ablation.catalogue else catalogue
    records = ablation.records(records) if ablation.records else records
    heard = observe(Observer(catalogue), records, every)
    return assess(catalogue, (changed(one, ablation) for one in heard))


def observe(
    observer: Observer, records: Iterable[Inbound], every: float, outcomes: Counter[str] | None = None
) -> Iterator[Heard]:
    """What `observe` makes of records and ticks; `outcomes` counts the messages as `Observed` does."""
    pack: list[Inbound] = []
    for item in in_one_partition(with_ticks(records, every)):
        pack.append(item)
        if item.kind == "tick" or len(pack) == PACK:
            yield from _heard(observer, pack, outcomes)
            pack = []
    yield from _heard(observer, pack, outcomes)


def assess(catalogue: Catalogue, heard: Iterable[Heard], *, listed: int = LISTED) -> Trace:
    """Fold observations into what their ticks say; `listed`: claims noted of an indicator, a tick."""
    assessor = Assessor(catalogue, origins=[ORIGIN], listed=listed)
    ticks: list[Point] = []
    reports: dict[str, Report] = {}
    claims: dict[str, Cited] = {}
    for offset, one in enumerate(heard):
        if one.report is not None:
            reports[one.report.message_id] = one.report
        if assessor.apply(LOG, offset, one.value).ends_batch:
            rows = (jiter.from_json(row) for _, row in assessor.flush().assessments)
            ticks += [_point(row, claims) for row in rows if row["cause"] == "tick"]
    return Trace(tuple(ticks), reports, claims)


def changed(one: Heard, ablation: Ablation) -> Heard:
    """The observation with the ablation's change to its indications."""
    if one.report is None or ablation.indication is None:
        return one
    kept = tuple(ablation.indication(i) for i in one.report.indications)
    return told(one.report.model_copy(update={"indications": kept}))


def told(report: Report) -> Heard:
    """A report as it travels."""
    return Heard(report.model_dump_json().encode(), report)


def rearranged(
    heard: Iterable[Heard], change: Callable[[Sequence[Report]], Sequence[Report]]
) -> Iterator[Heard]:
    """The same ticks over other reports, each before the first tick by which it was received.

    What only says which sources live is left out: it moves the band, and neither index nor level.
    """
    frame = [one for one in heard if one.report is None]
    reports = iter(sorted(change([h.report for h in heard if h.report]), key=lambda r: r.received_at))
    held = next(reports, None)
    for one in frame:
        while one.tick is not None and held is not None and held.received_at.timestamp() <= one.tick:
            yield told(held)
            held = next(reports, None)
        if one.tick is not None or not _lives(one):
            yield one


def _lives(one: Heard) -> bool:
    return isinstance(OBSERVATION.validate_json(one.value), SourceSeen)


def _heard(observer: Observer, pack: Sequence[Inbound], outcomes: Counter[str] | None) -> Iterator[Heard]:
    observed = observer.observe(pack)
    if outcomes is not None:
        outcomes += observed.outcomes
    for value in observed.observations:
        observation = OBSERVATION.validate_json(value)
        yield Heard(
            value,
            observation if isinstance(observation, Report) else None,
            observation.at.timestamp() if isinstance(observation, Tick) else None,
        )


def _point(row: dict[str, Any], claims: dict[str, Cited]) -> Point:
    """Take what is needed of an assessment's JSON, and note its claims."""
    for line in row["ledger"]:
        for e in line["claims"]:
            known = claims.get(e["claim"])
            if known is None:
                claims[e["claim"]] = Cited(
                    e["indicator"], e["message_id"], _epoch(e["at"]), e["act"], e["grade"], e["publisher"],
                    e["title"], e["url"], e["mass"], e["points"],
                )  # fmt: skip
            elif e["mass"] > known.mass or abs(e["points"]) > abs(known.points):
                most = max(known.points, e["points"], key=abs)
                claims[e["claim"]] = known._replace(mass=max(known.mass, e["mass"]), points=most)
    return Point(
        at=_epoch(row["at"]),
        index=row["index"],
        low=row["low"],
        high=row["high"],
        level=Level(row["level"]),
        robust=row["robust"],
        points={line["indicator"]: line["points"] for line in row["ledger"]},
        activations={line["indicator"]: line["activation"] for line in row["ledger"]},
        leads={line["indicator"]: line["claims"][0]["claim"] for line in row["ledger"] if line["claims"]},
    )


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
