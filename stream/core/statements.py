"""Statements: indications prepared for scoring, with what the record so far says about each.

Everything here is a function of a set of indications, whatever the order they came in. A judgement on a
statement made at τ looks only at statements made up to τ.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from schemas.catalogue import Catalogue, Indicator, Problem, Register
from schemas.indication import Act, Indication
from stream.core.reviews import Reviewed

HOUR = 3_600.0
DAY = 24 * HOUR
PEAK_DAYS = 365  # a head-count is news when it tops a year's
NEWS_DAYS = 3  # one arrival is reported for this long
SAME_EXERCISE_DAYS = 14  # an end date says nothing about drills that begin weeks after it

Penalties = Mapping[tuple[str, str], Sequence[float]]  # (claimant, indicator) -> when its claims expired
Expired = Mapping[str, Sequence[float]]  # the same of one indicator, by claimant


class Statement(NamedTuple):
    """One indication at τ (epoch seconds): its grade R·C (0..1), and whether a routine trigger holds at τ."""

    at: float
    id: str
    indication: Indication
    grade: float
    triggered: bool


def prepare(
    indicator: Indicator,
    indications: Iterable[Indication],
    catalogue: Catalogue,
    penalties: Expired,
) -> list[Statement]:
    """Grade one indicator's indications and judge its routine triggers; sorted by (τ, id)."""
    ordered = sorted(indications, key=lambda i: (i.at, i.id))
    triggers = _Triggers(indicator, ordered, [r for r in catalogue.registers if r.indicator == indicator.id])
    statements = []
    for i in ordered:
        at = i.at.timestamp()
        held = isinstance(i, Reviewed) and i.held
        triggered = not held and (not indicator.routine or triggers.hold(i, at))
        statements.append(Statement(at, i.id, i, _grade(i, at, catalogue, penalties), triggered))
    return statements


def expired_claims(indications: Mapping[str, Sequence[Indication]], catalogue: Catalogue) -> Penalties:
    """When each claimant's timed claims expired unfulfilled, by (claimant, indicator)."""
    entry = entries(indications.get(catalogue.problem.entry_indicator, ()))
    return {
        (claimant, name): times
        for name, found in indications.items()
        for claimant, times in expired(catalogue.indicators[name], found, entry, catalogue.problem).items()
    }


def entries(indications: Iterable[Indication]) -> list[tuple[float, str]]:
    """Who observed the entry itself, and when (epoch seconds), in order."""
    return sorted((i.at.timestamp(), i.voice) for i in indications if i.act is Act.OBSERVED)


def expired(
    indicator: Indicator,
    indications: Iterable[Indication],
    entry: Sequence[tuple[float, str]],
    problem: Problem,
) -> dict[str, list[float]]:
    """When timed claims of one indicator expired unfulfilled, by claimant.

    A claim is timed when it names a deadline, or when its indicator gives open claims one. It is fulfilled
    when two voices observed the entry itself between claim and expiry. Several reports of one claim expire
    once: expiries within `link_hours` of each other are one.
    """
    if indicator.kind != "warning":
        return {}
    expiries: dict[str, list[float]] = defaultdict(list)
    for i in indications:
        expiry = _expiry(i, indicator)
        if expiry is not None and not _fulfilled(i.at.timestamp(), expiry, entry):
            expiries[i.claimant].append(expiry)
    return {claimant: _once(sorted(found), problem.link_hours * HOUR) for claimant, found in expiries.items()}


def _fulfilled(since: float, expiry: float, entry: Sequence[tuple[float, str]]) -> bool:
    """Whether two voices observed the entry in [since, expiry]."""
    first = None
    for at, voice in entry[bisect_left(entry, (since, "")) :]:
        if at > expiry:
            break
        if first not in {None, voice}:
            return True
        first = voice
    return False


def _once(times: Sequence[float], gap: float) -> list[float]:
    """Drop what follows its predecessor within `gap`."""
    return [at for n, at in enumerate(times) if n == 0 or at - times[n - 1] > gap]


def timed(indication: Indication) -> bool:
    """Whether it is a claim that time can refute: alleged or foretold.

    What was seen, judged or denied is none, nor is what an official announces of their own side: drills that are to
    last three days are no forecast of entry.
    """
    return indication.act in {Act.CLAIMED, Act.PREDICTED}


def _expiry(indication: Indication, indicator: Indicator) -> float | None:
    if not timed(indication):
        return None
    if indication.deadline is not None:
        return indication.deadline.timestamp()
    if indicator.deadline_hours is not None:
        return indication.at.timestamp() + indicator.deadline_hours * HOUR
    return None


def _grade(indication: Indication, at: float, catalogue: Catalogue, penalties: Expired) -> float:
    """R · C; R is halved for each of the claimant's claims that had expired by τ, state media are capped.

    Halved down to the code's own "unreliable", E: who cried wolf all year may still be the first to see one.
    """
    problem = catalogue.problem
    reliability = problem.reliability[indication.reliability]
    expired = penalties.get(indication.claimant, ())
    halved = reliability * 0.5 ** bisect_right(expired, at)
    reliability = min(reliability, max(halved, problem.reliability["E"]))
    grade = reliability * problem.credibility[indication.credibility]
    return min(grade, problem.own_side_cap) if indication.own_side else grade


class _Triggers:
    """The routine rule: what makes a drill, an arrival, a call-up more than routine at its own τ."""

    def __init__(
        self, indicator: Indicator, ordered: Sequence[Indication], seeds: Iterable[Register]
    ) -> None:
        self._wanted = set(indicator.routine)
        self._peaks = [(_midnight(s.at), s.headcount) for s in seeds if s.headcount]
        self._peaks += [(i.at.timestamp(), i.facts.headcount) for i in ordered if i.facts.headcount]
        self._ends = [(_midnight(s.at), date.fromisoformat(s.ends_on), s.name) for s in seeds if s.ends_on]
        self._ends += [(i.at.timestamp(), i.facts.ends_on, i.facts.name) for i in ordered if i.facts.ends_on]

    def hold(self, indication: Indication, at: float) -> bool:
        facts = indication.facts
        found = {
            "extended": facts.extended,
            "new_organisation": facts.standing,
            "inbound": facts.direction == "in",
            "toward_border": facts.direction == "border",
            "above_peak": "above_peak" in self._wanted and self._above_peak(facts.headcount, at),
            "past_announced_end": "past_announced_end" in self._wanted and self._past_end(facts.name, at),
        }
        return any(found[name] for name in self._wanted)

    def _above_peak(self, headcount: int | None, at: float) -> bool:
        """Above the year's peak before the news broke: reports of one arrival don't outbid each other."""
        if headcount is None:
            return False
        before = [n for t, n in self._peaks if at - PEAK_DAYS * DAY <= t < at - NEWS_DAYS * DAY]
        return headcount > max(before, default=0)

    def _past_end(self, name: str | None, at: float) -> bool:
        """Past the end date announced last; of the same exercise where both name one."""
        known = [
            (t, end)
            for t, end, other in self._ends
            if t <= at and (name is None or other is None or name == other)
        ]
        if not known:
            return False
        end = _midnight(max(known)[1].isoformat()) + DAY
        return end <= at <= end + SAME_EXERCISE_DAYS * DAY


def _midnight(day: str) -> float:
    return datetime.combine(date.fromisoformat(day), time(), UTC).timestamp()
