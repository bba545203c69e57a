"""Processes: our consumer and our agents as they are, several at once over a broker in memory, step by step.

One step runs one task up to its next await, in a process drawn by chance, so a kill or a pause can fall on every
await of the commit path. In place of Faust's services stand the few lines of them that matter here: what they fetch
late, deliver after a seek, forget in a rebalance, and commit. In place of the score stands a chain of checksums,
which a lost, doubled or misplaced record breaks. So a run takes milliseconds; `simulation` has the whole of Faust.
"""
# ruff: noqa: SLF001 - private API is what this is about

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from broker import Line, Stored, World
from faust.types import TP
from standins import PROBLEM, Echo, Silent, StepLoop

from stream import agents
from stream.agents import Assess, Observe, guarded
from stream.hosting import PackingConsumer, Row
from stream.table import UPTO, Rows
from stream.topics import PROBLEM_PARTITIONS

HOME = agents.partition_of(PROBLEM.encode(), PROBLEM_PARTITIONS)
COMMIT_SECONDS = 0.1


class SteppedConsumer(PackingConsumer):
    """The consumer without Faust's services around it."""

    should_stop = False

    def __init__(self, host: "Process") -> None:
        self.app = host
        self.committed_at = None
        self._accounts, self._next, self._back, self._seeks = {}, {}, set(), 0
        self._acked, self._acked_index = defaultdict(list), defaultdict(set)
        self._read_offset: dict[TP, int | None] = defaultdict(lambda: None)
        self._committed_offset: dict[TP, int | None] = defaultdict(lambda: None)
        self._buffered_partitions: set[TP] = set()
        self._thread = self  # type: ignore[assignment]  # it stands in for the fetching thread, too
        self.flow_active = False
        self.assigned: set[TP] = set()
        self.positions: dict[TP, int] = {}

    def assignment(self) -> set[TP]:
        return set(self.assigned)

    def highwater(self, tp: TP) -> int:
        return len(self.app.world.logs[tp])

    async def seek_to_committed(self) -> Mapping[TP, int]:
        await self.app.line.delay()
        committed = self.app.world.committed
        found = {tp: committed[tp] for tp in self.assigned if tp in committed}
        self.positions |= found  # the position stays where nothing was committed, as aiokafka's does
        await self.app.line.delay()
        return found

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        await self.app.line.delay()
        return dict.fromkeys(tps, 0)

    async def seek(self, partition: TP, offset: int) -> None:
        await self.app.line.delay()
        self.positions[partition] = offset
        self._read_offset[partition] = offset or None

    async def _wait_next_records(self, _timeout: float) -> tuple[dict[TP, list[Stored]], set[TP]]:
        while not self.flow_active:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.03)
        active, taken = set(self.assigned), {}
        await self.app.line.delay()
        for tp in sorted(active):
            start = self.positions.get(tp, 0)
            if records := self.app.world.logs[tp][start : start + self.app.chance.randint(1, 5)]:
                taken[tp] = records
                self.positions[tp] = records[-1].offset + 1
        late = self.app.chance.random() < 0.1  # an answer that outlasts a rebalance
        await (asyncio.sleep(self.app.chance.random() * 2) if late else self.app.line.delay())
        if not taken:
            await asyncio.sleep(0.2)
        return taken, active

    async def commit(self, offsets: Mapping[TP, int]) -> bool:  # type: ignore[override]  # as the thread's
        host = self.app
        generation, mine = (
            host.consumer_generation_id,
            {tp: o for tp, o in offsets.items() if tp in self.assigned},
        )
        await host.line.delay()
        if generation != host.world.generation or host.line.dead:
            return False
        host.world.committed.update(mine)
        await host.line.delay()
        return True


class Event:
    """One pack, as Faust hands it over."""

    def __init__(self, consumer: PackingConsumer, message: Any) -> None:  # noqa: ANN401 - Faust's
        self._consumer = consumer
        self.message = message

    def ack(self) -> None:
        self._consumer._acked[self.message.tp].append(self.message.offset)


class Stream:
    """A queue of packs; Faust empties it in a rebalance."""

    def __init__(self, host: "Process") -> None:
        self.app = host
        self.queue: deque[Any] = deque()
        self._filled = asyncio.Event()

    def put(self, message: Any) -> None:  # noqa: ANN401 - Faust's
        self.queue.append(message)
        self._filled.set()

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Event]:
        while True:
            while not self.queue:
                self._filled.clear()
                await self._filled.wait()
            yield Event(self.app.consumer, self.queue.popleft())


