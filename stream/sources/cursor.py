"""Cursors: how far each feed has been read, on a compacted topic, so that a poller can start anywhere."""

from collections.abc import Mapping
from typing import Self

from kafka import TopicPartition
from pydantic import Field, ValidationError

from schemas.wire import Own
from stream.connection import consumer
from stream.partition import stretch
from stream.settings import Settings
from stream.topics import topics

REMEMBERED = 2_000  # entries a feed; the longest feeds show a few hundred
ROLE = "cursors"


class Cursor(Own):
    """One feed: what to ask with, what has been sent, when to ask again.

    `sent`: of each entry remembered (by the hash of its id) the hash of its content and its revision, oldest first.
    `last`: of a series of files, the newest read. `failures`: in a row. `next_at`: epoch seconds.
    """

    etag: str = ""
    modified: str = ""
    last: str = ""
    sent: dict[str, tuple[str, int]] = Field(default_factory=dict)
    failures: int = 0
    next_at: float = 0.0

    def with_sent(self, entries: Mapping[str, tuple[str, int]]) -> Self:
        """Remember these, and of the older ones no more than `REMEMBERED` in all."""
        kept = {name: mark for name, mark in self.sent.items() if name not in entries} | dict(entries)
        return self.model_copy(update={"sent": dict(list(kept.items())[-REMEMBERED:])})


def load(settings: Settings) -> dict[str, Cursor]:
    """Read every cursor, by the feed's URL; one that an older version wrote and can't be read begins anew."""
    found: dict[str, Cursor] = {}
    reader = consumer(settings)
    try:
        partition = TopicPartition(topics(settings)[ROLE].name, 0)
        begin, end = (ends([partition])[partition] for ends in (reader.beginning_offsets, reader.end_offsets))
        for record in (r for records in stretch(reader, partition, begin, end) for r in records):
            try:
                found[record.key.decode()] = Cursor.model_validate_json(record.value)
            except ValidationError:
                found.pop(record.key.decode(), None)
    finally:
        reader.close()
    return found
