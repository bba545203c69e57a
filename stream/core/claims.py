"""Claims: what several statements say together, and what they weigh.

Statements of one indicator that agree in the facts its file names (`claim_facts`) and follow each other
within 72 h are one claim: a refrain is repeated, not added up. Within a claim each independent statement is
weighed with the voices heard within 72 h of it, and the claim weighs as much as its heaviest statement does
now; since all decay alike, which one that is never changes. Copies and derived reports don't refresh or add.
All of it is a function of the set of statements, and depends on nothing further than 72 h from a statement, so
that old ones can be forgotten exactly.
"""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.catalogue import Indicator, Problem
from schemas.indication import Act, Indication
from stream.core.score import mass, support
from stream.core.statements import DAY, HOUR, Statement


class Claim(NamedTuple):
    """One claim: `mass` undecayed at τ = `at` (epoch seconds), `lead` the statement it rests on most.

    `voices` support and `denied_by` deny it within 72 h of the lead; `reports` counts all statements.
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


def claims(
    indicator: Indicator, statements: Sequence[Statement], problem: Problem, *, without: str | None = None
) -> list[Claim]:
    """Link statements into claims, heaviest first; `without` leaves out a family's or voice's support."""
    link = problem.link_hours * HOUR
    found = []
    for (triggered, *_), group in _groups(indicator, statements).items():
        for chain in _chains(group, link):
            claim = _weigh(indicator, chain, problem, triggered=bool(triggered), without=without)
            if claim is not None:
                found.append(claim)
    return sorted(found, key=lambda c: (-_rank(c.mass, c.at, indicator), c.id))


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


def _chains(group: Sequence[Statement], link: float) -> list[list[Statement]]:
    """Single linkage in time: a gap longer than `link` seconds begins a new claim."""
    chains: list[list[Statement]] = []
    for s in group:
        if chains and s.at - chains[-1][-1].at <= link:
            chains[-1].append(s)
        else:
            chains.append([s])
    return chains


def _weigh(
    indicator: Indicator,
    chain: Sequence[Statement],
    problem: Problem,
    *,
    triggered: bool,
    without: str | None,
) -> Claim | None:
    link = problem.link_hours * HOUR
    independent = _independent(chain, link)
    supporting = [
        s
        for s in independent
        if s.indication.act is not Act.DENIED and without not in {s.indication.voice, s.indication.family}
    ]
    denying = [s for s in independent if s.indication.act is Act.DENIED]
    times = [s.at for s in supporting]
    heaviest: Claim | None = None
    for s in supporting:
        near = supporting[bisect_left(times, s.at - link) : bisect_right(times, s.at + link)]
        voices = _best_by_voice(near)
        against = _best_by_voice([d for d in denying if abs(d.at - s.at) <= link])
        severity = min(max(n.indication.severity for n in near), indicator.max_severity)
        weight = mass(
            severity,
            support(voices.values(), best=problem.families_counted),
            support(against.values(), best=problem.families_counted),
            kappa=problem.kappa,
        )
        gated = indicator.gate is not None and indicator.gate.families > len(
            {n.indication.voice for n in near if n.indication.act is Act.OBSERVED}
        )
        if gated and indicator.gate is not None:
            weight *= indicator.gate.factor
        if weight <= 0:
            continue
        claim = Claim(
            f"{s.id}{'' if triggered else '~'}",
            s.at,
            weight,
            triggered,
            s.indication,
            tuple(sorted(voices)),
            tuple(sorted(against)),
            severity,
            len(chain),
            gated,
        )
        if heaviest is None or (_rank(weight, s.at, indicator), claim.id) > (
            _rank(heaviest.mass, heaviest.at, indicator),
            heaviest.id,
        ):
            heaviest = claim
    return heaviest


def _best_by_voice(statements: Iterable[Statement]) -> dict[str, float]:
    best: dict[str, float] = {}
    for s in statements:
        best[s.indication.voice] = max(best.get(s.indication.voice, 0.0), s.grade)
    return best


def _independent(chain: Sequence[Statement], link: float) -> list[Statement]:
    """Leave out copies of an earlier text by another publisher, and reports derived from one that is here."""
    here = {ref for s in chain for ref in (s.indication.message_id, s.indication.url) if ref}
    last_seen: dict[str, list[Statement]] = defaultdict(list)
    kept = []
    for s in chain:
        i = s.indication
        earlier = [e for e in last_seen[i.fingerprint] if s.at - e.at <= link]
        copied = any(e.indication.publisher != i.publisher for e in earlier)
        last_seen[i.fingerprint] = [*earlier, s]
        derived = i.derived_from is not None and i.derived_from in here - {i.message_id, i.url}
        if not copied and not derived:
            kept.append(s)
    return kept
