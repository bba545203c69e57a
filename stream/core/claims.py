"""Claims: what several statements say together, and what they weigh.

Statements of one indicator that agree in the facts its file names (`claim_facts`) and follow each other
within 72 h are one claim: a refrain is repeated, not added up. Within a claim each independent statement is
weighed with the voices heard within 72 h of it, and the claim weighs as much as its heaviest statement does
now; since all decay alike, which one that is never changes. Copies and derived reports don't refresh or add.
All of it is a function of the set of statements, and depends on nothing further than 72 h from a statement, so
that old ones can be forgotten exactly.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas.catalogue import Indicator, Problem
from schemas.indication import Act, Indication
from stream.core.score import mass, support
from stream.core.statements import DAY, HOUR, Statement
from stream.core.voices import Voices

NAMED = 10  # statements of a claim that are named, not only counted


class Claim(NamedTuple):
    """One claim: `mass` undecayed at τ = `at` (epoch seconds), `lead` the statement it rests on most.

    `voices` support and `denied_by` deny it within 72 h of the lead; `names` are these supporters' voices and
    families; `reports` counts all statements, and `messages` names the newest of them, copies among them.
    `triggered` False: routine, so it only widens the band.
    """

    id: str
    at: float
    mass: float
    triggered: bool
    lead: Indication
    voices: tuple[str, ...]
    denied_by: tuple[str, ...]
    severity: int
    reports: int
    gated: bool
    names: frozenset[str]
    messages: tuple[str, ...]


class Chain(NamedTuple):
    """The statements of one claim, in order of time: independent ones for and against, and how many there are."""

    triggered: bool
    supporting: Sequence[Statement]
    denying: Sequence[Statement]
    reports: int
    messages: tuple[str, ...]


def ranked(indicator: Indicator, found: Iterable[Claim]) -> list[Claim]:
    """Heaviest first, by an order that time doesn't change."""
    return sorted(found, key=lambda c: (-_rank(c.mass, c.at, indicator), c.id))


def chains(indicator: Indicator, statements: Sequence[Statement], problem: Problem) -> list[Chain]:
    """Link statements, sorted by time, into chains; what only repeats another is counted, and neither adds nor links.

    Were copies links, a story that is copied more often would reach further: the index would follow volume.
    """
    link = problem.link_hours * HOUR
    found = []
    for (triggered, *_), group in _groups(indicator, statements).items():
        runs = _runs(_independent(group, link), link)
        begins = [bisect_left(group, (run[0].at, "")) for run in runs] + [len(group)]
        for n, run in enumerate(runs):
            supporting = [s for s in run if s.indication.act is not Act.DENIED]
            denying = [s for s in run if s.indication.act is Act.DENIED]
            said = group[begins[n] : begins[n + 1]]
            newest = dict.fromkeys(s.indication.message_id for s in reversed(said[-NAMED:]))
            found.append(Chain(bool(triggered), supporting, denying, len(said), tuple(newest)))
    return found


def _rank(mass: float, at: float, indicator: Indicator) -> float:
    """log2 m + τ/h: an order that time doesn't change, since all of an indicator's masses decay alike."""
    return math.log2(mass) + at / (indicator.half_life_days * DAY)


def _groups(
    indicator: Indicator, statements: Iterable[Statement]
) -> dict[tuple[object, ...], list[Statement]]:
    """By what tells claims apart. A denial speaks to triggered and routine statements of its claim alike."""
    groups: dict[tuple[object, ...], list[Statement]] = defaultdict(list)
    for s in statements:
        key = tuple(_fact(s.indication, name) for name in indicator.claim_facts)
        for triggered in (True, False) if s.indication.act is Act.DENIED else (s.triggered,):
            groups[triggered, *key].append(s)
    return groups


def _fact(indication: Indication, name: str) -> object:
    if name == "deadline":
        return indication.deadline and indication.deadline.date()
    return getattr(indication.facts, name)


def _runs(group: Sequence[Statement], link: float) -> list[list[Statement]]:
    """Single linkage in time: a gap longer than `link` seconds begins a new claim."""
    runs: list[list[Statement]] = []
    for s in group:
        if runs and s.at - runs[-1][-1].at <= link:
            runs[-1].append(s)
        else:
            runs.append([s])
    return runs


