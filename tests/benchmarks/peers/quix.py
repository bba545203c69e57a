"""quixstreams at least once: its state in RocksDB with a changelog topic."""

import logging
import os
from typing import Any

from job import BROKERS, GROUP, OUT, TOPIC, moved, named
from meter import Meter
from quixstreams import Application, State

logging.disable(logging.CRITICAL)
meter = Meter()
application = Application(
    broker_address=BROKERS,
    consumer_group=GROUP,
    auto_offset_reset="earliest",
    state_dir=os.environ["BENCH_DATA"],
)
source = application.topic(TOPIC, key_deserializer="str", value_deserializer="json")
outputs = application.topic(OUT, key_serializer="str", value_serializer="json")


def step(article: dict[str, Any], state: State) -> list[dict[str, Any]]:
    """Do the job for one article."""
    found = []
    for key in named(article):
        count = moved(state.get(str(key)), article["published_at"])
        state.set(str(key), list(count))
        found.append({"key": key, "count": count})
    meter.add()
    return found


application.dataframe(source).apply(step, stateful=True, expand=True).to_topic(outputs)
application.run()