class Process:
    """One worker: what `stream.hosting.Host` is to the agents, and its tasks."""

    def __init__(self, world: World, clock: Callable[[], float], *, failures: float, lossy: bool) -> None:
        self.world = world
        self.chance: random.Random = world.chance
        self.loop = StepLoop(clock)
        self.line = Line(world, self.loop, failures=failures)
        self.consumer_generation_id = -1
        self.now = clock
        self.paused_until = 0.0
        self.lossy = lossy  # are packs lost on their way, as in a queue that is emptied?
        self.error: BaseException | None = None
        self._joining = False
        self.consumer = self.packing = SteppedConsumer(self)
        topics = world.topics
        progress: Any = Silent()
        problem: Any = SimpleNamespace(problem=SimpleNamespace(id=PROBLEM))
        host: Any = self
        echo: Any = Echo()
        self.assess = Assess(host, problem, topics, progress, self._read)
        observe = Observe(host, echo, topics, progress)
        self.streams = {"observe": Stream(self), "assess": Stream(self)}
        self._start(self._fetch())
        self._start(self._commit())
        for name, agent in (("observe", observe), ("assess", self.assess)):
            self._start(guarded(agent.run, self.end)(self.streams[name]))  # type: ignore[arg-type]

    def _start(self, task: Coroutine[Any, Any, Any]) -> None:
        self.loop.create_task(task)

    def end(self, error: BaseException) -> None:
        self.error = error
        self.line.cut()

    async def deliver(self, topic: str, partition: int, rows: Iterable[Row]) -> None:
        await asyncio.gather(*[await self.line.send(TP(topic, partition), *row) for row in rows])

    def rejoin(self, generation: int, assigned: set[TP]) -> None:
        """Hear of a rebalance."""
        self._start(self._rejoin(generation, assigned))

    async def _rejoin(self, generation: int, assigned: set[TP]) -> None:
        while self._joining:  # noqa: ASYNC110 - a lock would wake up what is killed
            await asyncio.sleep(0.005)
        self._joining = True
        consumer, log = self.consumer, self.world.topics["indications"].name
        consumer.flow_active = False
        self.assess.revoked()
        for stream in self.streams.values():
            stream.queue.clear()
        await self.line.delay()
        self.consumer_generation_id = generation
        consumer.assigned = assigned
        kept = consumer.positions if self.chance.random() < 0.5 else {}
        consumer.positions = {
            tp: kept.get(tp, 0) for tp in assigned
        }  # where nothing was committed, seeks leave it
        self.assess.assigned(generation, [tp.partition for tp in assigned if tp.topic == log])
        await self.line.delay()
        await consumer.perform_seek()
        consumer.flow_active = True
        self._joining = False

    async def _fetch(self) -> None:
        log, consumer = self.world.topics["indications"].name, self.consumer
        while True:
            async for tp, message in consumer.getmany(1.0):
                read = consumer._read_offset[tp]
                stream = self.streams["assess" if tp.topic == log else "observe"]
                if read is None or message.offset >= read:
                    while consumer.flow_active and len(stream.queue) >= 4:  # noqa: ASYNC110 - as above
                        await asyncio.sleep(0.01)
                    await self.line.delay()
                    lost = self.lossy and self.chance.random() < (0.03 if consumer.flow_active else 0.5)
                    if not lost:
                        stream.put(message)
                    consumer._read_offset[tp] = message.offset
            await asyncio.sleep(0)

    async def _commit(self) -> None:
        consumer = self.consumer
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            due = {
                tp: offset for tp in list(consumer._acked) if (offset := consumer._new_offset(tp)) is not None
            }
            due = {
                tp: o
                for tp, o in due.items()
                if (consumer._committed_offset[tp] or 0) < o and tp in consumer.assigned
            }
            if due:
                await self.line.delay()
                await consumer._commit(due)
                consumer._committed_offset.update(due)  # as Faust: whether it was taken or not

    async def _read(self, partition: int) -> Rows:
        await self._long()
        rows = Rows()
        for record in list(self.world.logs[TP(self.world.topics["assess-changelog"].name, partition)]):
            rows.take(str(record.key, "utf-8"), record.value, int(dict(record.headers)[UPTO]))
        await self._long()
        return rows

    async def _long(self) -> None:
        """Read a long changelog: now and then others go on meanwhile."""
        await asyncio.sleep(self.chance.random() * self.chance.choice([0, 0, 2]))
