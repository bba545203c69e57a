"""Statements: indications prepared for scoring, with what the record so far says about each.

Everything here is a function of a set of indications, whatever the order they came in. A judgement on a
statement made at τ looks only at statements made up to τ.
"""

import math
from bisect import bisect_left, bisect_right, insort
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

Entry = Sequence[tuple[float, str]]  # when the entry itself was observed (epoch seconds), and by which voice
Penalties = Mapping[tuple[str, str], Sequence[float]]  # (claimant, indicator) -> when its claims expired
Expired = Mapping[str, Sequence[float]]  # the same of one indicator, by claimant


class Statement(NamedTuple):
    """One indication at τ (epoch seconds): its grade R·C (0..1), and whether a routine trigger holds at τ."""

    at: float
    id: str
    indication: Indication
    grade: float
    triggered: bool


def order(s: Statement) -> tuple[float, str]:
    """By time, then by id."""
    return s.at, s.id


class Statements:
    """One indicator's indications as they come and go, graded, judged for routine, and kept in order of (τ, id).

    A judgement at τ rests on what the registers hold up to τ, so a change in them is judged anew from there on.
    """

    def __init__(self, indicator: Indicator, catalogue: Catalogue) -> None:
        self._indicator = indicator
        self._problem = catalogue.problem
        self._all: list[Statement] = []
        self._triggers = _Triggers(indicator, [r for r in catalogue.registers if r.indicator == indicator.id])
        self._timed: dict[int, Indication] = {}  # by identity: what a time can refute
        self._entry: Entry = ()
        self._penalties: Expired = {}

    def change(
        self, gone: Sequence[Indication], come: Sequence[Indication], entry: Entry
    ) -> tuple[list[Statement], list[Statement]]:
        """Take indications out, then in: the statements that went and came, those judged anew among both."""
        went = [self._pop(i) for i in gone]
        since = min(self._triggers.change(gone, come), self._expire(gone, come, entry))
        came = []
        for n in range(bisect_left(self._all, (since,)), len(self._all)):
            before = self._all[n]
            judged = self._judged(before.indication)
            if judged != before:
                self._all[n] = judged
                went.append(before)
                came.append(judged)
        for i in come:
            came.append(self._judged(i))
            insort(self._all, came[-1], key=order)
        return went, came

    def _pop(self, indication: Indication) -> Statement:
        place = bisect_left(self._all, (indication.at.timestamp(), indication.id))
        while self._all[place].indication is not indication:
            place += 1
        return self._all.pop(place)

    def _expire(self, gone: Iterable[Indication], come: Iterable[Indication], entry: Entry) -> float:
        """Keep when claims expired; the earliest expiry (epoch seconds) that is new or is none any more."""
        timed = [i for i in come if _expiry(i, self._indicator) is not None]
        dropped = [i for i in gone if self._timed.pop(id(i), None)]
        self._timed |= {id(i): i for i in timed}
        if not timed and not dropped and entry == self._entry:
            return math.inf
        before, self._entry = self._penalties, entry
        self._penalties = expired(self._indicator, self._timed.values(), entry, self._problem)
        either = before.keys() | self._penalties.keys()
        differing = (set(before.get(c, ())) ^ set(self._penalties.get(c, ())) for c in either)
        return min((at for times in differing for at in times), default=math.inf)

    def _judged(self, i: Indication) -> Statement:
        at = i.at.timestamp()
        held = isinstance(i, Reviewed) and i.held
        triggered = not held and (not self._indicator.routine or self._triggers.hold(i, at))
        return Statement(at, i.id, i, _grade(i, at, self._problem, self._penalties), triggered)


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
    entry: Entry,
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


def _fulfilled(since: float, expiry: float, entry: Entry) -> bool:
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


def _grade(indication: Indication, at: float, problem: Problem, penalties: Expired) -> float:
    """R · C; R is halved for each of the claimant's claims that had expired by τ, state media are capped.

    Halved down to the code's own "unreliable", E: who cried wolf all year may still be the first to see one.
    """
    reliability = problem.reliability[indication.reliability]
    expired = penalties.get(indication.claimant, ())
    halved = reliability * 0.5 ** bisect_right(expired, at)
    reliability = min(reliability, max(halved, problem.reliability["E"]))
    grade = reliability * problem.credibility[indication.credibility]
    return min(grade, problem.own_side_cap) if indication.own_side else grade


class _Triggers:
    """The routine rule: what makes a drill, an arrival, a call-up more than routine at its own τ."""

    def __init__(self, indicator: Indicator, seeds: Iterable[Register]) -> None:
        self._wanted = set(indicator.routine)
        self._peaks = sorted((_midnight(s.at), s.headcount) for s in seeds if s.headcount)
        ends = ((_midnight(s.at), date.fromisoformat(s.ends_on), s.name) for s in seeds if s.ends_on)
        self._ends: list[tuple[float, date, str | None]] = sorted(ends, key=_dated)

    def change(self, gone: Iterable[Indication], come: Iterable[Indication]) -> float:
        """Take head-counts and end dates out and in; the earliest time (epoch seconds) of any of them."""
        since = math.inf
        for found, is_gone in ((gone, True), (come, False)):
            for i in found:
                at, facts = i.at.timestamp(), i.facts
                if facts.headcount and "above_peak" in self._wanted:
                    peak = at, facts.headcount
                    self._peaks.remove(peak) if is_gone else insort(self._peaks, peak)
                    since = min(since, at)
                if facts.ends_on and "past_announced_end" in self._wanted:
                    end = at, facts.ends_on, facts.name
                    self._ends.remove(end) if is_gone else insort(self._ends, end, key=_dated)
                    since = min(since, at)
        return since

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
        begin = bisect_left(self._peaks, (at - PEAK_DAYS * DAY,))
        end = bisect_left(self._peaks, (at - NEWS_DAYS * DAY,), begin)
        return headcount > max((n for _, n in self._peaks[begin:end]), default=0)

    def _past_end(self, name: str | None, at: float) -> bool:
        """Past the end date announced last; of the same exercise where both name one."""
        known = self._ends[: bisect_right(self._ends, at, key=lambda end: end[0])]
        either = (end for _, end, other in reversed(known) if name is None or other is None or name == other)
        last = next(either, None)
        if last is None:
            return False
        end = _midnight(last.isoformat()) + DAY
        return end <= at <= end + SAME_EXERCISE_DAYS * DAY


def _dated(end: tuple[float, date, str | None]) -> tuple[float, date]:
    return end[:2]


def _midnight(day: str) -> float:
    return datetime.combine(date.fromisoformat(day), time(), UTC).timestamp()
