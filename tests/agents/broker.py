"""Broker: a broker in memory that outlives every process, and the line of one process to it."""
# ruff: noqa: ANN401 - the signatures are Faust's

import asyncio
import random
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from faust.types import TP
from kafka.errors import KafkaError

from stream.agents import partition_of
from stream.settings import Settings
from stream.topics import topics


class Stored(NamedTuple):
    """One record of the broker's log; `timestamp` in epoch milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    topic: str
    partition: int
    timestamp_type: int = 0
    checksum: None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


class World:
    """The broker: logs, committed offsets and the group's generation. It outlives every process."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        self.topics = topics(settings)
        self.logs: dict[TP, list[Stored]] = {
            TP(t.name, p): [] for t in self.topics.values() for p in range(t.partitions)
        }
        self.committed: dict[TP, int] = {}
        self.generation = 0
        self.rebalances = 0

    def append(self, tp: TP, key: bytes | None, value: bytes | None, headers: Any, timestamp: int = 0) -> int:
        log = self.logs[tp]
        log.append(Stored(len(log), timestamp, key, value, tuple(headers or ()), tp.topic, tp.partition))
        return len(log) - 1

    def write(self, records: Iterable[Any]) -> None:
        """Write a load of `traffic` to the source topics."""
        for r in records:
            topic = self.topics[r.role]
            partition = partition_of(r.key, topic.partitions) if r.partition is None else r.partition
            headers = [("type", b"tick")] if r.tick else []
            self.append(TP(topic.name, partition), r.key, r.value, headers, round(r.received_at * 1_000))

    def records(self) -> Mapping[tuple[str, int], list[Any]]:
        """Every log by role and partition, as the oracle takes it."""
        roles = {topic.name: role for role, topic in self.topics.items()}
        return {(roles[tp.topic], tp.partition): log for tp, log in self.logs.items()}


class Line:
    """The connection of one process: delays, stalls, failures, and silence once the process is dead."""

    def __init__(self, world: World, loop: asyncio.AbstractEventLoop, *, failures: float) -> None:
        self.world = world
        self.loop = loop
        self.failures = failures
        self.dead = False
        self._queues: dict[TP, deque[tuple[Any, asyncio.Future[Any]]]] = {}
        self._broken: set[TP] = set()

    def sending(self, topic: str) -> bool:
        """Whether records for a topic are under way."""
        return any(queue for tp, queue in self._queues.items() if tp.topic == topic)

    async def delay(self) -> None:
        """Wait as long as a round trip takes; now and then long."""
        roll = self.world.chance.random()
        await asyncio.sleep(0 if roll < 0.5 else self.world.chance.random() * (0.01 if roll < 0.97 else 1.5))

    async def send(self, tp: TP, key: bytes | None, value: bytes | None, headers: Any) -> asyncio.Future[Any]:
        """Queue a record; a partition takes them in order."""
        await self.delay()
        future: asyncio.Future[Any] = self.loop.create_future()
        self._queues.setdefault(tp, deque()).append(((key, value, headers), future))
        self.loop.call_later(self.world.chance.random() * 0.02, self._arrive, tp)
        return future

    def _arrive(self, tp: TP) -> None:
        if self.dead or not self._queues[tp]:
            return
        record, future = self._queues[tp].popleft()
        if tp in self._broken or self.world.chance.random() < self.failures:
            self._broken.add(tp)  # an idempotent producer can't go on after a hole
            future.set_exception(KafkaError("the broker refused"))
            return
        offset = self.world.append(tp, *record)
        self.loop.call_later(self.world.chance.random() * 0.02, self._acknowledge, future, offset)

    def _acknowledge(self, future: asyncio.Future[Any], offset: int) -> None:
        if not self.dead and not future.done():
            future.set_result(offset)

    def cut(self) -> None:
        """The process is killed: of what it sent, some prefix of each partition arrives."""
        if not self.dead:
            for tp, queue in self._queues.items():
                arrived = 0 if tp in self._broken else self.world.chance.randint(0, len(queue))
                for record, _ in list(queue)[:arrived]:
                    self.world.append(tp, *record)
        self.dead = True
