"""Replay: the past, through the live code, into a run of its own.

A run has its own topics, consumer group and state (all under `belwatch-run-<name>`), so it can't touch what is
live. The replayer is the run's clock: ticks stand between records exactly where `with_ticks` puts them, which is
what makes a replay equal to scoring in process.
"""

import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from schemas.assessment import Assessment
from stream.connection import BrokerProblem, administrator, consumer
from stream.core.pipeline import Inbound
from stream.settings import PREFIX, Settings
from stream.sources.producer import Sender
from stream.topics import PROBLEM_PARTITIONS, TopicProblem, topics

POLL_MS = 50
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
    *,
    speed: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Sent]:
    """Send records and ticks in order; yields after each tick, once all before it is confirmed.

    `speed`: virtual seconds per second; None: as fast as the caller asks for the next.

    Raises
    ------
    TopicProblem
        where the settings name no run (a replay never writes to live topics), or the broker fails.
    """
    if not settings.run:
        raise TopicProblem("a replay needs a run of its own; it never writes to live topics")
    names = {role: topic.name for role, topic in topics(settings).items()}
    began: tuple[float, float] | None = None
    messages = ticks = 0
    for item in items:
        if item.kind != "tick":
            sender.send(names[ROLE[item.kind]], message_key(item.value), item.value, item.received_at)
            messages += 1
            continue
        if speed is not None:
            began = began or (clock(), item.received_at)
            sleep(max(0.0, began[0] + (item.received_at - began[1]) / speed - clock()))
        sender.tick(item.received_at, item.value)
        sender.flush()
        ticks += 1
        yield Sent(messages, ticks, item.received_at)


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


def runs(settings: Settings) -> list[str]:
    """Names of the runs that have topics on the broker."""
    admin = administrator(settings)
    try:
        names = admin.list_topics()
    finally:
        admin.close()
    head, tail = f"{PREFIX}-run-", "-assessments"
    return sorted(
        n.removeprefix(head).removesuffix(tail) for n in names if n.startswith(head) and n.endswith(tail)
    )


def message_key(value: bytes) -> str:
    """Name a message by its id; what has none is keyed by its content, so that it still lands in one place."""
    try:
        return str(json.loads(value)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"unreadable:{zlib.crc32(value):08x}"
