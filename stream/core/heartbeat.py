"""Heartbeat: a reassurance that is always given, and then isn't.

A period counts as missed when its source published its periodic report without the line, after enough
punctual ones with it. Where nothing was published at all, that is silence: it widens the band and no more.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from schemas.catalogue import HeartbeatRule, Source
from schemas.indication import Act, Indication
from schemas.wire import instant
from stream.core.statements import HOUR

MISSES = 1_000  # remembered, so that what was made of them stays what it was


class Beat(NamedTuple):
    """One periodic report at `at` (epoch seconds); `kept`: it carried the line."""

    at: float
    kept: bool


def missed(rule: HeartbeatRule, beats: Iterable[Beat]) -> list[float]:
    """Ends (epoch seconds) of the periods in which the miss is to be raised.

    >>> rule = HeartbeatRule(source="gs", every_hours=24, title=(), punctual=5, misses=2, raises="w", severity=1)
    >>> days = [Beat(86_400.0 * d, True) for d in range(5)] + [Beat(86_400.0 * d, False) for d in (5, 6)]
    >>> missed(rule, days) == [86_400.0 * 7]
    True
    >>> missed(rule, days[:5]), missed(rule, days[2:])
    ([], [])
    """
    length = rule.every_hours * HOUR
    kept: dict[int, bool] = {}
    for beat in beats:
        period = int(beat.at // length)
        kept[period] = kept.get(period, False) or beat.kept
    ends = []
    for period in sorted(p for p, was_kept in kept.items() if not was_kept):
        first = period
        while kept.get(first - 1) is False:
            first -= 1
        punctual = all(kept.get(first - n) for n in range(1, rule.punctual + 1))
        if punctual and period - first + 1 >= rule.misses:
            ends.append((period + 1) * length)
    return ends


def raised(rule: HeartbeatRule, source: Source, beats: Mapping[str, Iterable[Beat]]) -> list[Indication]:
    """The indications that missed heartbeats amount to: the same objects for the same misses."""
    return [_miss(rule, source, end) for end in missed(rule, beats.get(rule.source, ()))]


@lru_cache(MISSES)
def _miss(rule: HeartbeatRule, source: Source, end: float) -> Indication:
    return Indication(
        id=f"heartbeat:{rule.source}:{end:.0f}#{rule.raises}",
        message_id=f"heartbeat:{rule.source}:{end:.0f}",
        indicator=rule.raises,
        at=instant(end),
        publisher=source.id,
        family=source.family,
        claimant=source.id,
        voice=source.family,
        act=Act.ASSESSED,
        severity=rule.severity,
        reliability=source.reliability,
        credibility=3,
        fingerprint=f"heartbeat:{end:.0f}",
        title=f"{source.id}: the expected reassurance is missing from its periodic report",
    )
