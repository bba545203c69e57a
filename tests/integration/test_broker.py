"""The local broker is a real one: topics, records in order, groups; and it comes back with its data."""

import uuid
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from deploy.local.kafka import Broker
from deploy.local.ports import PortTakenError, free_port

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
    consumer = KafkaConsumer(topic, bootstrap_servers=address, group_id=topic, auto_offset_reset="earliest")
    got = [record.value for record in islice(consumer, len(sent))]
    consumer.close()
    return got


def test_what_a_group_reads_is_what_was_produced(broker: str) -> None:
    sent = [str(n).encode() for n in range(100)]
    assert roundtrip(broker, sent) == sent


def test_a_killed_broker_comes_back_with_what_it_had(tmp_path: Path) -> None:
    broker = Broker(free_port(), tmp_path)
    with broker:
        assert roundtrip(broker.address, [b"before"]) == [b"before"]
        broker.kill()
        broker.start()
        admin = KafkaAdminClient(bootstrap_servers=broker.address)
        (topic,) = [name for name in admin.list_topics() if name.startswith("roundtrip-")]
        admin.close()
        consumer = KafkaConsumer(topic, bootstrap_servers=broker.address, auto_offset_reset="earliest")
        assert [record.value for record in islice(consumer, 1)] == [b"before"]
        consumer.close()


def test_a_taken_port_is_a_clear_error(broker: str, tmp_path: Path) -> None:
    with pytest.raises(PortTakenError, match="BELWATCH_KAFKA_PORT"):
        Broker(int(broker.rpartition(":")[2]), tmp_path).start()
