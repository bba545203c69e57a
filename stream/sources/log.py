"""Log: what stands on source topics already, live or a run's, as records in the order they were received."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from kafka import KafkaConsumer, TopicPartition

from stream.archive.record import received
from stream.connection import consumer
from stream.core.decode import Refused, decode_article, decode_event
from stream.core.pipeline import Inbound
from stream.partition import stretch
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

Clock = Literal["received", "event", "record"]


def recorded(
    settings: Settings, since: float | None = None, until: float | None = None, by: Clock = "received"
) -> list[Inbound]:
    """Read messages (no ticks) of a time, ordered by receipt, then partition and offset. All are held in memory.

    `by`: which time is meant by `since` and `until` (epoch seconds): when it was `received`, when the `event` was (what
    can't be read has none, and goes by its receipt), or when Kafka took the `record`, by its index of times, which
    alone doesn't read what comes before.

    Raises
    ------
    BrokerProblem
        where the broker fails.
    """
    names = {role: topic.name for role, topic in topics(settings).items()}
    times = (since, until) if by == "record" else (None, None)
    reader = consumer(settings, max_partition_fetch_bytes=8 << 20)
    try:
        found = [
            item
            for role, count in SOURCE_PARTITIONS.items()
            for n in range(count)
            for item in _partition(reader, TopicPartition(names[role], n), role, times)
            if by == "record" or _within(item, since, until, by)
        ]
    finally:
        reader.close()
    return sorted(found, key=lambda item: (item.received_at, item.origin, item.offset))


def _partition(
    reader: KafkaConsumer, tp: TopicPartition, role: str, times: tuple[float | None, float | None]
) -> Iterator[Inbound]:
    since, until = (None if t is None else round(t * 1_000) for t in times)
    end, start = reader.end_offsets([tp])[tp], reader.beginning_offsets([tp])[tp]
    if since is not None:
        found = reader.offsets_for_times({tp: since})[tp]
        if found is None:
            return  # nothing as late as that
        start = found.offset
    for records in stretch(reader, tp, start, end):
        for record in records:
            headers = dict(record.headers)
            if headers.get("type") == b"tick" or (until is not None and record.timestamp > until):
                continue
            at = received(headers, record.timestamp)
            origin = f"{role}-{tp.partition}"
            yield Inbound(role.removesuffix("s"), record.value or b"", at, origin, record.offset)


def _within(item: Inbound, since: float | None, until: float | None, by: Clock) -> bool:
    at = item.received_at
    if by == "event" and item.kind != "review":
        with suppress(Refused):
            at = (decode_event if item.kind == "event" else decode_article)(item.value, at).at
    return (since is None or at >= since) and (until is None or at <= until)
