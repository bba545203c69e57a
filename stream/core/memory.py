"""Memory: the messages in play, as a set.

Adding is idempotent and order-free (a join-semilattice: Shapiro et al. 2011, Conflict-free Replicated Data
Types), so redelivery can't double anything. What a moment t could know is a view of the set: event time and
receipt both up to t. Old messages are forgotten once nothing they say can still weigh anything.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from pydantic import TypeAdapter

from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from schemas.report import Report
from schemas.review import Review
from stream.core.heartbeat import Beat
from stream.core.held import Ranks, Settled
from stream.core.reviews import Reviews, message_of, row_key
from stream.core.statements import DAY, HOUR

Row = tuple[str, bytes | None]  # table key and value; None deletes
_VERSIONS = TypeAdapter(tuple[Report, ...])
# Versions of a message held at a time, between two ticks. A row holds them all, and a record holds 1 MiB.
VERSIONS = 4
# Messages held that say nothing (any more): corrections, kept reassurances, what a cap has emptied. The latest stay.
SILENT = 5_000


class Memory:
    """Messages of one problem by id, each with the versions that may still count, and analysts' reviews."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._versions: dict[str, tuple[Report, ...]] = {}
        self._reviews = Reviews()
        self._ranks = {name: Ranks() for name in catalogue.indicators}  # what the lightest of each is
        self._settled = {name: Settled() for name in catalogue.indicators}
        self._beating: set[str] = set()
        self._due: list[tuple[float, str]] = []  # heap: when something of which message may be forgotten
        self._silent = Ranks()  # receipt by message, of those without an indication
        self.bounded = Counter({"versions": 0, "silent": 0})  # what went because of these bounds
        self.evicted = 0  # indications dropped because of `reports_cap`

    def __len__(self) -> int:
        return len(self._versions)

    def add(self, report: Report) -> list[Row]:
        """Take in one version of a message; the rows to keep."""
        report = self._understood(report)
        known = self._versions.get(report.message_id, ())
        if any(_version(v) == _version(report) for v in known):
            return []
        versions = tuple(sorted((*known, report), key=_version))
        if len(versions) > VERSIONS:
            versions = versions[-VERSIONS:]
            self.bounded["versions"] += 1
        self._put(report.message_id, versions)
        changed = {report.message_id}
        for indication in report.indications:
            changed |= self._bounded(self._catalogue.indicators[indication.indicator])
        changed |= self._hushed()
        return [self._row(message_id) for message_id in sorted(changed)]

    def review(self, review: Review) -> list[Row]:
        """Take in an analyst's word."""
        if not self._reviews.add(review):
            return []
        for message_id in {review.target, message_of(review.target)}:
            self._settle(message_id)
        return [(row_key(review), review.model_dump_json().encode())]

    def restore(self, key: str, value: bytes) -> None:
        """Take back one row, as `add` or `review` gave it."""
        if key.startswith("r/"):
            self.review(Review.model_validate_json(value))
        else:
            versions = _VERSIONS.validate_json(value)
            self._put(key.removeprefix("m/"), tuple(self._understood(v) for v in versions))

    def indications(self, indicator: str, t: float, known_at: float) -> list[Indication]:
        """What had happened by t, as known at `known_at` (epoch seconds), of one indicator; not to be changed."""
        settled, open_ = self._settled[indicator].by(min(t, known_at))
        found = [i for message_id in open_ for i in self._said(message_id, indicator, t, known_at)]
        return settled + found if found else settled

    def _said(self, message_id: str, indicator: str, t: float, known_at: float) -> list[Indication]:
        """What one message said of an indicator by t, as known at `known_at`."""
        report = self._counting(message_id, known_at)
        said = (i for i in (report.indications if report else ()) if i.indicator == indicator)
        answered = (self._reviews.apply(i, t, known_at) for i in said if i.at.timestamp() <= t)
        return [i for i in answered if i is not None]

    def reviews(self, t: float, known_at: float) -> list[Review]:
        """Reviews in force at t, as known at `known_at`, of messages in play then; newest first."""

        def held(message_id: str) -> bool:
            report = self._counting(message_id, known_at) if message_id in self._versions else None
            return report is not None and report.at.timestamp() <= t

        found = self._reviews.in_force(t, known_at)
        return [r for r in found if any(map(held, {r.target, message_of(r.target)}))]

    def beats(self, t: float, known_at: float) -> Mapping[str, list[Beat]]:
        """Periodic reports by source, with or without the line that is expected of them."""
        found: dict[str, list[Beat]] = defaultdict(list)
        for message_id in self._beating:
            report = self._counting(message_id, known_at)
            if report and report.heartbeat and report.at.timestamp() <= t:
                found[report.heartbeat.source].append(Beat(report.at.timestamp(), report.heartbeat.kept))
        return found

    def forget(self, t: float) -> list[Row]:
        """Drop what can't weigh anything from t on: superseded versions, and messages beyond their horizon."""
        due = set()
        while self._due and self._due[0][0] <= t:
            due.add(heappop(self._due)[1])
        rows = []
        for message_id in sorted(due & self._versions.keys()):
            before = self._versions[message_id]
            known = [n for n, v in enumerate(before) if v.received_at.timestamp() <= t]
            kept = tuple(v for v in before[known[-1] if known else 0 :] if t <= self._forgotten_at(v))
            if kept != before:
                self._put(message_id, kept)
                rows.append(self._row(message_id))
            else:
                self._watch(message_id)
        return rows

    def _watch(self, message_id: str) -> None:
        """Note when a version is next superseded or forgotten."""
        versions = self._versions[message_id]
        moments = [self._forgotten_at(v) for v in versions]
        moments += [v.received_at.timestamp() for v in versions[1:]]
        heappush(self._due, (min(moments), message_id))
        if len(self._due) > 4 * len(self._versions) + SILENT:  # most speak of what has gone since
            held, self._due = self._versions.keys(), []
            for known in held:
                self._watch(known)

    def _forgotten_at(self, report: Report) -> float:
        register = self._catalogue.problem.register_days * DAY
        horizons = [
            horizon(self._catalogue, self._catalogue.indicators[i.indicator]) for i in report.indications
        ]
        if not horizons or any(i.deadline for i in report.indications):
            horizons.append(register)
        return report.at.timestamp() + max(horizons)

    def _put(self, message_id: str, versions: tuple[Report, ...]) -> None:
        for name in _named(self._versions.get(message_id, ())):
            self._ranks[name].discard(message_id)
            self._settled[name].discard(message_id)
        self._beating.discard(message_id)
        self._silent.discard(message_id)
        if not versions:
            self._versions.pop(message_id, None)
            return
        if any(v.heartbeat for v in versions):
            self._beating.add(message_id)
        self._versions[message_id] = versions
        if not any(v.indications for v in versions):
            self._silent[message_id] = versions[-1].received_at.timestamp()
        for name in _named(versions):
            self._ranks[name][message_id] = self._rank(message_id, self._catalogue.indicators[name])
        self._settle(message_id)
        self._watch(message_id)

    def _settle(self, message_id: str) -> None:
        """Note what a message says in the end, and from when on: all of it happened, received, answered or expired."""
        if not (versions := self._versions.get(message_id, ())):
            return
        moments = [i.at.timestamp() for i in versions[-1].indications]
        at = max(versions[-1].received_at.timestamp(), self._reviews.settled_at(message_id), *moments)
        for name in _named(versions):
            self._settled[name].put(message_id, at, self._said(message_id, name, at, at))

    def _counting(self, message_id: str, known_at: float) -> Report | None:
        known = (v for v in reversed(self._versions[message_id]) if v.received_at.timestamp() <= known_at)
        return next(known, None)

    def _understood(self, report: Report) -> Report:
        """Without indicators that the catalogue no longer has."""
        if all(i.indicator in self._catalogue.indicators for i in report.indications):
            return report
        kept = tuple(i for i in report.indications if i.indicator in self._catalogue.indicators)
        return report.model_copy(update={"indications": kept})

    def _bounded(self, indicator: Indicator) -> set[str]:
        """Hold an indicator to its cap: the lightest go. The rank is of the message alone, so order can't matter."""
        changed = set()
        while len(self._ranks[indicator.id]) > self._catalogue.problem.reports_cap:
            lightest = self._ranks[indicator.id].lowest()
            kept = tuple(_without(v, indicator.id) for v in self._versions[lightest])
            self._put(lightest, kept)
            self.evicted += 1
            changed.add(lightest)
        return changed

    def _rank(self, message_id: str, indicator: Indicator) -> float:
        problem = self._catalogue.problem
        return max(
            math.log2(i.severity * problem.reliability[i.reliability] * problem.credibility[i.credibility])
            + i.at.timestamp() / (indicator.half_life_days * DAY)
            for v in self._versions[message_id]
            for i in v.indications
            if i.indicator == indicator.id
        )

    def _hushed(self) -> set[str]:
        """Hold what says nothing to its cap: the earliest received go."""
        changed = set()
        while len(self._silent) > SILENT:
            earliest = self._silent.lowest()
            self._put(earliest, ())
            self.bounded["silent"] += 1
            changed.add(earliest)
        return changed

    def _row(self, message_id: str) -> Row:
        versions = self._versions.get(message_id)
        return f"m/{message_id}", _VERSIONS.dump_json(versions) if versions else None


def horizon(catalogue: Catalogue, indicator: Indicator) -> float:
    """Seconds after which a report can't weigh anything: mass below ε, and out of reach of every register.

    The heaviest claim weighs κ; κ · 2^(-age/h) < ε after h · log2(κ/ε). Statements within `link_hours` still speak
    for or against it, hence the margin.
    """
    problem = catalogue.problem
    fading = indicator.half_life_days * DAY * math.log2(problem.kappa / problem.epsilon)
    reads_register = indicator.routine or indicator.heartbeat or indicator.deadline_hours or indicator.gate
    return max(fading, problem.register_days * DAY if reads_register else 0.0) + problem.link_hours * HOUR


def _version(report: Report) -> tuple[float, str]:
    return report.received_at.timestamp(), report.content_hash


def _named(versions: Iterable[Report]) -> set[str]:
    """Indicators that any version speaks of."""
    return {i.indicator for report in versions for i in report.indications}


def _without(report: Report, indicator: str) -> Report:
    return report.model_copy(
        update={"indications": tuple(i for i in report.indications if i.indicator != indicator)}
    )
