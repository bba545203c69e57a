"""Clock: time, as data. The only module that reads the wall clock.

At each time of the grid it writes a tick to every partition of every source topic, so that whoever reads a
partition knows up to when it has heard. After a pause, or a broker's outage, only the grid time of now is
written: what was missed is not evaluated late as if it had been known.
"""

import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from kafka.errors import KafkaError

from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.connection import BrokerProblem, producer
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

log = logging.getLogger(__name__)

KEY = b"tick"
ACK_SECONDS = 10.0  # a tick that takes longer is given up; the next attempt is for the grid time of then
PATIENCE_SECONDS = 300.0  # without any tick written; then end, so that somebody looks
BREATH_SECONDS = 1.0


def now() -> float:
    """Read the wall clock: epoch seconds, UTC."""
    return time.time()


def grid(at: float, every: float) -> float:
    """Last time of the grid by `at`; the grid stands on the epoch.

    >>> grid(1_645_000_059.9, 60.0) == 1_645_000_020.0
    True
    """
    return math.floor(at / every) * every


class Ack(Protocol):
    """What a producer gives back for a record."""

    def get(self, timeout: float) -> object:
        """Wait until it is durable; raise what went wrong."""

    def add_errback(self, hear: Callable[[Exception], None]) -> object:
        """Have it told what went wrong."""


class Producer(Protocol):
    """As much of kafka-python's producer as the clock needs."""

    def send(
        self,
        topic: str,
        value: bytes,
        key: bytes,
        headers: list[tuple[str, bytes]],
        partition: int,
    ) -> Ack:
        """Queue one record."""


def ring(
    settings: Settings,
    producer: Producer,
    at: float,
    value: bytes,
    *,
    headers: Iterable[tuple[str, bytes]] = (),
    to: Callable[[str, int], bool] = lambda *_: True,
) -> list[Ack]:
    """Queue the tick at `at` (epoch seconds) for every partition of every source topic: live, and in a replay.

    `to` leaves partitions out that have it already, by topic and number.
    """
    every = [("type", b"tick"), ("received_at", rfc3339(instant(at)).encode()), *headers]
    names = topics(settings)
    return [
        producer.send(names[role].name, value, KEY, every, partition)
        for role, partitions in SOURCE_PARTITIONS.items()
        for partition in range(partitions)
        if to(names[role].name, partition)
    ]


class Clock:
    """Writes ticks. Time is given, so that a test can be the clock: `wait` sleeps, and says when to stop."""

    def __init__(
        self,
        settings: Settings,
        producer: Producer,
        now: Callable[[], float],
        wait: Callable[[float], bool],
    ) -> None:
        self._settings = settings
        self._every = settings.tick_seconds
        self._producer = producer
        self._now = now
        self._wait = wait

    def run(self) -> None:
        """Tick until told to stop; begins with the grid time of now.

        Raises
        ------
        BrokerProblem
            when the broker has taken no tick for `PATIENCE_SECONDS`.
        """
        written = -math.inf
        heard = self._now()
        while True:
            at = grid(self._now(), self._every)
            if at > written and self._write(at):
                written, heard = at, self._now()
            if self._now() - heard > PATIENCE_SECONDS + self._every:
                raise BrokerProblem(
                    f"the broker at {self._settings.brokers} has taken no tick since {rfc3339(instant(heard))};"
                    " see its log, and that the topics exist (`belwatch topics create`)"
                )
            ahead = written + self._every - self._now()
            if self._wait(min(max(ahead, 0.01), BREATH_SECONDS)):
                return

    def _write(self, at: float) -> bool:
        """Write the tick to every partition; False where one was not acknowledged."""
        value = Tick(at=instant(at), every=self._every).model_dump_json().encode()
        try:
            for ack in ring(self._settings, self._producer, at, value):
                ack.get(ACK_SECONDS)
        except KafkaError as error:
            log.warning("tick %s not written (%s); trying again", rfc3339(instant(at)), error)
            return False
        return True


def run(settings: Settings) -> None:
    """Run the clock service until SIGTERM or SIGINT.

    Raises
    ------
    BrokerProblem
        where no broker serves us at the start, or it stays away.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    writer = producer(
        settings,
        max_block_ms=round(ACK_SECONDS * 1_000),
        request_timeout_ms=round(ACK_SECONDS * 500),
        delivery_timeout_ms=round(ACK_SECONDS * 1_000),
    )
    try:
        log.info("a tick every %g s, to every source partition", settings.tick_seconds)
        Clock(settings, writer, now, stop.wait).run()
    finally:
        writer.close(timeout=ACK_SECONDS)
