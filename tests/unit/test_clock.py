from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from kafka.errors import KafkaTimeoutError

from schemas.tick import Tick
from stream.clock import PATIENCE_SECONDS, Clock
from stream.connection import BrokerProblem
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS

BEGAN = 1_645_000_000.0
EVERY_PARTITION = sum(SOURCE_PARTITIONS.values())
SETTINGS = Settings(tick_seconds=60)


@dataclass
class Sent:
    topic: str
    value: bytes
    key: bytes
    headers: list[tuple[str, bytes]]
    partition: int


@dataclass
class World:
    """A clock that moves only by waiting, and a broker that can be away."""

    stop_at: float
    now: float = BEGAN
    away: Callable[[float], bool] = lambda _: False
    stalls: dict[int, float] = field(default_factory=dict)  # pause after this many writes, in seconds
    sent: list[Sent] = field(default_factory=list)

    def send(self, *record: object) -> "World":
        if self.away(self.now):
            raise KafkaTimeoutError("away")
        self.sent.append(Sent(*record))  # type: ignore[arg-type]
        return self

    def get(self, timeout: float) -> None:
        del timeout

    def wait(self, seconds: float) -> bool:
        assert seconds > 0
        self.now += seconds + self.stalls.pop(len(self.sent), 0.0)
        return self.now >= self.stop_at

    def run(self) -> list[float]:
        Clock(SETTINGS, self, lambda: self.now, self.wait).run()
        return [Tick.model_validate_json(record.value).at.timestamp() for record in self.sent]


def test_each_grid_time_is_written_once_to_every_partition() -> None:
    world = World(stop_at=BEGAN + 200)
    times = world.run()
    first = BEGAN - BEGAN % 60
    assert times == [t for n in range(4) for t in [first + 60 * n] * EVERY_PARTITION]
    assert len({(r.topic, r.partition, r.value) for r in world.sent}) == len(world.sent)


def test_a_tick_says_what_it_is_and_when_it_was() -> None:
    world = World(stop_at=BEGAN + 1)
    world.run()
    record = world.sent[0]
    assert record.key == b"tick"
    assert dict(record.headers) == {"type": b"tick", "received_at": b"2022-02-16T08:26:00Z"}


def test_after_a_pause_only_the_grid_time_of_now_is_written() -> None:
    world = World(stop_at=BEGAN + 650, stalls={EVERY_PARTITION: 600})
    assert sorted(set(world.run())) == [
        BEGAN - BEGAN % 60,
        BEGAN - BEGAN % 60 + 600,
        BEGAN - BEGAN % 60 + 660,
    ]


def test_an_outage_is_survived() -> None:
    world = World(stop_at=BEGAN + 300, away=lambda now: now < BEGAN + 100)
    assert min(world.run()) == BEGAN + 80


def test_a_broker_that_stays_away_ends_the_clock_with_what_to_do() -> None:
    world = World(stop_at=BEGAN + 10 * PATIENCE_SECONDS, away=lambda _: True)
    with pytest.raises(BrokerProblem, match="has taken no tick since 2022-02-16T08:26:40Z"):
        world.run()
