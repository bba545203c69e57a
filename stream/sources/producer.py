"""Records into Kafka, in order, confirmed."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from kafka.errors import KafkaError

from schemas.wire import instant, rfc3339
from stream.clock import ring
from stream.connection import BrokerProblem, producer
from stream.settings import Settings
from stream.topics import LARGEST_RECORD

OVERHEAD = 1 << 16  # headers and framing around the largest record
# What waits for the broker is held in memory, and kafka-python sets no bound of its own: eight of the largest records.
UNCONFIRMED = 8 * LARGEST_RECORD


class Sender:
    """Sends records to source topics; the first failed delivery surfaces at the next call.

    Idempotent (no duplicates from retries) and acknowledged by all replicas in sync. At most `UNCONFIRMED` bytes
    wait for the broker: `send` then waits until all are confirmed.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = producer(
            settings, linger_ms=5, batch_size=1 << 18, max_request_size=LARGEST_RECORD + OVERHEAD
        )
        self._failure: Exception | None = None
        self._waiting = 0  # bytes sent since the last confirmation

    def send(
        self,
        topic: str,
        key: str | bytes,
        value: bytes,
        received_at: float,
        *,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Queue one record; `received_at` (epoch seconds) travels as a header, beside those given.

        Without a `partition` its key decides.
        """
        self._raise_failure()
        if self._waiting + len(value) > UNCONFIRMED:
            self.flush()
        self._waiting += len(value)
        try:
            self._producer.send(
                topic,
                key=key if isinstance(key, bytes) else key.encode(),
                value=value,
                headers=[("received_at", rfc3339(instant(received_at)).encode()), *headers],
                partition=partition,
            ).add_errback(self._failed)
        except KafkaError as e:
            raise BrokerProblem(f"the broker did not take a record for {topic}: {e}") from e

    def tick(
        self,
        at: float,
        value: bytes,
        *,
        headers: Sequence[tuple[str, bytes]] = (),
        to: Callable[[str, int], bool] = lambda *_: True,
    ) -> None:
        """Queue the tick at `at` (epoch seconds) for every source partition, or those that `to` wants."""
        self._raise_failure()
        try:
            for sent in ring(self._settings, self._producer, at, value, headers=headers, to=to):
                sent.add_errback(self._failed)
        except KafkaError as e:
            raise BrokerProblem(f"the broker did not take a tick: {e}") from e

    def flush(self) -> None:
        """Wait until all that was sent is confirmed.

        Raises
        ------
        BrokerProblem
            where a record could not be delivered.
        """
        try:
            self._producer.flush(timeout=60)
        except KafkaError as e:
            raise BrokerProblem(
                f"the broker stopped confirming records ({e}); its log says why. Is it up, and its disk not full? "
                "What was confirmed is kept; run this again to go on."
            ) from e
        self._waiting = 0
        self._raise_failure()

    def close(self) -> None:
        """Let go of the connection; what isn't flushed is given up."""
        with suppress(KafkaError):  # it flushes, too; whatever is wrong there has been said by then
            self._producer.close(timeout=5)

    def _failed(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise BrokerProblem(f"a record was not delivered: {self._failure}") from self._failure
