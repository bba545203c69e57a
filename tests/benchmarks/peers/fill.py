"""Fill a topic with articles of the reference job: `fill.py NUMBER SHARE`."""

import sys

from confluent_kafka import KafkaException, Producer
from job import BROKERS, TOPIC, articles

producer = Producer({"bootstrap.servers": BROKERS, "linger.ms": 20, "queue.buffering.max.kbytes": 65_536})
failed: list[object] = []


def told(error: object, _: object) -> None:
    """Keep what went wrong."""
    if error:
        failed.append(error)


for number, (key, value) in enumerate(articles(int(sys.argv[1]), float(sys.argv[2])), start=1):
    while True:
        try:
            producer.produce(TOPIC, value, key, on_delivery=told)
            break
        except BufferError:
            producer.poll(0.1)
    if number % 10_000 == 0:
        producer.poll(0)
        print(number, flush=True)  # noqa: T201 - read by whoever shows the progress
producer.flush()
if failed:
    raise KafkaException(failed[0])
