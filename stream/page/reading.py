"""Reading: follow the topics the page shows, and fetch single records back by their offset."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from schemas.assessment import Assessment
from stream.connection import BrokerProblem, administrator, options
from stream.page.trail import Entry, Summary, Trail
from stream.settings import Settings
from stream.topics import PROBLEM_PARTITIONS, topics

log = logging.getLogger(__name__)

FETCH_BYTES = 8 << 20
FETCH_SECONDS = 10.0
POLL_MS = 500


class Reading:
    """What the page knows of the stream: the trail of each problem; full assessments on demand."""

    def __init__(self, settings: Settings) -> None:
        self._topic = topics(settings)["assessments"].name
        self._settings = settings
        self._fetcher: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()
        self.trails: dict[str, Trail] = defaultdict(Trail)
        self.caught_up = asyncio.Event()
        self.failure: str | None = None  # why the broker can't be read, where it can't

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Follow the topic in the background until the block ends.

        Raises
        ------
        BrokerProblem
            where no broker answers at the start; later outages are shown, and waited out.
        """
        await asyncio.to_thread(lambda: administrator(self._settings).close())  # says clearly what is wrong
        follower, self._fetcher = self._consumer(), self._consumer()
        try:
            await follower.start()
            await self._fetcher.start()
        except (KafkaError, OSError) as e:
            await follower.stop()
            await self._fetcher.stop()
            raise BrokerProblem(f"the broker at {self._settings.brokers} can't be read: {e!r}") from e
        task = asyncio.create_task(self._follow(follower))
        task.add_done_callback(self._ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await follower.stop()
            await self._fetcher.stop()

    async def assessment(self, entry: Entry) -> Assessment:
        """Read one assessment back from the topic, whole.

        Raises
        ------
        LookupError
            where the topic no longer has it, or the broker does not give it in time.
        """
        consumer = self._fetcher
        if consumer is None:
            raise LookupError("not following")
        tp = TopicPartition(self._topic, entry.partition)
        async with self._one_at_a_time:
            try:
                consumer.assign([tp])
                consumer.seek(tp, entry.offset)
                record = await asyncio.wait_for(consumer.getone(tp), FETCH_SECONDS)
            except (KafkaError, TimeoutError) as e:
                raise LookupError(f"the broker did not give offset {entry.offset} of {tp}: {e!r}") from e
        if record.offset != entry.offset:
            raise LookupError(f"offset {entry.offset} of {tp} is gone; the next is {record.offset}")
        # what an older or newer version wrote may have other fields
        return Assessment.model_validate_json(record.value, extra="ignore")

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        partitions = [TopicPartition(self._topic, p) for p in range(PROBLEM_PARTITIONS)]
        consumer.assign(partitions)
        ends: dict[TopicPartition, int] = {}
        while True:
            try:
                ends = ends or await consumer.end_offsets(partitions)
                batches = await consumer.getmany(timeout_ms=POLL_MS, max_records=500)
                self.failure = None
                for records in batches.values():
                    for record in records:
                        self._note(record)
                if not self.caught_up.is_set():
                    reached = [await consumer.position(tp) >= end for tp, end in ends.items()]
                    if all(reached):
                        self.caught_up.set()
            except KafkaError as e:
                self.failure = f"the broker at {self._settings.brokers} can't be read: {e!r}"
                log.warning("%s; trying again", self.failure)
                await asyncio.sleep(1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Say so where following ended of itself: a page that stands still must not look calm."""
        if not task.cancelled() and (error := task.exception()):
            self.failure = f"the page stopped following the assessments: {error!r}; start it again"
            log.critical("%s", self.failure, exc_info=error)

    def _note(self, record: ConsumerRecord) -> None:
        try:
            found = Summary.model_validate_json(record.value)
        except ValidationError as e:
            log.warning("offset %d of %s is no assessment: %s", record.offset, record.topic, e)
            return
        self.trails[found.problem].add(
            Entry(
                at=found.at.timestamp(),
                partition=record.partition,
                offset=record.offset,
                index=found.index,
                low=found.low,
                high=found.high,
                level=found.level,
                tick=found.cause == "tick",
            )
        )

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **options(self._settings),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
