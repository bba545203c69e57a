"""Bootstrap: how sure a share of days is when neighbouring days resemble each other."""

import math
import random
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

WEEK = 7  # days in a block: news and drills have weekly rhythms, and an episode lasts about as long
DRAWS = 2_000
SEED = 20_220_224


class Interval(NamedTuple):
    """A 95 % interval."""

    low: float
    high: float


def middle(values: Sequence[float]) -> Interval:
    """The middle 95 % of values.

    >>> middle([n / 100 for n in range(101)])
    Interval(low=0.02, high=0.98)
    """
    ordered = sorted(values)
    last = len(ordered) - 1
    return Interval(ordered[math.floor(0.025 * last)], ordered[math.ceil(0.975 * last)])


def share(
    days: Sequence[tuple[bool, bool]], *, block: int = WEEK, draws: int = DRAWS, seed: int = SEED
) -> Interval | None:
    """Circular block bootstrap of the share of days that are so, of those that count: days of (so, counts).

    Blocks of neighbouring days are drawn with replacement from the series closed to a circle, so that each day is
    as likely as any other and dependence within a block is kept; percentile interval, 95 %. It knows the variation
    within this series only: an event that never came in it has no share in the interval. None where no day counts.

    Künsch, H. R. (1989). The jackknife and the bootstrap for general stationary observations. Annals of Statistics
    17, 1217-1241. Politis, D. N. & Romano, J. P. (1992). A circular block-resampling procedure for stationary data.
    In: Exploring the Limits of Bootstrap, Wiley, 263-270.

    >>> share([(True, True)] * 30)
    Interval(low=1.0, high=1.0)
    >>> share([(True, False)] * 30) is None
    True
    """
    n = len(days)
    if not any(counts for _, counts in days):
        return None
    circle = [*days, *days[:block]]
    so = [0, *accumulate(int(held and counts) for held, counts in circle)]
    of = [0, *accumulate(int(counts) for _, counts in circle)]
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    lengths = [block] * (n // block) + [n % block] * (n % block > 0)
    drawn = []
    for _ in range(draws):
        begins = [rng.randrange(n) for _ in lengths]
        counted = sum(of[b + k] - of[b] for b, k in zip(begins, lengths, strict=True))
        if counted:
            drawn.append(sum(so[b + k] - so[b] for b, k in zip(begins, lengths, strict=True)) / counted)
    return middle(drawn) if drawn else None
