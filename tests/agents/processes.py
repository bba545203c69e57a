"""Processes: our consumer and our agents as they are, several at once over a broker in memory, step by step.

One step runs one task up to its next await, in a process drawn by chance, so a kill or a pause can fall on every
await of the commit path. In place of Faust's services stand the few lines of them that matter here: what they fetch
late, deliver after a seek, forget in a rebalance, and commit. In place of the score stands a chain of checksums,
which a lost, doubled or misplaced record breaks. So a run takes milliseconds; `simulation` has the whole of Faust.
"""
# ruff: noqa: SLF001 - private API is what this is about

import asyncio
import heapq
import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from broker import Line, Stored, World
from faust.types import TP

from stream import agents
from stream.agents import Assess, Observe, guarded
from stream.core.observe import Observed
from stream.core.pipeline import Inbound, Step
from stream.hosting import PackingConsumer, Row
from stream.table import UPTO, Rows
from stream.topics import PROBLEM_PARTITIONS

PROBLEM = "p"
HOME = agents.partition_of(PROBLEM.encode(), PROBLEM_PARTITIONS)
COMMIT_SECONDS = 0.1
REMEMBERED = 70  # offsets; what is forgotten can no longer be missed


class Chain:
    """A state that tells every order of every set of records apart; takes the assessor's place."""

    def __init__(self, _catalogue: object = None, *, origins: object = (), owner: str = "") -> None:
        del origins, owner
        self.watermark: dict[str, int] = {}
        self.fold = SimpleNamespace(every=None, evaluated=None, newest=None, seen={}, clock=0.0)
        self._sum = 0
        self._rows: dict[str, bytes | None] = {}
        self._kept: dict[str, int] = {}

    def apply(self, log: str, offset: int, value: bytes) -> Step:
        if offset <= self.watermark.get(log, -1):
            return Step({}, [])
        self.watermark[log] = offset
        self._sum = crc32(b"%d %b" % (offset, value), self._sum)
        if value.startswith(b"tick"):
            old = [name for name, last in self._kept.items() if last < offset - REMEMBERED]
            for name in old:
                del self._kept[name]
            self._rows |= dict.fromkeys(old)
            return Step({}, [], ends_batch=True)
        name = f"{PROBLEM}/m/{value.decode()}"
        self._rows[name] = str(offset).encode()
        self._kept[name] = offset
        return Step({}, [])

    def flush(self) -> Step:
        rows, self._rows = self._rows, {}
        state = json.dumps([self.watermark, self._sum]).encode()
        return Step(rows | {f"{PROBLEM}/_state": state}, [(b"", state)])

    def restore(self, rows: Iterable[tuple[str, bytes]]) -> None:
        for key, value in rows:
            if key.endswith("/_state"):
                self.watermark, self._sum = json.loads(value)
            else:
                self._kept[key] = int(value)


class Echo:
    """Takes the observer's place: each message is an observation, junk a rejection."""

    problem = PROBLEM

    def observe(self, pack: Iterable[Inbound]) -> Observed:
        found = Observed([], [], Counter())
        for record in pack:
            where = f"{record.origin}:{record.offset}".encode()
            if record.value == b"junk":
                found.rejections.append((where, where))
            else:
                found.observations.append(record.value + b" " + where)
        return found


class Silent:
    """Takes the place of what the worker shows of itself."""

    @contextmanager
    def timed(self, _records: int) -> Iterator[None]:
        yield

    def say(self, *_: object) -> None: ...

    count = stands = lost = show = say


class StepLoop(asyncio.BaseEventLoop):
    """An event loop without sockets, run one callback at a time, in the world's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock

    def time(self) -> float:
        return self._clock()

    @property
    def next(self) -> float:
        """When there is something to do."""
        if self._ready:
            return 0.0
        return self._scheduled[0]._when if self._scheduled else float("inf")

    def step(self) -> None:
        while self._scheduled and self._scheduled[0]._when <= self.time():
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            self._ready.append(timer)
        handle = self._ready.popleft()
        if not handle._cancelled:
            asyncio._set_running_loop(self)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if error := context.get("exception"):
            raise error  # else: what a killed process leaves


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
