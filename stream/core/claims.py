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
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.catalogue import Indicator, Problem
from schemas.indication import Act, Indication
from stream.core.groups import Group
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
    """The independent statements of one claim, for and against, in order of time; and how many there are in all."""

    triggered: bool
    run: Sequence[Statement]
    reports: int
    messages: tuple[str, ...]


def ranked(indicator: Indicator, found: Iterable[Claim]) -> list[Claim]:
    """Heaviest first, by an order that time doesn't change."""
    return sorted(found, key=lambda c: (-_rank(c.mass, c.at, indicator), c.id))


def chains(group: Group, problem: Problem) -> list[Chain]:
    """Link a group's independent statements into chains; what only repeats another is counted, and doesn't link.

    Were copies links, a story that is copied more often would reach further: the index would follow volume.
    """
    said, runs = group.said, _runs(group.independent, problem.link_hours * HOUR)
    begins = [bisect_left(said, (run[0].at, "")) for run in runs]
    ends = [*begins, len(said)][1:]
    found = []
    for run, begin, end in zip(runs, begins, ends, strict=True):
        newest = dict.fromkeys(s.indication.message_id for s in reversed(said[max(begin, end - NAMED) : end]))
        found.append(Chain(group.triggered, run, end - begin, tuple(newest)))
    return found


def _rank(mass: float, at: float, indicator: Indicator) -> float:
    """log2 m + τ/h: an order that time doesn't change, since all of an indicator's masses decay alike."""
    return math.log2(mass) + at / (indicator.half_life_days * DAY)


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
    supporting = [s for s in chain.run if s.indication.act is not Act.DENIED]
    denying = [s for s in chain.run if s.indication.act is Act.DENIED]
    if without is not None:
        supporting = [s for s in supporting if without not in {s.indication.voice, s.indication.family}]
    near, against = Voices(supporting, link), Voices(denying, link)
    mark = "" if chain.triggered else "~"
    highest = -math.inf
    found: tuple[Statement, float, int, bool] | None = None
    weight, severity, gated = 0.0, 0, False
    for s in supporting:
        if near.around(s.at) | against.around(s.at):
            weight, severity, gated = _weight(indicator, near, against, problem)
        if weight > 0:
            rank = _rank(weight, s.at, indicator)
            if found is None or rank > highest or (rank == highest and s.id + mark > found[0].id + mark):
                highest, found = rank, (s, weight, severity, gated)
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
        denied_by=tuple(sorted({d.indication.voice for d in denying if abs(d.at - lead.at) <= link})),
        severity=severity,
        reports=chain.reports,
        gated=gated,
        names=frozenset(name for i in beside for name in (i.voice, i.family)),
        messages=chain.messages,
    )


def _weight(indicator: Indicator, near: Voices, against: Voices, problem: Problem) -> tuple[float, int, bool]:
    """Mass of a statement with these voices near it, the severity it has by them, and whether it is gated."""
    most = problem.families_counted
    severity = min(near.severity, indicator.max_severity)
    weight = mass(
        severity,
        support(near.best(most), best=most),
        support(against.best(most), best=most),
        kappa=problem.kappa,
    )
    gate = indicator.gate
    if gate is None or gate.families <= near.observing:
        return weight, severity, False
    return weight * gate.factor, severity, True
