"""Simulation: Faust's own consumer, conductor, streams and recovery, and our agents, over a broker in memory.

Everything runs on one event loop with virtual time, so that a run takes no longer than its work, and a process
can be killed at any step of its loop, as kill -9 would: what it sent may have arrived, in order, up to some
record. Fetches answer late, across seeks; partitions are rebalanced at any time; sends stall, or fail for good.
"""
# ruff: noqa: ANN401 - the signatures are Faust's

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from broker import Line, Stored, World
from faust.transport.producer import Producer
from faust.types import TP
from mode import Service

from schemas.catalogue import Catalogue
from stream.app import attach, config
from stream.hosting import Host, PackingConsumer, Row, _Transport
from stream.progress import Progress
from stream.settings import Settings
from stream.table import UPTO, Rows

HASTE = {"broker_commit_interval": 0.02}  # commits as often as they can do harm


class Killed(BaseException):
    """The process is gone."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time is what is due next; after `left` steps the process is killed."""

    def __init__(self, left: float) -> None:
        super().__init__()
        self.left = left
        self._virtual = 0.0

    def time(self) -> float:
        return self._virtual

    def _run_once(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed
        if not self._ready and self._scheduled:
            self._virtual = max(self._virtual, self._scheduled[0]._when)  # noqa: SLF001 - asyncio's own
        super()._run_once()


class SimThread(Service):
    """What the aiokafka consumer thread does for Faust's consumer, over the world."""

    def __init__(self, consumer: "SimConsumer", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.consumer = consumer
        self.app = consumer.app
        self.line: Line = consumer.app.line
        self.world = self.line.world
        self.assigned: set[TP] = set()
        self.positions: dict[TP, int] = {}

    async def subscribe(self, topics: Iterable[str]) -> None:
        self.add_future(self._membership(set(topics)))

    async def _membership(self, names: set[str]) -> None:
        while True:
            await self._rebalance({tp for tp in self.world.logs if tp.topic in names})
            await asyncio.sleep(self.world.chance.expovariate(1))

    async def _rebalance(self, assigned: set[TP]) -> None:
        self.app.on_rebalance_start()
        await self.consumer.on_partitions_revoked(set(self.assigned))
        await self.line.delay()
        self.world.generation += 1
        self.world.rebalances += 1
        self.app.consumer_generation_id = self.world.generation
        self.assigned = assigned
        self.positions = {tp: self.world.committed.get(tp, 0) for tp in assigned}
        await self.consumer.on_partitions_assigned(assigned, self.world.generation)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        await self.line.delay()
        found = {tp: self.world.committed[tp] for tp in self.assigned if tp in self.world.committed}
        self.positions |= found  # the position stays where nothing was committed, as aiokafka's does
        await self.line.delay()
        return found

    async def getmany(self, active: set[TP] | None, timeout: float) -> dict[TP, list[Stored]]:  # noqa: ASYNC109
        if not self.consumer.flow_active:
            return {}
        await self.line.delay()
        taken = {}
        for tp in sorted(active or ()):
            start = self.positions.get(tp, 0)
            if records := self.world.logs[tp][start : start + self.world.chance.randint(1, 15)]:
                taken[tp] = records
                self.positions[tp] = records[-1].offset + 1
        await (self.line.delay() if taken else asyncio.sleep(min(timeout, 0.05)))
        return taken

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        generation = self.world.generation
        await self.line.delay()
        if self.line.dead or generation != self.world.generation:
            return False
        self.world.committed.update(offsets)
        await self.line.delay()
        return True

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        await self.line.delay()
        return dict.fromkeys(tps, 0)

    def seek(self, tp: TP, offset: int) -> None:
        self.positions[tp] = offset

    def assignment(self) -> set[TP]:
        return set(self.assigned)

    def highwater(self, tp: TP) -> int:
        return len(self.world.logs[tp])

    def close(self) -> None: ...


class SimConsumer(PackingConsumer):
    def _new_consumer_thread(self) -> Any:
        return SimThread(self, loop=self.loop, beacon=self.beacon)

    def verify_event_path(self, now: float, tp: TP) -> None: ...


class SimProducer(Producer):
    async def deliver(self, topic: str, partition: int, rows: Iterable[Row]) -> None:
        line: Line = self.app.line
        await asyncio.gather(*[await line.send(TP(topic, partition), *row) for row in rows])

    async def flush(self) -> None: ...


class _SimTransport(_Transport):
    Consumer = SimConsumer
    Producer = SimProducer


class SimHost(Host):
    """The app, on a line of the simulation in place of a broker."""

    line: Line

    def _new_transport(self) -> Any:
        return _SimTransport(self.conf.broker_consumer, self)

    _new_producer_transport = _new_transport


class Simulation:
    """One world, and the processes that come and go in it."""

    def __init__(self, catalogue: Catalogue, folder: Path, seed: int) -> None:
        self.settings = Settings(run="sim", data=folder)
        self.catalogue = catalogue
        self.world = World(self.settings, seed)
        self.endings: list[str] = []
        self._gone: list[object] = []  # what a killed process leaves must not be tidied up into new events

    def live(self, steps: float, *, failures: float = 0.0) -> None:
        """Run one process until it is killed after `steps` of its loop, or everything is done."""
        loop = VirtualLoop(steps)
        line = Line(self.world, loop, failures=failures)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._process(loop, line))
            self.endings.append("done")
        except Killed:
            self.endings.append("killed")
        finally:
            line.cut()
            asyncio.set_event_loop(None)
            self._gone.append((loop, line))

    async def _process(self, loop: VirtualLoop, line: Line) -> None:
        def end(error: BaseException) -> None:
            self.endings.append(f"{type(error).__name__}: {error}")
            line.cut()
            loop.left = 0

        app = SimHost(self.settings.prefix, now=loop.time, **config(self.settings) | HASTE)
        app.line = line
        progress = Progress(lambda _: None, loop.time, 60)
        attach(app, self.settings, self.catalogue, progress, partial(self._read, line), end)
        self._gone.append(app)
        await app.start()
        while not self._done():  # noqa: ASYNC110 - virtual time, and nobody to tell
            await asyncio.sleep(0.5)

    def _done(self) -> bool:
        consumed = {self.world.topics[role].name for role in ("articles", "events", "reviews", "indications")}
        return all(
            self.world.committed.get(tp, 0) == len(log)
            for tp, log in self.world.logs.items()
            if tp.topic in consumed
        )

    async def _read(self, line: Line, partition: int) -> Rows:
        await line.delay()
        rows = Rows()
        for record in list(self.world.logs[TP(self.world.topics["assess-changelog"].name, partition)]):
            rows.take(str(record.key, "utf-8"), record.value, int(dict(record.headers)[UPTO]))
        return rows
