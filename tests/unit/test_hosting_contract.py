"""What `stream.hosting` relies on inside Faust and aiokafka: a new version that changes it fails here first."""
# ruff: noqa: SLF001 - private API is what this is about

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import aiokafka
import faust
import pytest
from aiokafka.consumer.fetcher import Fetcher, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from faust.tables.recovery import Recovery
from faust.transport import conductor, consumer, producer
from faust.transport.drivers import aiokafka as driver
from mode.threads import ServiceThread


def test_versions_are_the_ones_that_were_read() -> None:
    assert (version("faust-streaming"), version("aiokafka")) == ("0.15.3", "0.14.0")


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (driver.Consumer.perform_seek, []),
        (driver.Consumer.getmany, ["timeout"]),
        (driver.Consumer.seek, ["partition", "offset"]),
        (driver.Consumer._wait_next_records, ["timeout"]),
        (driver.Consumer._to_message, ["tp", "record"]),
        (driver.Consumer._new_consumer_thread, []),
        (driver.Consumer._add_gap, ["tp", "offset_from", "offset_to"]),
        (driver.Consumer._new_offset, ["tp"]),
        (driver.Consumer._commit, ["offsets"]),
        (driver.Consumer.earliest_offsets, ["partitions"]),
        (driver.Consumer.assignment, []),
        (driver.Consumer.highwater, ["tp"]),
        (driver.AIOKafkaConsumerThread._create_worker_consumer, ["transport"]),
        (driver.Producer._settings_extra, []),
        (driver.Producer._ensure_producer, []),
        (aiokafka.AIOKafkaProducer.create_batch, []),
        (aiokafka.AIOKafkaProducer.send_batch, ["batch", "topic", "partition"]),
        (BatchBuilder.append, ["timestamp", "key", "value", "headers"]),
        (PartitionRecords._consumer_record, ["tp", "record"]),
        (faust.App._new_transport, []),
        (faust.App._new_producer_transport, []),
        (faust.Stream.noack, []),
        (faust.Stream.events, []),
    ],
)
def test_what_is_called_or_overridden_has_the_signature_that_was_read(
    function: Callable[..., Any], parameters: list[str]
) -> None:
    assert [*inspect.signature(function).parameters][1:] == parameters


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        # the account replaces what these do with gaps and offsets
        (consumer.Consumer._filter_committable_offsets, ["offset = self._new_offset(tp)"]),
        (consumer.Consumer._filter_tps_with_pending_acks, ["for tp in self._acked"]),
        (
            consumer.Consumer._commit_offsets,  # it notes what was refused, too
            [
                "did_commit = await self._commit(committable_offsets)",
                "        self._committed_offset.update(committable_offsets)",
            ],
        ),
        (consumer.Consumer.force_commit, ["self._commit_tps("]),
        (
            consumer.Consumer._drain_messages,
            ["offset >= r_offset", "callback(message), self.suspend_flow.wait()"],
        ),
        (consumer.Consumer.perform_seek, ["_committed_offsets = await self.seek_to_committed()"]),
        (consumer.Consumer.seek, ["self._read_offset[ensure_TP(partition)] = offset if offset else None"]),
        # a pack is one message to these, whatever its value
        (conductor.ConductorCompiler.build, ["await chan.decode(message, propagate=True)"]),
        # a full stream holds back the fetching task, and so does not need its partition taken out
        (conductor.ConductorCompiler.build, ["if queue.full():", "ensure_future(dest_chan.put(dest_event))"]),
        (consumer.Consumer.on_buffer_full, ["active_partitions.discard(tp)"]),
        # the account opens where recovery, which has no tables to recover, seeks
        (Recovery._resume_streams, ["consumer.perform_seek()"]),
        (driver.AIOKafkaConsumerThread._create_worker_consumer, ["fetch_max_wait_ms=1500"]),
        # the thread runs the loop it is given, and leaves it open unless told
        (ServiceThread.__init__, ["self.thread_loop = thread_loop or asyncio.new_event_loop()"]),
        (ServiceThread._start_thread, ["if self._close_thread_loop_on_stop:"]),
        # what a returning broker had not known yet is seen once metadata is old, and shared out anew
        (
            driver.AIOKafkaConsumerThread._create_worker_consumer,
            ["metadata_max_age_ms=conf.consumer_metadata_max_age_ms"],
        ),
        (GroupCoordinator._handle_metadata_update, ["if self._metadata_snapshot != metadata_snapshot:"]),
        (driver.Producer._new_producer, ["**self._settings_extra()"]),
        (aiokafka.AIOKafkaConsumer.start, ["fetch_max_wait_ms=self._fetch_max_wait_ms"]),
        (aiokafka.AIOKafkaConsumer.start, ["key_deserializer=self._key_deserializer"]),  # marks our records
        (aiokafka.AIOKafkaConsumer.highwater, ["assert self._subscription.is_assigned(partition)"]),
        (PartitionRecords.__init__, ["self._key_deserializer = key_deserializer"]),
        (Fetcher.fetched_records, ["max_records"]),
        # what it has parsed is passed on as it is, from where it looks for the class
        (Fetcher._proc_fetch_request, ["PartitionRecords("]),
        (PartitionRecords._unpack_records, ["self._consumer_record(tp, record)", "yield consumer_record"]),
        # batches of a partition go one after the other; a full one takes no more
        (MessageAccumulator.add_batch, ["await pending[-1].wait_drain(timeout=timeout)"]),
        (BatchBuilder.append, ["if metadata is None:", "return None"]),
    ],
)
def test_what_is_leant_on_still_reads_as_it_did(function: Callable[..., Any], lines: list[str]) -> None:
    source = inspect.getsource(function)
    assert [line for line in lines if line not in source] == []


def test_the_consumer_keeps_the_books_that_are_emptied() -> None:
    source = inspect.getsource(consumer.Consumer.__init__)
    assert "self._acked = defaultdict(list)" in source
    assert "self._acked_index = defaultdict(set)" in source


def test_a_flush_still_gives_up_after_a_tenth_of_a_second() -> None:
    """Once this fails, look again at whether tables could go through Faust (`stream.table`)."""
    assert "timeout=0.1" in inspect.getsource(producer.ProducerBuffer.flush_atmost)


def test_a_parsed_record_has_what_a_pack_needs() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 10)
    builder.append(0, 1_645_000_000_000, b"key", b"value", [("type", b"tick")])
    (record,) = DefaultRecordBatch(builder.build())
    found = record.offset, record.timestamp, record.key, record.value, list(record.headers)
    assert found == (0, 1_645_000_000_000, b"key", b"value", [("type", b"tick")])
