"""A bare loop over aiokafka on uvloop: no state but in memory, outputs not awaited, offsets committed by the clock."""

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from job import BROKERS, GROUP, OUT, TOPIC, moved, named
from meter import Meter


async def main() -> None:
    """Run for ever."""
    consumer = AIOKafkaConsumer(
        TOPIC,
        bootstrap_servers=BROKERS,
        group_id=GROUP,
        auto_offset_reset="earliest",
        max_poll_records=4_000,
        max_partition_fetch_bytes=4_000_000,
    )
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS)
    await consumer.start()
    await producer.start()
    meter = Meter()
    state: dict[int, tuple[float, float]] = {}
    while True:
        for messages in (await consumer.getmany(timeout_ms=500)).values():
            for message in messages:
                article = orjson.loads(message.value)
                for key in named(article):
                    state[key] = moved(state.get(key), article["published_at"])
                    await producer.send(OUT, orjson.dumps(state[key]), str(key).encode())
            meter.add(len(messages))


uvloop.run(main())
