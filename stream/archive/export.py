"""Export: source topics into an archive, from where it ends to where the topics end now."""

import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import zstandard
from kafka import KafkaConsumer, TopicPartition

from stream.archive import manifest as contents
from stream.archive.manifest import ArchiveProblem, Manifest, Part, Span
from stream.archive.record import Archived, dump, received
from stream.connection import consumer
from stream.partition import stretch
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

LEVEL = 9  # of zstd: text shrinks to a sixth, at about the speed a broker is read
PART_RECORDS = 50_000  # held in memory at a time


class Exported(NamedTuple):
    """What an export added; `lost` were deleted by the broker before it came."""

    records: int = 0
    ticks: int = 0
    lost: int = 0

    def __add__(self, other: "Exported") -> "Exported":  # type: ignore[override] # a sum, not a longer tuple
        """Sum field by field."""
        return Exported(*(a + b for a, b in zip(self, other, strict=True)))


def export(settings: Settings, folder: Path, tell: Callable[[int, int], None] = lambda *_: None) -> Exported:
    """Add to the archive in `folder` what the source topics hold beyond it; `tell` hears offsets done, and in all.

    Raises
    ------
    BrokerProblem, ArchiveProblem
        where the broker fails, the archive is another installation's, or a topic was made anew since.
    """
    known = (folder / contents.NAME).exists()
    held = contents.load(folder) if known else Manifest(id=uuid.uuid4().hex[:12], topics=settings.prefix)
    if held.topics != settings.prefix:
        raise ArchiveProblem(f"{folder} holds {held.topics}-*, not {settings.prefix}-*; name another folder")
    reader = consumer(settings, max_partition_fetch_bytes=8 << 20)
    try:
        return _Export(reader, folder, held, tell).run(settings)
    finally:
        reader.close()


class _Export:
    """One run. Partition by partition: parts first, then the manifest, so a kill repeats at most one batch."""

    def __init__(
        self, reader: KafkaConsumer, folder: Path, held: Manifest, tell: Callable[[int, int], None]
    ) -> None:
        self._reader = reader
        self._folder = folder
        self._held = held
        self._tell = tell
        self._done = self._due = 0

    def run(self, settings: Settings) -> Exported:
        names = {role: topic.name for role, topic in topics(settings).items()}
        origins = {
            f"{role}-{n}": TopicPartition(names[role], n)
            for role, count in SOURCE_PARTITIONS.items()
            for n in range(count)
        }
        spans = self._spans(origins)
        self._due = sum(upto - since for since, upto, _ in spans.values())
        total = Exported()
        for origin, (since, upto, lost) in spans.items():
            total += self._partition(origin, origins[origin], since, upto) + Exported(lost=lost)
        self._save({})
        return total

    def _spans(self, origins: dict[str, TopicPartition]) -> dict[str, tuple[int, int, int]]:
        """From where to where each partition is to be read, and how many records were lost before."""
        first = self._reader.beginning_offsets(list(origins.values()))
        ends = self._reader.end_offsets(list(origins.values()))
        found = {}
        for origin, partition in origins.items():
            begin, end = first[partition], ends[partition]
            span = self._held.spans.get(origin, Span(since=begin, upto=begin))
            if span.upto > end:
                raise ArchiveProblem(
                    f"{partition.topic} ends at {end} in partition {partition.partition}, but the archive has it up to"
                    f" {span.upto}: the topic was made anew; export it into another folder"
                )
            lost = max(0, begin - span.upto)
            if lost:
                span = span.model_copy(update={"lost": (*span.lost, (span.upto, begin)), "upto": begin})
            self._save({origin: span}, write=False)
            found[origin] = (span.upto, end, lost)
        return found

    def _partition(self, origin: str, partition: TopicPartition, since: int, upto: int) -> Exported:
        if since == upto:
            return Exported()
        total = Exported()
        batch: list[Any] = []
        for records in stretch(self._reader, partition, since, upto):
            batch += records
            at = min(self._reader.position(partition), upto)
            if batch and (len(batch) >= PART_RECORDS or at >= upto):
                total += self._keep(origin, batch, at)
                batch = []
        return total

    def _keep(self, origin: str, batch: list[Any], upto: int) -> Exported:
        days: dict[str, list[Archived]] = defaultdict(list)
        ticks = 0
        for record in batch:
            headers = dict(record.headers)
            if headers.get("type") == b"tick":
                ticks += 1
                continue
            at = received(headers, record.timestamp)
            message = Archived(origin, record.offset, at, record.key or b"", record.value or b"")
            days[message.day].append(message)
        parts = {}
        for day, records in days.items():
            name = f"day={day}/{origin}-{records[0].offset:020d}.jsonl.zst"
            content = zstandard.compress(b"".join(map(dump, records)), LEVEL)
            parts[name] = Part(
                origin=origin,
                day=day,
                first=records[0].offset,
                last=records[-1].offset,
                records=len(records),
                sha256=contents.write(self._folder / name, content),
            )
        span = self._held.spans[origin]
        span = span.model_copy(update={"upto": upto, "ticks": span.ticks + ticks})
        self._save({origin: span}, parts)
        self._done += len(batch)
        self._tell(self._done, self._due)
        return Exported(len(batch) - ticks, ticks)

    def _save(
        self, spans: dict[str, Span], parts: dict[str, Part] | None = None, *, write: bool = True
    ) -> None:
        update = {"spans": self._held.spans | spans, "parts": self._held.parts | (parts or {})}
        self._held = self._held.model_copy(update=update)
        if write:
            contents.write(self._folder / contents.NAME, self._held.model_dump_json(indent=1).encode())
