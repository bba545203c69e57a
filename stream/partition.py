"""Partition: what stands in one, read as a stretch of it, or its last record."""

from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from stream.connection import BrokerProblem

LAST_POLLS, STRETCH_POLLS = 10, 30  # of a second each, until what must be there is missed


def stretch(reader: KafkaConsumer, partition: TopicPartition, start: int, end: int) -> Iterator[list[Any]]:
    """Read a partition's records from offset `start` to `end` (left out), as they come; now and then none.

    Raises
    ------
    BrokerProblem
        where the broker stops giving what must be there.
    """
    reader.assign([partition])
    reader.seek(partition, start)
    quiet = 0
    while reader.position(partition) < end:  # a position, since a log may have holes
        records = reader.poll(timeout_ms=1_000, max_records=5_000).get(partition, [])
        quiet = 0 if records else quiet + 1
        if quiet > STRETCH_POLLS:
            raise BrokerProblem(
                f"{partition.topic} gives nothing after offset {reader.position(partition)}, and should up to {end};"
                " see the broker's log"
            )
        yield [record for record in records if record.offset < end]


def last_record(reader: KafkaConsumer, partition: TopicPartition) -> Any | None:  # noqa: ANN401 - Kafka's record
    """Read the last record of a partition; None where it is empty.

    Raises
    ------
    BrokerProblem
        where the broker doesn't give it.
    """
    end = reader.end_offsets([partition])[partition]
    if end == reader.beginning_offsets([partition])[partition]:
        return None
    reader.assign([partition])
    reader.seek(partition, end - 1)
    for _ in range(LAST_POLLS):
        if found := reader.poll(timeout_ms=1_000).get(partition):
            return found[-1]
    raise BrokerProblem(f"{partition.topic} does not give its last record; see the broker's log")
