"""Pin anew what Kafka Streams runs on: `python -m tests.benchmarks.streams_lock`."""

from deploy.local.jars import KAFKA_VERSION, lock
from tests.benchmarks.streams import LOCK

if __name__ == "__main__":
    lock(
        (
            f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}",
            "com.fasterxml.jackson.core:jackson-databind:2.21.2",
            "org.ahocorasick:ahocorasick:0.6.3",
        ),
        LOCK,
    )
