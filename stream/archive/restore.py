"""Restore: an archive back into source topics, each record once and in its partition's order.

Every record restored says in a header where it comes from, and one idempotent producer fills a partition in order. So
what stands last in it says how far it has come, and a restore that was killed goes on from there.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from stream.archive import manifest as contents
from stream.archive.manifest import ArchiveProblem, Manifest
from stream.archive.read import part_records
from stream.archive.record import Archived
from stream.connection import consumer
from stream.partition import last_record
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.topics import SOURCE_PARTITIONS, topics

HEADER = "archived"  # "<archive id>/<origin>/<offset>"
CONFIRMED_EVERY = 5_000


def restore(settings: Settings, folder: Path, tell: Callable[[int, int], None] = lambda *_: None) -> int:
    """Send what the archive holds to the source topics, which must be empty, or hold the beginning of just that.

    Gives how many were sent; `tell` hears records done, and in all.

    Raises
    ------
    ArchiveProblem, BrokerProblem
        where the archive is damaged, a topic holds other records, or the broker fails.
    """
    held = contents.load(folder)
    names = {role: topics(settings)[role].name for role in SOURCE_PARTITIONS}
    partitions = {
        f"{role}-{n}": TopicPartition(names[role], n)
        for role, count in SOURCE_PARTITIONS.items()
        for n in range(count)
    }
    if strange := sorted(held.spans.keys() - partitions.keys()):
        raise ArchiveProblem(f"{folder} has partitions that are not here: {', '.join(strange)}")
    reader = consumer(settings)
    try:
        begun = {origin: _begun(reader, tp, held.id, origin) for origin, tp in partitions.items()}
    finally:
        reader.close()
    sender = Sender(settings)
    sent = passed = 0
    try:
        for origin, partition in partitions.items():
            for record in _records(folder, held, origin):
                if record.offset <= begun[origin]:
                    passed += 1
                    continue
                mark = f"{held.id}/{origin}/{record.offset}".encode()
                sender.send(
                    partition.topic,
                    record.key,
                    record.value,
                    record.received_at,
                    partition=partition.partition,
                    headers=[(HEADER, mark)],
                )
                sent += 1
                if sent % CONFIRMED_EVERY == 0:
                    sender.flush()
                    tell(passed + sent, held.records)
        sender.flush()
        tell(passed + sent, held.records)
    finally:
        sender.close()
    return sent


def _begun(reader: KafkaConsumer, partition: TopicPartition, archive: str, origin: str) -> int:
    """Offset (the archive's) of the last record already restored; -1 where none is."""
    last = last_record(reader, partition)
    if last is None:
        return -1
    mark = dict(last.headers).get(HEADER, b"").decode().rpartition("/")
    if mark[0] != f"{archive}/{origin}":
        raise ArchiveProblem(
            f"{partition.topic} already holds records that are not of this archive;"
            " restore into a run of its own (--run NAME), or into new topics"
        )
    return int(mark[2])


def _records(folder: Path, held: Manifest, origin: str) -> Iterator[Archived]:
    """One partition's records by offset; parts overlap, since each holds one day and receipts may be out of order."""
    parts = sorted((p.first, p.last, name) for name, p in held.parts.items() if p.origin == origin)
    waiting: list[Archived] = []
    for n, (_, _, name) in enumerate(parts):
        waiting += part_records(folder, name, held.parts[name])
        following = parts[n + 1][0] if n + 1 < len(parts) else None
        waiting.sort(key=lambda record: record.offset)
        ready = len(waiting) if following is None else sum(record.offset < following for record in waiting)
        yield from waiting[:ready]
        del waiting[:ready]
