"""Hosting: consumption in packs, and an account of offsets that neither loses nor skips.

The one module that touches private API of Faust and aiokafka (both pinned exactly;
tests/unit/test_hosting_contract.py fails when a new version changes what is relied on). Why stock Faust does
not do, all found on a real broker or in its source:

- To hand over one message costs about 50 µs, however it is decoded. So the fetching task hands over what a fetch
  brought of one partition as *one* message, whose value is the list of records.
- A rebalance clears the streams' queues, and records fetched before a seek are delivered after it. Faust takes
  the hole for a gap in the log and commits past it. So `PackingConsumer` keeps the only account that matters:
  for each partition *and generation*, the offset due next. Each pack says from where on it is whole (a log may
  have holes of its own); one that starts after what is due is refused and its partition sought back; what was
  seen before is trimmed; only the account is ever committed.
- `perform_seek` leaves the position alone where nothing was committed yet: the account starts at the earliest
  offset there, and the position with it.
- An `async for` over a stream acknowledges in its `finally`, even when the body raised. So streams are read
  with `noack()`, and `Pack.done` is the last thing an agent does.
- The producer is idempotent only under `exactly_once`, whose transactions lose records. So that is switched on
  by itself: a partition then holds what one producer sent in the order it was sent, and a kill leaves a prefix.
- A long poll of 1.5 s, fixed by Faust, holds back a partition that is not in it: it is shortened. A fetch that waits
  without those whose stream is full does so for a second: none is left out, a full stream holds back by itself.
  The fetching thread makes itself a loop of asyncio's own, whatever the app runs on: it is given uvloop's.
- aiokafka copies each record it has parsed into another of eleven fields, and gives each record it sends a
  future of its own. Neither is wanted here: records are handed on as parsed, and sent in batches.
- Tables are written through a buffer whose `flush` gives up after 100 ms, and are recovered by a task that logs
  its errors and goes on, from packs that may be stale. So the state keeps a changelog itself (`stream.table`).
"""
# ruff: noqa: SLF001, ANN401 - private API is what this module is about, and what Faust passes on is its own matter

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import faust
import uvloop
from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, EventT, Message, StreamT
from faust.types.tuples import ConsumerMessage

LONG_POLL_MS = 100
_AS_PARSED = object()  # in a deserializer's place, marks the consumer whose records stay as parsed


