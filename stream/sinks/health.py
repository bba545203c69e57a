"""Health: whether the worker is alive and whether it is ready, judged by a thread that it can't block.

Alive means that it gets on: its event loop turns, what is unread gets read, what is read gets committed. What is
not alive is to be started anew (`deploy.local.supervise`, an orchestrator's liveness probe). Ready means that
partitions are assigned and the state is recovered.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from stream.settings import Settings
from stream.sinks.families import Families

LOOP_SECONDS = 30.0  # longer than any pack, tick or restoring of rows holds the loop
STALL_SECONDS = 60.0  # longer than a rebalance takes, and than a broker needs to choose another leader
JOIN_SECONDS = 300.0  # longer than a full state takes to recover

Partition = tuple[str, int]


class Position(NamedTuple):
    """Where one partition stands: the offset due next, the log's end, and what is committed; None: not known."""

    due: int
    end: int | None
    committed: int | None


class Health:
    """What the event loop tells of itself, and what follows. `clock` is monotonic, in seconds.

    >>> now = [0.0]
    >>> health = Health(lambda: now[0], began=1_645_000_000.0)
    >>> health.missing()
    ['no partitions are assigned yet']
    >>> health.assigned(); health.recovered(); health.beat({("articles", 0): Position(5, 9, 5)})
    >>> health.missing(), health.wrong()
    ([], [])
    >>> now[0] = 61.0
    >>> health.beat({("articles", 0): Position(5, 12, 5)})
    >>> health.wrong()
    ['articles/0 has stood at 5 for 61 s with 7 unread']
    """

    def __init__(self, clock: Callable[[], float], began: float) -> None:
        self.began = began
        self.rebalances = 0
        self.recovery_seconds: float | None = None
        self._clock = clock
        self._beaten = self._since = clock()
        self._assigned = self._recovered = False
        self._positions: Mapping[Partition, Position] = {}
        self._moved: dict[
            Partition, tuple[int, float]
        ] = {}  # offset, and when it was first seen or nothing waited
        self._committed: dict[Partition, tuple[int | None, float]] = {}

    def beat(self, positions: Mapping[Partition, Position]) -> None:
        """Say that the loop turns, and where it stands; several times within `LOOP_SECONDS`."""
        now = self._clock()
        moved, committed = {}, {}
        for tp, at in positions.items():
            known = self._moved.get(tp)
            waits = at.end is not None and at.end > at.due
            moved[tp] = known if known and waits and known[0] == at.due else (at.due, now)
            before = self._committed.get(tp)
            owes = at.due > (at.committed or 0)
            committed[tp] = before if before and owes and before[0] == at.committed else (at.committed, now)
        self._positions, self._moved, self._committed, self._beaten = positions, moved, committed, now

    def assigned(self) -> None:
        """Partitions were assigned, possibly none; the state is being recovered."""
        self._assigned, self._since = True, self._clock()

    def revoked(self) -> None:
        """Partitions were taken away: a rebalance."""
        self.rebalances += self._assigned
        self._assigned = self._recovered = False
        self._since = self._clock()
        self.beat({})

    def recovered(self) -> None:
        """What was assigned can be worked on."""
        if not self._recovered:
            self.recovery_seconds = self._clock() - self._since
        self._recovered = True

    def wrong(self) -> list[str]:
        """Say why it must be started anew; nothing where it gets on."""
        now = self._clock()
        if (silent := now - self._beaten) > LOOP_SECONDS:
            return [f"the event loop has been blocked for {silent:.0f} s"]
        if self.missing() and (waiting := now - self._since) > JOIN_SECONDS:
            return [f"{self.missing()[0]}, for {waiting:.0f} s"]
        return [*self._stalled(now), *self._uncommitted(now)]

    def missing(self) -> list[str]:
        """Say what it still waits for; nothing where it is ready."""
        if not self._assigned:
            return ["no partitions are assigned yet"]
        return [] if self._recovered else ["the state is being recovered"]

    def _stalled(self, now: float) -> Iterator[str]:
        for (topic, partition), (due, since) in sorted(self._moved.items()):
            if now - since > STALL_SECONDS:
                unread = (self._positions[topic, partition].end or due) - due
                yield f"{topic}/{partition} has stood at {due} for {now - since:.0f} s with {unread} unread"

    def _uncommitted(self, now: float) -> Iterator[str]:
        for (topic, partition), (committed, since) in sorted(self._committed.items()):
            if now - since > STALL_SECONDS:
                yield (
                    f"{topic}/{partition} is committed up to {committed or 0} for {now - since:.0f} s,"
                    f" although {self._positions[topic, partition].due} is done"
                )


class Vitals(Collector):
    """The process itself as metrics, whatever it owns; `bounded` counts what bounds have kept out, by bound."""

    def __init__(
        self, settings: Settings, problem: str, health: Health, bounded: Callable[[], Mapping[str, int]]
    ) -> None:
        self._families = Families({"environment": settings.environment, "problem": problem})
        self._health = health
        self._bounded = bounded

    def collect(self) -> Iterator[Metric]:
        """Yield every family; none is ever missing."""
        families, health = self._families, self._health
        yield families.one(
            "belwatch_start_timestamp_seconds",
            "When this process started; its changes are restarts.",
            health.began,
        )
        yield families.one("belwatch_live", "1 while the worker gets on, as /live says.", not health.wrong())
        yield families.one(
            "belwatch_ready", "1 while partitions are recovered, as /ready says.", not health.missing()
        )
        yield families.counter(
            "belwatch_rebalances_total", "Times that partitions were taken away.", [((), health.rebalances)]
        )
        yield families.one(
            "belwatch_recovery_seconds", "What the last recovery of the state took.", health.recovery_seconds
        )
        yield families.counter(
            "belwatch_bounded_total",
            "What a bound kept out, by bound.",
            [((bound,), count) for bound, count in sorted(self._bounded().items())],
            "bound",
        )
