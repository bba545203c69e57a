"""Stock Faust at least once: a table in memory with its changelog topic; its outputs are not waited for."""

import os

import faust
import orjson
from job import BROKERS, GROUP, OUT, TOPIC, moved, named
from meter import Meter

app = faust.App(
    GROUP,
    broker=f"kafka://{BROKERS}",
    store="memory://",
    topic_partitions=4,
    topic_replication_factor=1,
    topic_disable_leader=True,
    datadir=os.environ["BENCH_DATA"],
)
source = app.topic(TOPIC, partitions=4, value_serializer="raw", key_serializer="raw")
outputs = app.topic(OUT, value_serializer="raw", key_serializer="raw")
table = app.Table("counts", partitions=4, key_type=str)
meter = Meter()


@app.agent(source)
async def count(stream: faust.Stream[bytes]) -> None:
    """Do the job for one article after the other."""
    async for value in stream:
        article = orjson.loads(value)
        for key in map(str, named(article)):
            table[key] = now = moved(table.get(key), article["published_at"])
            await outputs.send(key=key.encode(), value=orjson.dumps(now))
        meter.add()
