"""A bare loop over confluent-kafka: no state but in memory, outputs not waited for, offsets committed by the clock."""

import orjson
from confluent_kafka import Consumer, Producer
from job import BROKERS, GROUP, OUT, TOPIC, moved, named
from meter import Meter

meter = Meter()
consumer = Consumer({"bootstrap.servers": BROKERS, "group.id": GROUP, "auto.offset.reset": "earliest"})
producer = Producer({"bootstrap.servers": BROKERS})
consumer.subscribe([TOPIC])
state: dict[int, tuple[float, float]] = {}
while True:
    messages = consumer.consume(1_000, 0.5)
    for message in messages:
        article = orjson.loads(message.value())
        for key in named(article):
            state[key] = moved(state.get(key), article["published_at"])
            producer.produce(OUT, orjson.dumps(state[key]), str(key))
    producer.poll(0)
    meter.add(len(messages))
