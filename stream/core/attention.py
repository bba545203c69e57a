"""Attention: how far today's share of items about the problem lies above its own usual level.

Context for whoever reads the index: much talk is not much evidence, so it is never part of the index. The
baseline is that of the same weekday in the eight weeks before, because newsrooms have weekends; it is a median, and
its scale a median absolute deviation, because one loud week must not become the measure of the next.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from schemas.assessment import Attention

WEEKS = 8
LEAST_WEEKS = 4  # with fewer days to compare with, nothing is said
CONSISTENT = 1.4826  # makes the MAD of normal data estimate its standard deviation
LEAST_TOTAL = 20  # items in a day; a share of fewer is noise


class Day(NamedTuple):
    """Articles received on one day (UTC): those about the problem, and all."""

    about: int
    total: int


def attention(days: Mapping[date, Day], today: date) -> Attention | None:
    """Compare today's share with that of the same weekday in the weeks before; None where too few are known.

    score = (share - median) / max(1.4826 · MAD, √(median·(1 - median)/total)): the second term, the binomial
    standard error, keeps a quiet past from making every item a sensation; at least one item counts as usual.

    Espinosa, L. et al. (2022). Epitweetr: early warning of public health threats using Twitter data.
    Eurosurveillance 27(39) (same-weekday baseline, outliers weighted down). Rousseeuw, P. J. & Croux, C. (1993).
    Alternatives to the median absolute deviation. JASA 88, 1273-1283.

    >>> weeks = {date(2022, 3, 1) - timedelta(weeks=n): Day(10 + n % 3, 1_000) for n in range(1, 9)}
    >>> found = attention(weeks | {date(2022, 3, 1): Day(60, 1_000)}, date(2022, 3, 1))
    >>> found and (found.share, found.usual, round(found.score, 1))
    (0.06, 0.011, 14.9)
    >>> attention({}, date(2022, 3, 1)) is None
    True
    """
    now = days.get(today)
    if now is None or now.total < LEAST_TOTAL:
        return None
    before = [days.get(today - timedelta(weeks=n)) for n in range(1, WEEKS + 1)]
    shares = [day.about / day.total for day in before if day is not None and day.total >= LEAST_TOTAL]
    if len(shares) < LEAST_WEEKS:
        return None
    usual = median(shares)
    spread = CONSISTENT * median(abs(share - usual) for share in shares)
    floor = max(usual, 1 / now.total)
    scale = max(spread, (floor * (1 - floor) / now.total) ** 0.5)
    share = now.about / now.total
    return Attention(share=share, usual=usual, score=(share - usual) / scale)
