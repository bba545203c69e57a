"""Records as parsed: for the worker's consumer only; others of the same process get what they expect."""

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from stream.hosting import _AS_PARSED

PLACE = TopicPartition("events", 3)


def first(mark: object) -> object:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 10)
    builder.append(0, 1_645_000_000_000, b"key", b"value", [])
    records = MemoryRecords(bytes(builder.build()))
    return next(
        fetcher.PartitionRecords(PLACE, records, None, 0, mark, None, check_crcs=False, isolation_level=0)
    )


def test_a_consumer_that_is_not_the_workers_gets_records_that_know_their_partition() -> None:
    record = first(None)
    assert isinstance(record, ConsumerRecord)
    assert (record.topic, record.partition, record.offset, record.key) == ("events", 3, 0, b"key")


def test_the_workers_consumer_gets_them_as_parsed() -> None:
    record = first(_AS_PARSED)
    assert not isinstance(record, ConsumerRecord)
    assert record.value == b"value"  # type: ignore[attr-defined]  # aiokafka has no types
