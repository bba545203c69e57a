"""bytewax: its state in memory (no recovery store), outputs by its Kafka sink; partitions split among processes by it.

It reads by partition, without a consumer group, and commits nothing.
"""

import orjson
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from confluent_kafka import OFFSET_BEGINNING
from job import BROKERS, OUT, TOPIC, State, moved, named
from meter import Meter

meter = Meter()


def found(message: object) -> list[tuple[str, float]]:
    """Decode and look for terms."""
    article = orjson.loads(message.value)  # type: ignore[attr-defined]  # bytewax's own, and generic
    meter.add()
    return [(str(key), article["published_at"]) for key in named(article)]


def counted(state: State | None, at: float) -> tuple[State, State]:
    """Keep the count and pass it on."""
    now = moved(state, at)
    return now, now


flow = Dataflow("bench")
source = op.input(
    "in", flow, KafkaSource([BROKERS], [TOPIC], starting_offset=OFFSET_BEGINNING, batch_size=1_000)
)
steps = op.stateful_map("count", op.flat_map("find", source, found), counted)
records = op.map("encode", steps, lambda row: KafkaSinkMessage(row[0].encode(), orjson.dumps(row[1])))
op.output("out", records, KafkaSink([BROKERS], OUT))