def weigh(
    indicator: Indicator, chain: Chain, problem: Problem, *, without: str | None = None
) -> Claim | None:
    """Weigh each supporting statement with the voices near it; the claim is the heaviest now.

    None where nothing weighs anything. `without` leaves out a family's or voice's support. The voices near a
    statement slide along the chain with it, so the cost is that of sorting them, not of their pairs.
    """
    link = problem.link_hours * HOUR
    supporting = chain.supporting
    if without is not None:
        supporting = [s for s in supporting if without not in {s.indication.voice, s.indication.family}]
    near, against = Voices(supporting, link), Voices(chain.denying, link)
    mark = "" if chain.triggered else "~"
    heaviest: tuple[float, str] | None = None
    found: tuple[Statement, float, int, bool] | None = None
    for s in supporting:
        near.around(s.at)
        against.around(s.at)
        severity = min(near.severity, indicator.max_severity)
        weight = mass(
            severity,
            support(near.best(problem.families_counted), best=problem.families_counted),
            support(against.best(problem.families_counted), best=problem.families_counted),
            kappa=problem.kappa,
        )
        gated = indicator.gate is not None and indicator.gate.families > near.observing
        if gated and indicator.gate is not None:
            weight *= indicator.gate.factor
        if weight > 0:
            rank = (_rank(weight, s.at, indicator), s.id + mark)
            if heaviest is None or rank > heaviest:
                heaviest, found = rank, (s, weight, severity, gated)
    if found is None:
        return None
    lead, weight, severity, gated = found
    beside = [s.indication for s in supporting if abs(s.at - lead.at) <= link]
    return Claim(
        id=lead.id + mark,
        at=lead.at,
        mass=weight,
        triggered=chain.triggered,
        lead=lead.indication,
        voices=tuple(sorted({i.voice for i in beside})),
        denied_by=tuple(sorted({d.indication.voice for d in chain.denying if abs(d.at - lead.at) <= link})),
        severity=severity,
        reports=chain.reports,
        gated=gated,
        names=frozenset(name for i in beside for name in (i.voice, i.family)),
        messages=chain.messages,
    )


def _independent(group: Sequence[Statement], link: float) -> list[Statement]:
    """Leave out what repeats another statement: a copy, a translation, what is derived from one, a text sent again.

    A copy has the text of an earlier report by another publisher; within `link` seconds, as what is derived has of
    its source. A translation has the act and numbers of an earlier one in another language, within a day. A
    publisher's own text, again on the same day (UTC), is the same report under another id; on another day it is a
    refrain, and says that the thing still holds.
    """
    times: dict[str, list[float]] = defaultdict(list)  # by what reports can be derived from
    for s in group:
        for ref in {s.indication.message_id, s.indication.url} - {""}:
            times[ref].append(s.at)
    texts, lines = _Said(), _Said()
    kept = []
    for s in group:
        i = s.indication
        mine, others = texts.note(i.fingerprint, i.publisher, s.at)
        numbers = _numbers(i)
        elsewhere = lines.note(numbers, i.lang, s.at)[1] if numbers else -math.inf
        copied = s.at - others <= link or s.at - elsewhere <= DAY
        again = math.isfinite(mine) and s.at // DAY == mine // DAY
        if not copied and not again and not _derived(s, times, link):
            kept.append(s)
    return kept


class _Said:
    """When a thing was last said, and when by somebody else."""

    def __init__(self) -> None:
        self._last: dict[object, tuple[str, float]] = {}
        self._other: dict[object, float] = {}

    def note(self, what: object, who: str, at: float) -> tuple[float, float]:
        """When `who` said it last, if nobody has since, and when anybody else did, before noting it; else -inf."""
        before, when = self._last.get(what, (who, -math.inf))
        if before != who:
            self._other[what] = when
        self._last[what] = who, at
        return when if before == who else -math.inf, self._other.get(what, -math.inf)


def _numbers(i: Indication) -> tuple[object, ...] | None:
    """What survives translation: act, figures, dates and names; None where there is no figure to know it by."""
    facts = i.facts
    if facts.headcount is None and facts.ends_on is None:
        return None
    return i.act, facts.headcount, facts.ends_on, facts.direction, facts.name


def _derived(s: Statement, times: Mapping[str, Sequence[float]], link: float) -> bool:
    source = s.indication.derived_from
    if source is None or source in {s.indication.message_id, s.indication.url}:
        return False
    return any(abs(s.at - at) <= link for at in times.get(source, ()))
