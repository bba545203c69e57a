"""Back-test: the live code over records of the past, whole or with one of its rules taken away."""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from schemas.assessment import LEVELS, Assessment, Level
from schemas.catalogue import Catalogue
from schemas.indication import Indication
from schemas.report import OBSERVATION, Report
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
    """One observation as it travels, and the report it is; None for ticks and the rest."""

    value: bytes
    report: Report | None


WHOLE = Ablation("as it is", "every rule in force")


class Trace(NamedTuple):
    """What a run said at each tick, and the messages that spoke (last version of each)."""

    ticks: tuple[Assessment, ...]
    reports: Mapping[str, Report]

    def at(self, moment: float) -> Assessment | None:
        """The last tick up to `moment` (epoch seconds)."""
        n = bisect_right(self.ticks, moment, key=lambda a: a.at.timestamp())
        return self.ticks[n - 1] if n else None

    def between(self, begin: float, end: float) -> list[Assessment]:
        """Ticks in [begin, end), epoch seconds."""
        return [a for a in self.ticks if begin <= a.at.timestamp() < end]

    def days(self) -> dict[Level, float]:
        """Days spent at each level."""
        spent = dict.fromkeys(LEVELS, 0.0)
        for one, following in pairwise(self.ticks):
            spent[one.level] += (following.at - one.at).total_seconds() / DAY
        return spent

    def spells(self) -> list[tuple[Level, Assessment]]:
        """Each level entered, with the tick that entered it."""
        changes = [(a.level, a) for a in self.ticks[:1]]
        changes += [(b.level, b) for a, b in pairwise(self.ticks) if a.level != b.level]
        return changes

    def expiries(self, catalogue: Catalogue) -> Penalties:
        """When whose timed claims expired unfulfilled, by (claimant, indicator)."""
        found: dict[str, list[Indication]] = defaultdict(list)
        for report in self.reports.values():
            for i in report.indications:
                if i.indicator in catalogue.indicators:
                    found[i.indicator].append(i)
        return expired_claims(found, catalogue)


def relevant(catalogue: Catalogue, records: Iterable[Inbound]) -> list[Inbound]:
    """The records that say anything to this catalogue, and the first and last, which bound the time.

    `observe` keeps no state, so what it answers with nothing once it answers so always: leaving that out changes
    neither index nor level, only which sources seem silent (the band).
    """
    observer = Observer(catalogue)
    ordered = list(records)
    return [
        record
        for n, record in enumerate(ordered)
        if n in (0, len(ordered) - 1) or observer.observe([record]).outcomes["matched"]
    ]


def backtest(
    catalogue: Catalogue, records: Sequence[Inbound], every: float, ablation: Ablation = WHOLE
) -> Trace:
    """Score records (ordered by receipt) on a grid of `every` seconds."""
    catalogue = ablation.catalogue(catalogue) if ablation.catalogue else catalogue
    records = ablation.records(records) if ablation.records else records
    return assess(catalogue, observe(catalogue, records, every, ablation))


def observe(
    catalogue: Catalogue, records: Iterable[Inbound], every: float, ablation: Ablation = WHOLE
) -> Iterator[Heard]:
    """What `observe` makes of records and ticks, with the ablation's change to its indications."""
    observer = Observer(catalogue)
    pack: list[Inbound] = []
    for item in in_one_partition(with_ticks(records, every)):
        pack.append(item)
        if item.kind == "tick" or len(pack) == PACK:
            yield from (_changed(value, ablation) for value in observer.observe(pack).observations)
            pack = []
    yield from (_changed(value, ablation) for value in observer.observe(pack).observations)


def assess(catalogue: Catalogue, heard: Iterable[Heard]) -> Trace:
    """Fold observations into the assessments of their ticks."""
    assessor = Assessor(catalogue, origins=[ORIGIN])
    ticks: list[Assessment] = []
    reports: dict[str, Report] = {}
    for offset, (value, report) in enumerate(heard):
        if report is not None:
            reports[report.message_id] = report
        if assessor.apply(LOG, offset, value).ends_batch:
            found = (Assessment.model_validate_json(row) for _, row in assessor.flush().assessments)
            ticks += [a for a in found if a.cause == "tick"]
    return Trace(tuple(ticks), reports)


def _changed(value: bytes, ablation: Ablation) -> Heard:
    observation = OBSERVATION.validate_json(value)
    if not isinstance(observation, Report):
        return Heard(value, None)
    if ablation.indication is None:
        return Heard(value, observation)
    kept = tuple(ablation.indication(i) for i in observation.indications)
    report = observation.model_copy(update={"indications": kept})
    return Heard(report.model_dump_json().encode(), report)


def identity(record: Inbound) -> str | None:
    """The id a record gives itself; None where it can't be read."""
    try:
        return str(json.loads(record.value)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
