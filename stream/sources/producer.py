"""Records into Kafka, in order, confirmed."""

from contextlib import suppress
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.wire import instant, rfc3339
from stream.settings import Settings
from stream.topics import LARGEST_RECORD, TopicProblem, connected

OVERHEAD = 1 << 16  # headers and framing around the largest record


class Sender:
    """Sends records to source topics; the first failed delivery surfaces at the next call.

    Idempotent (no duplicates from retries) and acknowledged by all replicas in sync.
    """

    def __init__(self, settings: Settings) -> None:
        connected(settings).close()  # no broker is said here: a producer that can't start leaks its sockets
        self._producer = KafkaProducer(
            bootstrap_servers=settings.brokers.split(","),
            enable_idempotence=True,
            acks="all",
            linger_ms=5,
            batch_size=1 << 18,
            max_request_size=LARGEST_RECORD + OVERHEAD,
        )
        self._failure: Exception | None = None
        self._confirmed = 0

    @property
    def confirmed(self) -> int:
        """Records that the broker has acknowledged."""
        return self._confirmed

    def send(
        self,
        topic: str,
        key: str,
        value: bytes,
        received_at: float,
        *,
        kind: str | None = None,
        partition: int | None = None,
    ) -> None:
        """Queue one record; `received_at` in epoch seconds travels as a header, `kind` ("tick") as another."""
        self._raise_failure()
        headers = [("received_at", rfc3339(instant(received_at)).encode())]
        if kind:
            headers.append(("type", kind.encode()))
        try:
            sent = self._producer.send(
                topic, key=key.encode(), value=value, headers=headers, partition=partition
            )
        except KafkaError as e:
            raise TopicProblem(f"the broker did not take a record for {topic}: {e}") from e
        sent.add_callback(self._done)
        sent.add_errback(self._failed)

    def flush(self) -> None:
        """Wait until all that was sent is confirmed.

        Raises
        ------
        TopicProblem
            where a record could not be delivered.
        """
        try:
            self._producer.flush(timeout=60)
        except KafkaError as e:
            raise TopicProblem(
                f"the broker stopped confirming records ({e}); its log says why. Is it up, and its disk not full? "
                "What was confirmed is kept; run this again to go on."
            ) from e
        self._raise_failure()

    def close(self) -> None:
        """Let go of the connection; what isn't flushed is given up."""
        with suppress(KafkaError):  # it flushes, too; whatever is wrong there has been said by then
            self._producer.close(timeout=5)

    def _done(self, _: Any) -> None:  # noqa: ANN401 - kafka-python has no types
        self._confirmed += 1

    def _failed(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise TopicProblem(f"a record was not delivered: {self._failure}") from self._failure
