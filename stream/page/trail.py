"""Trail: where each assessment stands on its topic, with as much of it as a plot needs.

The topic is the audit trail and is kept for good; here is only its table of contents. It is bounded: beyond its
cap the older half is thinned, level changes stay, so any past time can still be shown, more coarsely.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import BaseModel, ConfigDict

from schemas.assessment import Level
from schemas.wire import Instant

CAP = 200_000  # entries of one problem: more than twenty years of hourly ones, some 40 MB


class Summary(BaseModel):
    """As much of an assessment as its entry holds; the rest is skipped unread, whatever version wrote it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    problem: str
    at: Instant
    cause: str
    index: float
    low: float
    high: float
    level: Level


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One assessment: epoch seconds, index points, and where it stands on the topic."""

    at: float
    partition: int
    offset: int
    index: float
    low: float
    high: float
    level: Level
    tick: bool  # concluded by a tick: only these speak for the level


class Trail:
    """The assessments of one problem in order of time.

    >>> trail = Trail()
    >>> for at, level in ((10.0, Level.NORMAL), (20.0, Level.WATCH), (30.0, Level.WATCH)):
    ...     trail.add(Entry(at, 0, int(at), 5.0, 4.0, 6.0, level, tick=True))
    >>> trail.at(25.0).offset, trail.at(5.0), [new.at for _, new in trail.changes()]
    (20, None, [20.0])
    """

    def __init__(self, cap: int = CAP) -> None:
        self._entries: list[Entry] = []
        self._cap = cap

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        """Note an assessment; one delivered twice is noted once."""
        place = bisect_left(self._entries, entry)
        if place < len(self._entries) and self._entries[place] == entry:
            return
        insort(self._entries, entry)
        if len(self._entries) > self._cap:
            self._thin()

    @property
    def first(self) -> Entry | None:
        """The oldest known."""
        return self._entries[0] if self._entries else None

    @property
    def last(self) -> Entry | None:
        """The newest known."""
        return self._entries[-1] if self._entries else None

    def at(self, time: float) -> Entry | None:
        """What was the last assessment at `time` (epoch seconds); None before the first."""
        place = bisect_right(self._entries, time, key=lambda e: e.at)
        return self._entries[place - 1] if place else None

    def between(self, begin: float, end: float, most: int) -> Sequence[Entry]:
        """At most about `most` entries of a time span, evenly thinned; every level change stays."""
        left = bisect_left(self._entries, begin, key=lambda e: e.at)
        right = bisect_right(self._entries, end, key=lambda e: e.at)
        found = self._entries[max(left - 1, 0) : right]
        step = len(found) // most + 1
        return _every(found, step)

    def changes(self) -> Iterator[tuple[Entry, Entry]]:
        """Each change of level as (last tick before, tick that changed it), oldest first."""
        ticks = (e for e in self._entries if e.tick)
        return ((old, new) for old, new in pairwise(ticks) if old.level is not new.level)

    def _thin(self) -> None:
        half = len(self._entries) // 2
        self._entries[:half] = _every(self._entries[:half], 2)


def _every(entries: Sequence[Entry], step: int) -> list[Entry]:
    """Every `step`th entry, and both sides of each change of level, and the last."""
    if step == 1:
        return list(entries)
    kept = set(range(0, len(entries), step)) | {len(entries) - 1}
    for n, (old, new) in enumerate(pairwise(entries)):
        if old.level is not new.level:
            kept |= {n, n + 1}
    return [entries[n] for n in sorted(kept)]
