"""Replay: the past, through the live code, into a run of its own.

A run has its own topics, consumer group and state (all under `belwatch-run-<name>`), so it can't touch what is
live. The replayer is the run's clock: ticks stand between records exactly where `with_ticks` puts them, which is
what makes a replay equal to scoring in process.
"""

import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from schemas.assessment import Assessment
from stream.connection import BrokerProblem, consumer
from stream.core.pipeline import Inbound
from stream.pace import Pace
from stream.partition import last_record
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.topics import PROBLEM_PARTITIONS, SOURCE_PARTITIONS, TopicProblem, home, topics

POLL_MS = 50
NUMBER = "number"  # header: an item's place in the replay
ROLE = {"article": "articles", "event": "events", "review": "reviews"}


class Sent(NamedTuple):
    """What a replay has put on the run's source topics."""

    messages: int
    ticks: int
    at: float  # virtual time, epoch seconds


def feed(
    settings: Settings,
    sender: Sender,
    items: Iterable[Inbound],
    pace: Pace | None = None,
    held: Mapping[tuple[str, int], int] | None = None,
) -> Iterator[Sent]:
    """Send records and ticks in order; yields after each tick, once all before it is confirmed.

    Each carries its number in that order in a header. `held`: the number that stands last in each source partition, as
    `position` reads it from a run that was interrupted; up to there nothing is sent again.

    Raises
    ------
    TopicProblem, BrokerProblem
        where the settings name no run (a replay never writes to live topics), or the broker fails.
    Stopped
        where the pace was told so.
    """
    if not settings.run:
        raise TopicProblem("a replay needs a run of its own; it never writes to live topics")
    pace, held = pace or Pace(), held or {}
    names = {kind: topics(settings)[role].name for kind, role in ROLE.items()}
    messages = ticks = 0
    for number, item in enumerate(items):
        headers = [(NUMBER, str(number).encode())]

        def due(topic: str, partition: int, number: int = number) -> bool:
            return held.get((topic, partition), -1) < number

        if item.kind != "tick":
            key = message_key(item.value).encode()
            topic, partition = names[item.kind], home(key, SOURCE_PARTITIONS[ROLE[item.kind]])
            if due(topic, partition):
                sender.send(topic, key, item.value, item.received_at, partition=partition, headers=headers)
            messages += 1
            continue
        ticks += 1
        if all(n >= number for n in held.values()) and held:
            continue
        pace.wait(item.received_at)
        sender.tick(item.received_at, item.value, headers=headers, to=due)
        sender.flush()
        yield Sent(messages, ticks, item.received_at)


def position(settings: Settings) -> dict[tuple[str, int], int]:
    """Number of the last item that stands in each source partition of a run; -1 where none does.

    Raises
    ------
    BrokerProblem
        where the broker doesn't give it.
    """
    reader = consumer(settings)
    try:
        return {
            (tp.topic, tp.partition): int(dict(last.headers)[NUMBER]) if last else -1
            for tp in (
                TopicPartition(topics(settings)[role].name, n)
                for role, count in SOURCE_PARTITIONS.items()
                for n in range(count)
            )
            for last in [last_record(reader, tp)]
        }
    finally:
        reader.close()


class Following:
    """Reads a run's (or the live) assessments as they are made."""

    def __init__(self, settings: Settings) -> None:
        self._name = topics(settings)["assessments"].name
        self._consumer = consumer(settings)
        self._consumer.assign([TopicPartition(self._name, p) for p in range(PROBLEM_PARTITIONS)])
        self.last: Assessment | None = None

    def poll(self, timeout_ms: int = POLL_MS) -> list[Assessment]:
        """Give what has come since, in order."""
        try:
            batches = self._consumer.poll(timeout_ms=timeout_ms, max_records=2_000)
        except KafkaError as e:
            raise BrokerProblem(f"can't read {self._name}: {e}") from e
        found = [Assessment.model_validate_json(r.value) for batch in batches.values() for r in batch]
        if found:
            self.last = found[-1]
        return found

    def history(self) -> Iterator[Assessment]:
        """Give all that stands there now, partition by partition, each in order."""
        for partition in (TopicPartition(self._name, p) for p in range(PROBLEM_PARTITIONS)):
            end = self._consumer.end_offsets([partition])[partition]
            self._consumer.assign([partition])
            self._consumer.seek_to_beginning(partition)
            while self._consumer.position(partition) < end:
                yield from self.poll(1_000)

    def until(self, at: float, seconds: float, alive: Callable[[], None] = lambda: None) -> list[Assessment]:
        """Wait for the assessment of the tick at `at` (epoch seconds); gives all that came on the way.

        Raises
        ------
        TopicProblem
            where it does not come within `seconds` of real time.
        """
        found: list[Assessment] = []
        deadline = time.monotonic() + seconds
        while not any(a.cause == "tick" and a.at.timestamp() >= at for a in found):
            alive()
            if time.monotonic() > deadline:
                raise TopicProblem(
                    f"no assessment of {at:.0f} on {self._name} within {seconds:.0f} s: is a worker running for it?"
                )
            found += self.poll()
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def message_key(value: bytes) -> str:
    """Name a message by its id; what has none is keyed by its content, so that it still lands in one place."""
    try:
        return str(json.loads(value)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"unreadable:{zlib.crc32(value):08x}"
