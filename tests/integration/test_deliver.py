"""Records are delivered in their order, whatever the batches, and a refusal is told."""

import asyncio
import time
import uuid
from pathlib import Path

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from stream.app import config
from stream.connection import credentials
from stream.hosting import Host, Row
from stream.settings import Settings

pytestmark = pytest.mark.integration


def deliver(broker: str, topic: str, folder: Path, *packs: list[Row]) -> None:
    settings = Settings(brokers=broker, data=folder)

    async def main() -> None:
        app = Host("belwatch-test-deliver", now=time.time, **credentials(settings), **config(settings))
        await app.producer.start()
        try:
            await asyncio.gather(*(app.deliver(topic, 0, rows) for rows in packs))
        finally:
            await app.producer.stop()

    asyncio.run(main())


@pytest.fixture
def topic(broker: str) -> str:
    name = f"belwatch-test-deliver-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(name, 1, 1)], wait_for_metadata=True)
    admin.close()
    return name


def test_many_batches_arrive_whole_and_in_order(broker: str, topic: str, tmp_path: Path) -> None:
    rows = [
        Row(str(n).encode(), bytes(1_000), [("upto", str(n).encode())] if n % 2 else ()) for n in range(1_500)
    ]
    deliver(broker, topic, tmp_path, rows)
    found = KafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    try:
        found.assign([TopicPartition(topic, 0)])
        came = [next(found) for _ in rows]
    finally:
        found.close()
    assert [(r.key, list(r.headers)) for r in came] == [(row.key, list(row.headers)) for row in rows]


def test_what_the_broker_refuses_is_raised(broker: str, topic: str, tmp_path: Path) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        deliver(broker, topic, tmp_path, [Row(b"fits", b"")], [Row(b"too large", bytes(3 << 20))])
