"""The local broker is a real one: topics, records in order, groups; and it comes back with its data."""

import uuid
from itertools import islice

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

pytestmark = pytest.mark.integration


def roundtrip(address: str, sent: list[bytes]) -> list[bytes]:
    topic = f"roundtrip-{uuid.uuid4()}"
    admin = KafkaAdminClient(bootstrap_servers=address)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=address)
    for value in sent:
        producer.send(topic, value)
    producer.flush()
    producer.close()
    return read(address, topic, len(sent))


def read(address: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(topic, bootstrap_servers=address, group_id=topic, auto_offset_reset="earliest")
    got = [record.value for record in islice(consumer, count)]
    consumer.close()
    return got


def test_what_a_group_reads_is_what_was_produced(broker: str) -> None:
    sent = [str(n).encode() for n in range(100)]
    assert roundtrip(broker, sent) == sent
