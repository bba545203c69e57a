"""State: what depends on the order of the log, as it is kept in one row."""

import math
from collections.abc import Mapping

from pydantic import Field

from schemas.assessment import Level
from schemas.report import SourceSeen
from schemas.tick import Tick
from schemas.wire import Own
from stream.core.talk import Talk


class Alert(Own):
    """A level entered at `at` (epoch seconds), and the messages without any one of which it would not have been."""

    at: float
    level: Level
    rests_on: tuple[str, ...]


class Fold(Own):
    """What depends on the order of the log: ticks heard, level, and what was told last.

    Times are epoch seconds. `heard`: newest tick by origin; `every`: the grid they stand on, in seconds;
    `waiting`: ticks not every origin has delivered; `clock`: newest time that the log has shown; `watermark`:
    last offset folded, by log partition. `seen`: newest event time a source as of the last tick; `fresh`: what
    came since, by the second it was received. `talk`: articles counted. `alerts`: levels entered in `register_days`.
    """

    watermark: dict[str, int] = Field(default_factory=dict)
    heard: dict[str, float] = Field(default_factory=dict)
    waiting: tuple[float, ...] = ()
    evaluated: float | None = None
    every: float | None = None
    clock: float = 0.0
    newest: float | None = None
    seen: dict[str, float] = Field(default_factory=dict)
    fresh: dict[int, dict[str, float]] = Field(default_factory=dict)
    talk: Talk = Talk()
    level: Level = Level.NORMAL
    since: float | None = None
    fragile: bool = False
    alerts: tuple[Alert, ...] = ()
    told: float | None = None  # index of the last assessment published
    told_at_tick: float | None = None  # and of the last one that a tick concluded
    told_tick: float = 0.0  # when that was

    def times(self, clock: float, newest: float | None) -> dict[str, object]:
        """Update with a record of time `clock` that shows the event time `newest`."""
        known = [at for at in (self.newest, newest) if at is not None]
        return {"clock": max(self.clock, clock), "newest": max(known, default=None)}

    def sources(self, told: SourceSeen) -> dict[str, object]:
        """Update with what a pack showed besides its reports."""
        newest = {source: at.timestamp() for source, at in told.seen.items()}
        second = math.ceil(told.received_at.timestamp())
        update = self.times(self.clock, max(newest.values(), default=None))
        if newest:
            update["fresh"] = self.fresh | {second: latest(self.fresh.get(second, {}), newest)}
        if told.articles:
            update["talk"] = self.talk.counting(told.articles, self.every)
        return update

    def tick(self, tick: Tick, origins: frozenset[str]) -> tuple[dict[str, object], list[float]]:
        """Update with a tick of one origin; and the times that every origin has delivered now."""
        at = tick.at.timestamp()
        heard = latest(self.heard, {tick.origin: at})
        evaluated = -math.inf if self.evaluated is None else self.evaluated
        waiting = sorted({t for t in (*self.waiting, at) if t > evaluated})
        delivered = min((heard.get(origin, -math.inf) for origin in origins), default=-math.inf)
        completed = [t for t in waiting if t <= delivered]
        rest = tuple(t for t in waiting if t > delivered)
        clock = max(self.clock, at)
        return {"heard": heard, "waiting": rest, "clock": clock, "every": tick.every}, completed

    def seen_by(self, known_at: float) -> dict[str, float]:
        """Newest event time a source, of what was received by then."""
        seen = self.seen
        for second, newest in self.fresh.items():
            if second <= known_at:
                seen = latest(seen, newest)
        return seen

    def concluded(self, at: float) -> "Fold":
        """Take in what was received by the tick at `at`."""
        return self.model_copy(
            update={
                "seen": self.seen_by(at),
                "fresh": {s: f for s, f in self.fresh.items() if s > at},
                "talk": self.talk.concluded(at),
            }
        )


def latest(old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, float]:
    """The later of two times for each key."""
    return {key: max(old.get(key, -math.inf), new.get(key, -math.inf)) for key in {**old, **new}}
