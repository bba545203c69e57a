"""Evaluate: the index, band and ledger at one moment, as a function of the messages known."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.assessment import Level
from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from stream.core.claims import Claim
from stream.core.heartbeat import raised
from stream.core.links import Linked, Links
from stream.core.memory import Memory
from stream.core.score import activation, decayed, knockout, logit, to_index
from stream.core.sources import SourceIndex
from stream.core.statements import DAY, HOUR


class Account(NamedTuple):
    """One indicator at one moment: its claims with their decayed masses, and how active they make it."""

    indicator: Indicator
    claims: Sequence[Claim]
    masses: Sequence[float]
    activation: float  # of what counts: a warning or counter, triggered where it is routine
    ambiguous: float  # of what only widens the band


@dataclass(frozen=True, slots=True)
class Picture:
    """The numbers at one moment; `contributions` are log-odds, signed; `robust` is without any one family.

    `missed`: end of the last period (epoch seconds) in which a source's reassurance was missing.
    """

    index: float
    base: float
    low: float
    high: float
    robust: float
    silence: float
    knockout: int | None
    contributions: Mapping[str, float]
    accounts: Sequence[Account]
    missed: Mapping[str, float]


class Evaluator:
    """Evaluates a memory: decay is applied every time, all else only where messages changed."""

    def __init__(self, catalogue: Catalogue, memory: Memory) -> None:
        self._catalogue = catalogue
        self._memory = memory
        sources = SourceIndex(catalogue)
        self._heartbeats = [
            (i.heartbeat, sources.find(i.heartbeat.source))
            for i in catalogue.indicators.values()
            if i.heartbeat
        ]
        self._missed: dict[str, float] = {}
        self._links = Links(catalogue)

    def picture(self, t: float, known_at: float, seen: Mapping[str, float]) -> Picture:
        """Evaluate at t what was known at `known_at` (epoch seconds); `seen`: newest event time a source."""
        problem = self._catalogue.problem
        linked, accounts = self._accounts(t, known_at)
        contributions = {a.indicator.id: _contribution(a) for a in accounts}
        log_odds = self._log_odds(contributions.values())
        up, down = _ambiguity(accounts)
        silence = self._silence(t, seen)
        unsure = problem.silence_weight * silence
        index = to_index(log_odds)
        return Picture(
            index=index,
            base=to_index(logit(problem.baseline)),
            low=to_index(log_odds - down - unsure),
            high=to_index(log_odds + up + unsure),
            robust=self._robust(log_odds, accounts, linked, t),
            silence=silence,
            knockout=self._knockout(log_odds, accounts),
            contributions=contributions,
            accounts=accounts,
            missed=self._missed,
        )

    def index(self, t: float, known_at: float) -> float:
        """The picture's index alone: what it would be is asked many times at once (`stream.core.retraction`)."""
        return to_index(self._log_odds(map(_contribution, self._accounts(t, known_at)[1])))

    def _accounts(self, t: float, known_at: float) -> tuple[Mapping[str, Linked], list[Account]]:
        linked = self._links.of(self._known(t, known_at))
        epsilon = self._catalogue.problem.epsilon
        return linked, [
            _account(self._catalogue.indicators[name], found.claims, t, epsilon)
            for name, found in linked.items()
        ]

    def _log_odds(self, contributions: Iterable[float]) -> float:
        return logit(self._catalogue.problem.baseline) + math.fsum(contributions)

    def _known(self, t: float, known_at: float) -> dict[str, list[Indication]]:
        """What had happened by t as known at `known_at`, by indicator, with the heartbeats that were missed."""
        memory = self._memory
        found = {name: memory.indications(name, t, known_at) for name in self._catalogue.indicators}
        beats = memory.beats(t, known_at)
        self._missed = {}
        for rule, source in self._heartbeats:
            missing = [i for i in raised(rule, source, beats) if i.at.timestamp() <= t]
            if missing:
                self._missed[rule.source] = max(i.at.timestamp() for i in missing)
                found[rule.raises] = found[rule.raises] + missing
        return found

    def _robust(
        self, log_odds: float, accounts: Iterable[Account], linked: Mapping[str, Linked], t: float
    ) -> float:
        """The lowest index that leaving out any one family's (or voice's) support for warnings gives."""
        problem = self._catalogue.problem
        if to_index(log_odds) < problem.levels[Level.WARNING].leave:
            # critical asks for it, and the alert on a warning that rests on one family; below, nobody does
            return to_index(log_odds)
        losses: dict[str, list[float]] = defaultdict(list)
        for a in accounts:
            if a.indicator.kind == "warning" and a.activation > 0:
                for name in {name for claim in a.claims for name in claim.names}:
                    left = linked[a.indicator.id].without(name)
                    kept = _account(a.indicator, left, t, problem.epsilon)
                    losses[name].append(_contribution(a) - _contribution(kept))
        return to_index(log_odds - max((math.fsum(lost) for lost in losses.values()), default=0.0))

    def _knockout(self, log_odds: float, accounts: Iterable[Account]) -> int | None:
        entered = [t.enter for t in self._catalogue.problem.levels.values() if t.enter <= to_index(log_odds)]
        if not entered:
            return None
        warnings = [a for a in accounts if a.indicator.kind == "warning"]
        return knockout(
            {
                a.indicator.id: [m for c, m in zip(a.claims, a.masses, strict=True) if c.triggered]
                for a in warnings
            },
            {a.indicator.id: a.indicator.weight for a in warnings},
            log_odds - logit(max(entered) / 100.0),
        )

    def _silence(self, t: float, seen: Mapping[str, float]) -> float:
        expected = [s for s in self._catalogue.sources if s.expected_every_hours]
        trust = self._catalogue.problem.reliability
        silent = [
            s for s in expected if t - seen.get(s.id, -math.inf) > (s.expected_every_hours or 0.0) * HOUR
        ]
        total = math.fsum(trust[s.reliability] for s in expected)
        return math.fsum(trust[s.reliability] for s in silent) / total if total else 0.0


def _account(indicator: Indicator, found: Sequence[Claim], t: float, epsilon: float) -> Account:
    masses: list[float] = []
    counting: list[float] = []
    open_: list[float] = []
    for claim in found:
        mass = decayed(claim.mass, (t - claim.at) / DAY, indicator.half_life_days)
        mass = mass if mass >= epsilon else 0.0
        masses.append(mass)
        (counting if claim.triggered and indicator.kind != "ambiguous" else open_).append(mass)
    return Account(indicator, found, masses, activation(counting), activation(open_))


def _contribution(account: Account) -> float:
    sign = {"warning": 1.0, "counter": -1.0, "ambiguous": 0.0}[account.indicator.kind]
    return sign * account.indicator.weight * account.activation


def _ambiguity(accounts: Iterable[Account]) -> tuple[float, float]:
    """Log-odds by which the band opens upwards and downwards: what doesn't count opens it the way it would."""
    up, down = [], []
    for a in accounts:
        direction = {"warning": "up", "counter": "down"}.get(a.indicator.kind, a.indicator.direction)
        width = a.indicator.weight * a.ambiguous
        up.append(width if direction in {"up", "both"} else 0.0)
        down.append(width if direction in {"down", "both"} else 0.0)
    return math.fsum(up), math.fsum(down)