class Row(NamedTuple):
    """One record to send."""

    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Record(Protocol):
    """One record as fetched; `timestamp` is in epoch milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Account(NamedTuple):
    """What one generation has of one partition: where it began, and the offset due next."""

    generation: int
    began: int
    due: int


@dataclass(frozen=True)
class Pack:
    """Records of one partition that are due, in order; never empty."""

    topic: str
    partition: int
    generation: int
    began: int  # the committed offset this generation started from
    records: Sequence[Record]
    more: bool  # the log goes on, as far as is known: another pack follows
    current: Callable[[], bool]  # is the partition still ours, in this generation?
    done: Callable[[], None]  # everything this pack gave rise to is durable


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    def _consumer_record(self, tp: TP, record: Record) -> Any:
        # other consumers of the process get what they expect
        return record if self._key_deserializer is _AS_PARSED else super()._consumer_record(tp, record)


fetcher.PartitionRecords = _PartitionRecords  # named there, and nowhere to be passed in


class _Thread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = LONG_POLL_MS
        consumer._key_deserializer = _AS_PARSED
        return consumer


class PackingConsumer(driver.Consumer):
    """Faust's consumer, handing over packs and committing the account only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.committed_at: float | None = None
        self._accounts: dict[TP, Account] = {}
        self._next: dict[TP, int] = {}  # where what is fetched next begins
        self._back: set[TP] = set()  # partitions to seek to what is due, before the next fetch
        self._seeks = 0

    def _new_consumer_thread(self) -> _Thread:
        thread = _Thread(self, thread_loop=uvloop.new_event_loop(), loop=self.loop, beacon=self.beacon)
        thread._close_thread_loop_on_stop = True  # as it does with one of its own
        return thread

    async def perform_seek(self) -> None:
        """Open an account for each partition of this generation, at the committed or else the earliest offset."""
        self._next.clear()  # what is fetched while seeking may be from before or after
        self._committed_offset.clear()  # it holds refused commits, too: no place to begin at
        await super().perform_seek()
        generation = self.app.consumer_generation_id
        for tp in self.assignment():
            offset = self._committed_offset.get(tp)  # `_read_offset` is stale where nothing was committed
            if offset is None:
                offset = (await self.earliest_offsets(tp))[tp]
                await self.seek(tp, offset)
            self._accounts[tp] = Account(generation, offset, offset)
            self._next[tp] = offset
        self._seeks += 1

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 - Faust's
        """Fetch, and yield the records of one partition as one message."""
        await self._go_back()
        seeks = self._seeks
        fetched, active = await self._wait_next_records(timeout)
        if fetched is None or self.should_stop:
            return
        for tp, records in fetched.items():
            if not self.flow_active or seeks != self._seeks or tp not in self._next:
                self._back.update(fetched)  # what is not handed over must be fetched again
                return
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                self._back.add(tp)
                continue
            message = self._message(tp, records, self._next[tp])
            self._next[tp] = records[-1].offset + 1
            yield tp, message

    def _message(self, tp: TP, pack: Sequence[Record], start: int) -> Message:
        last, generation = pack[-1], self.app.consumer_generation_id
        place = (tp.topic, tp.partition, last.offset, last.timestamp / 1_000, 0)
        value = cast("Any", (start, pack))
        return ConsumerMessage(*place, None, None, value, None, tp=tp, generation_id=generation)

    async def _go_back(self) -> None:
        # Here and from the fetching task only: a seek from any other races with its books.
        while self._back and self.flow_active:
            tp = self._back.pop()
            if tp not in self.assignment():
                continue
            if account := self._account(tp):
                await self.seek(tp, account.due)
                self._next[tp] = account.due
            else:
                await self.perform_seek()

    def due(self, event: EventT[Any]) -> Pack | None:
        """Give the part of a pack that is due; None where nothing is, or where the pack must be refused."""
        message = event.message
        tp = message.tp
        start, records = cast("tuple[int, Sequence[Record]]", message.value)  # as `getmany` left it
        account = self._account(tp)
        if account is None or message.generation_id != account.generation:
            return None
        if start > account.due:
            self._back.add(tp)
            return None
        due = account.due
        fresh = records if records[0].offset >= due else [r for r in records if r.offset >= due]
        if not fresh:
            return None
        generation, following = account.generation, fresh[-1].offset + 1

        def current() -> bool:
            return (now := self._account(tp)) is not None and now.generation == generation

        def done() -> None:
            if current():
                self._accounts[tp] = account._replace(due=max(self._accounts[tp].due, following))
            event.ack()

        more = (self._end(tp) or 0) > following
        return Pack(tp.topic, tp.partition, generation, account.began, fresh, more, current, done)

    def lag(self) -> dict[tuple[str, int], int]:
        """Count what stands unread in each partition that is ours."""
        return {tp: max(0, end - due) for tp, (due, end, _) in self.positions().items() if end is not None}

    @property
    def settled(self) -> bool:
        """Whether the flow is on, and each partition that is ours has its account: false while rebalancing."""
        return bool(self.flow_active) and all(self._account(tp) for tp in self.assignment())

    def positions(self) -> dict[tuple[str, int], tuple[int, int | None, int | None]]:
        """Give, for each partition that is ours, the offset due next, the log's end, and what is committed."""
        return {
            (tp.topic, tp.partition): (account.due, self._end(tp), self._committed_offset.get(tp))
            for tp in self.assignment()
            if (account := self._account(tp))
        }

    async def ends(self) -> dict[tuple[str, int], int]:
        """Ask the broker for the ends of the logs that are ours: what is fetched tells nothing once fetching stops."""
        ours = [tp for tp in self.assignment() if self._account(tp)]
        return {(tp.topic, tp.partition): end for tp, end in (await self.highwaters(*ours)).items()}

    def _account(self, tp: TP) -> Account | None:
        account = self._accounts.get(tp)
        return account if account and account.generation == self.app.consumer_generation_id else None

    def _end(self, tp: TP) -> int | None:
        with suppress(AssertionError):  # in the thread of the fetches the partition may be going this moment
            return self.highwater(tp)
        return None

    def on_buffer_full(self, tp: TP) -> None:
        """Go on fetching."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Note nothing: Faust would commit past its gaps."""

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()  # Faust's own books, which nothing else empties now
        self._acked_index[tp].clear()
        account = self._account(tp)
        return account.due if account and account.due > account.began else None

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        if committed := bool(await super()._commit(offsets)):
            self.committed_at = cast("Host", self.app).now()
        return committed


class PackingProducer(driver.Producer):
    """Faust's producer, sending many records at once."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}

    async def deliver(self, topic: str, partition: int, rows: Iterable[Row]) -> None:
        """Send records to a partition in their order, and wait until all of them are durable."""
        producer = self._ensure_producer()
        sent, batch = [], producer.create_batch()
        for key, value, headers in rows:
            while batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
                sent.append(await producer.send_batch(batch, topic, partition=partition))  # it is full
                batch = producer.create_batch()
        if batch.record_count():
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*sent)


class _Transport(driver.Transport):
    Consumer = PackingConsumer
    Producer = PackingProducer


class Host(faust.App):
    """A Faust app that consumes in packs. `now` is the wall clock."""

    def __init__(self, *args: Any, now: Callable[[], float], **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)

    async def deliver(self, topic: str, partition: int, rows: Iterable[Row]) -> None:
        """Make records durable, in their order."""
        await cast("PackingProducer", self.producer).deliver(topic, partition, rows)

    @property
    def packing(self) -> PackingConsumer:
        """The consumer, as what it is."""
        return cast("PackingConsumer", self.consumer)

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> _Transport:
        return _Transport(self.conf.broker_producer, self)


async def packs(stream: StreamT[Any]) -> AsyncIterator[Pack]:
    """Yield what is due, pack by pack; the reader calls `done` on each, last."""
    consumer = cast("PackingConsumer", stream.app.consumer)
    async for event in cast("faust.Stream[Any]", stream).noack().events():
        if pack := consumer.due(event):
            yield pack
        else:
            event.ack()
