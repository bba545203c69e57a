"""The score, formula v2: what claims weigh, and what they add up to (DESIGN.md, "The score").

The index says how far the evidence has moved a logistic scale from its resting level. It is an index, not a
probability: nothing here was, or could be, calibrated.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from schemas.assessment import Level
from schemas.catalogue import Threshold

FEW = 4  # claims that a level stands on, as a rule


def support(grades: Iterable[float], *, best: int) -> float:
    """Noisy-or of the best `best` grades, one a voice: S = 1 - Π(1 - g).

    Pearl, J. (1988). Probabilistic Reasoning in Intelligent Systems, section 4.3.2 (noisy-OR).

    >>> support([0.5, 0.5], best=4)
    0.75
    >>> support([], best=4)
    0.0
    """
    return 1.0 - math.prod(1.0 - g for g in sorted(grades, reverse=True)[:best])


def mass(severity: int, supported: float, denied: float, *, kappa: float) -> float:
    """Mass of a claim when it is made: m = κ · severity/3 · S · (1 - D).

    >>> mass(3, 1.0, 0.5, kappa=1.5)
    0.75
    """
    return kappa * severity / 3 * supported * (1.0 - denied)


def decayed(mass: float, age_days: float, half_life_days: float) -> float:
    """Exponential decay, m · 2^(-age/h); what lies ahead has not decayed.

    Brown, R. G. (1963). Smoothing, Forecasting and Prediction of Discrete Time Series (exponential smoothing).

    >>> decayed(1.0, 14, 7)
    0.25
    """
    return mass * math.exp2(-age_days / half_life_days) if age_days > 0 else mass


def activation(masses: Iterable[float]) -> float:
    """Saturating sum of masses, 0..1: a = 1 - e^(-E).

    >>> activation([])
    0.0
    >>> round(activation([0.7, 0.8]), 4)
    0.7769
    """
    return -math.expm1(-math.fsum(masses))


def logit(share: float) -> float:
    """Log-odds of a share in (0, 1)."""
    return math.log(share) - math.log1p(-share)


def to_index(log_odds: float) -> float:
    """Logistic scale, 0..100.

    >>> to_index(0.0), round(to_index(logit(0.05)), 9)
    (50.0, 5.0)
    """
    if log_odds >= 0:
        return 100.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return 100.0 * odds / (1.0 + odds)


def ledger_points(contributions: Mapping[str, float], index: float, base: float) -> dict[str, float]:
    """Share index - base out over signed log-odds contributions: c · (index - base) / Σc, so the sum is exact.

    Where the contributions cancel (|Σc| < 1e-9) each is read off the tangent at the base: c · base · (1 - base/100).

    >>> ledger_points({"up": 1.0, "down": -0.5}, index=8.0, base=5.0)
    {'up': 6.0, 'down': -3.0}
    """
    total = math.fsum(contributions.values())
    slope = (index - base) / total if abs(total) >= 1e-9 else base * (1.0 - base / 100.0)  # noqa: PLR2004 - stated above
    return {name: c * slope for name, c in contributions.items()}


def next_level(current: Level, index: float, levels: Mapping[Level, Threshold]) -> Level:
    """Rise to the highest level with enter ≤ index; else fall step by step while index < leave.

    A Schmitt trigger a level: Schmitt, O. H. (1938). A thermionic trigger. J. Sci. Instrum. 15, 24.

    >>> levels = {Level.WATCH: Threshold(enter=22, leave=15), Level.WARNING: Threshold(enter=45, leave=35)}
    >>> next_level(Level.NORMAL, 50, levels).value, next_level(Level.WARNING, 36, levels).value
    ('warning', 'warning')
    >>> next_level(Level.WARNING, 10, levels).value
    'normal'
    """
    order = [Level.NORMAL, *levels]
    rank = order.index(current)
    entered = max((i for i, name in enumerate(order) if i and index >= levels[name].enter), default=0)
    if entered > rank:
        return order[entered]
    while rank and index < levels[order[rank]].leave:
        rank -= 1
    return order[rank]


def knockout(
    claims: Mapping[str, Sequence[float]], weights: Mapping[str, float], excess: float
) -> int | None:
    """Fewest claims whose removal lowers Σ w·a by more than `excess` log-odds; None where none can.

    `claims` holds each warning indicator's decayed masses. Within one indicator the heaviest go first; across
    indicators the reductions are combined by a (max, +) convolution over the number removed: exact, because
    a saturating indicator may yield little at first and much later, which a greedy choice would miss.

    >>> knockout({"a": [2.0, 0.1], "b": [0.5]}, {"a": 1.0, "b": 1.0}, excess=0.5)
    1
    >>> knockout({"a": [1.0]}, {"a": 1.0}, excess=5.0) is None
    True
    >>> knockout({"a": [1.0]}, {"a": 1.0}, excess=0.0)
    1
    """
    most = sum(map(len, claims.values()))
    for bound in (FEW, most):  # few are nearly always enough, and cost little to try
        best = [0.0]  # best[k]: the largest reduction that removing k claims can bring
        for name, masses in claims.items():
            gains = _gains(sorted(masses, reverse=True), weights[name], bound)
            best = [
                max(best[i] + gains[k - i] for i in range(len(best)) if 0 <= k - i < len(gains))
                for k in range(min(bound + 1, len(best) + len(gains) - 1))
            ]
        found = next((k for k, gain in enumerate(best) if gain > excess), None)
        if found is not None:
            return found
    return None


def _gains(ordered: Sequence[float], weight: float, most: int) -> list[float]:
    """How far removing the heaviest 0, 1 … `most` claims lowers w·a."""
    whole = activation(ordered)
    return [weight * (whole - activation(ordered[k:])) for k in range(min(most, len(ordered)) + 1)]
