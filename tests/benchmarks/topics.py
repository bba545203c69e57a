"""Topics of the benchmarks: made and filled once, and kept with the broker's data."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from tests.benchmarks.environments import PEERS, PROGRAMS
from tests.benchmarks.measure import MIB

PARTITIONS = 4
FILLER = "confluent-kafka"  # whose environment fills
OUTPUTS = ("bench-out", "bench-state")


def create(brokers: str, *names: str) -> None:
    """Create those that aren't there."""
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        missing = set(names) - set(admin.list_topics())
        if missing:
            kept = {"retention.ms": "-1"}
            admin.create_topics(
                [NewTopic(name, PARTITIONS, 1, topic_configs=kept) for name in sorted(missing)]
            )
    finally:
        admin.close()


def size(brokers: str, name: str) -> int:
    """Count what stands in a topic."""
    consumer = KafkaConsumer(bootstrap_servers=brokers)
    try:
        found = consumer.end_offsets([TopicPartition(name, p) for p in range(PARTITIONS)])
        return sum(found.values())
    finally:
        consumer.close()


def warm(data: Path, name: str) -> None:
    """Read a topic's files once: whoever is measured first must not pay alone for fetching them from the disk."""
    for path in data.glob(f"**/{name}-*/*.log"):
        with path.open("rb") as file:
            while file.read(MIB):
                pass


def filled(brokers: str, messages: int, share: float, show: Callable[[int], None]) -> str:
    """Name of a topic with `messages` articles of the reference job, `share` of which match."""
    name = f"bench-{messages}-{round(share * 100)}"
    create(brokers, name, *OUTPUTS)
    if size(brokers, name) != messages:
        environment = {**os.environ, "BENCH_BROKERS": brokers, "BENCH_TOPIC": name, "BENCH_GROUP": ""}
        command = [str(PEERS[FILLER].python), str(PROGRAMS / "fill.py"), str(messages), str(share)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as filling:
            for line in filling.stdout or ():
                show(int(line))
        if filling.returncode:
            raise RuntimeError(f"filling {name} failed; delete .data/bench and try again")
    return name
