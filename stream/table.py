"""Table: the state's rows, in a compacted topic of their own, read back when a partition becomes ours.

Each row carries in a header the offset of the log up to which it was folded. Where a worker that lost its
partition wakes and writes late, its older row stands after a newer one: reading keeps, for each key, the row
folded furthest, and says which of them must be written again to stand last.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

UPTO = "upto"
FETCH_BYTES = 8 << 20


@dataclass
class Rows:
    """Rows read back, by key; None is a row deleted. `overtaken`: keys whose best row is not their last.

    >>> rows = Rows()
    >>> for upto, value in ((7, b"seven"), (9, b"nine"), (8, b"zombie")):
    ...     rows.take("a", value, upto)
    >>> rows.best, rows.overtaken
    ({'a': (9, b'nine')}, {'a'})
    """

    best: dict[str, tuple[int, bytes | None]] = field(default_factory=dict)
    overtaken: set[str] = field(default_factory=set)

    def take(self, key: str, value: bytes | None, upto: int) -> None:
        """Take in the next record of the changelog."""
        if upto >= self.best.get(key, (-1, None))[0]:
            self.best[key] = (upto, value)
            self.overtaken.discard(key)
        else:
            self.overtaken.add(key)

    def live(self) -> Iterable[tuple[str, bytes]]:
        """Rows that were not deleted."""
        return ((key, value) for key, (_, value) in self.best.items() if value is not None)


def header(upto: int) -> tuple[str, bytes]:
    """Say up to which offset of the log a row was folded."""
    return UPTO, str(upto).encode()


async def read(connection: Mapping[str, Any], topic: str, partition: int) -> Rows:
    """Read one partition of the changelog to its present end; `connection` as `stream.connection.options` gives it."""
    consumer = AIOKafkaConsumer(
        **connection, auto_offset_reset="earliest", max_partition_fetch_bytes=FETCH_BYTES
    )
    rows = Rows()
    await consumer.start()
    try:
        tp = TopicPartition(topic, partition)
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        await consumer.seek_to_beginning(tp)
        while await consumer.position(tp) < end:  # a position, since compaction leaves holes
            for record in (await consumer.getmany(tp, timeout_ms=1_000)).get(tp, ()):
                headers: Mapping[str, bytes] = dict(record.headers)
                rows.take(record.key.decode(), record.value, int(headers[UPTO]))
    finally:
        await consumer.stop()
    return rows
