"""Clock: time, as data. The only module that reads the wall clock.

At each time of the grid it writes a tick to every partition of every source topic, so that whoever reads a
partition knows up to when it has heard. After a pause, or a broker's outage, only the grid time of now is
written: what was missed is not evaluated late as if it had been known.
"""

import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta

from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

log = logging.getLogger(__name__)

KEY = b"tick"
ACK_SECONDS = 10  # a tick that takes longer is given up, and the grid time of then is written instead
PATIENCE_SECONDS = 300  # without any tick written: end, and let the supervisor say so
BREATH_SECONDS = 1.0


class OutageError(Exception):
    """The broker did not take a tick for too long."""


def now() -> float:
    """Read the wall clock: epoch seconds, UTC."""
    return time.time()


class Clock:
    """Writes ticks. `now` and `sleep` are given, so that a test can be the clock."""

    def __init__(
        self,
        settings: Settings,
        producer: KafkaProducer,
        now: Callable[[], float] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        names = topics(settings)
        self._partitions = [
            (names[role].name, partition) for role, n in SOURCE_PARTITIONS.items() for partition in range(n)
        ]
        self._every = settings.tick_seconds
        self._producer = producer
        self._now = now
        self._sleep = sleep

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Tick until told to end.

        Raises
        ------
        OutageError
            when no tick could be written for `PATIENCE_SECONDS`.
        """
        written = math.floor(self._now() / self._every) * self._every - self._every
        heard = self._now()
        while not until():
            at = math.floor(self._now() / self._every) * self._every
            if at <= written:
                self._sleep(max(0.0, min(written + self._every - self._now(), BREATH_SECONDS)))
            elif self._write(at):
                written, heard = at, self._now()
            elif self._now() - heard > PATIENCE_SECONDS:
                msg = f"the broker took no tick for {timedelta(seconds=PATIENCE_SECONDS)}; see its log"
                raise OutageError(msg)

    def _write(self, at: float) -> bool:
        """Write the tick to every partition; False where one was not acknowledged."""
        value = Tick(at=instant(at), every=self._every).model_dump_json().encode()
        headers = [("type", b"tick"), ("received_at", rfc3339(instant(at)).encode())]
        try:
            sent = [
                self._producer.send(topic, value, KEY, headers, partition, round(at * 1_000))
                for topic, partition in self._partitions
            ]
            for ack in sent:
                ack.get(timeout=ACK_SECONDS)
        except KafkaError as error:
            log.warning("tick %s not written (%s); trying again", rfc3339(instant(at)), error)
            self._sleep(BREATH_SECONDS)
            return False
        return True
