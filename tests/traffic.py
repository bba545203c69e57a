"""Load: messages as they come, with ticks, junk and second versions in between."""

import json
import random
from collections.abc import Iterator
from typing import NamedTuple

from kafka import KafkaProducer

from schemas.catalogue import Catalogue
from schemas.indication import Act
from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

BEGAN = 1_646_000_000.0  # the end of February 2022
HOUR = 3_600.0
JUNK = (b"", b"{", b"\xff\xfe", b'{"id": 1}', b"[" * 5_000)


class Outgoing(NamedTuple):
    """One record to write; `received_at` in epoch seconds."""

    role: str
    partition: int | None
    key: bytes
    value: bytes
    received_at: float
    tick: bool = False


def traffic(
    catalogue: Catalogue, hours: int, per_hour: int, seed: int, tells: int = 50
) -> Iterator[Outgoing]:
    """Yield `hours` of messages, each hour closed by a tick on every partition; one in `tells` says something."""
    chance = random.Random(seed)  # noqa: S311 - a test's load
    publishers = [name for source in catalogue.sources for name in source.names] + ["Somebody's blog"]
    for n in range(hours * per_hour):
        at = BEGAN + HOUR * n / per_hour
        message = {
            "id": f"x:{n if n % 31 else n - 1}",  # now and then a second version of the message before
            "publisher": chance.choice(publishers),
            "url": f"https://example.org/{n}",
        }
        moment = rfc3339(instant(at - chance.choice([0, 60, 7_200])))
        if n % 97 == 0:
            yield Outgoing("articles", None, b"junk", chance.choice(JUNK), at)
        elif n % tells == 0:
            yield _outgoing("events", message | _event(moment, n, chance, catalogue), at)
        else:
            yield _outgoing(
                "articles", message | {"published_at": moment, "text": "Mild, some rain. " * 40}, at
            )
        if n % per_hour == per_hour - 1:
            yield from tick(BEGAN + HOUR * (n + 1) / per_hour)


def tick(at: float) -> Iterator[Outgoing]:
    """Yield one tick for every partition of every source."""
    value = Tick(at=instant(at), every=HOUR).model_dump_json().encode()
    for role, partitions in SOURCE_PARTITIONS.items():
        for partition in range(partitions):
            yield Outgoing(role, partition, b"tick", value, at, tick=True)


def _event(moment: str, n: int, chance: random.Random, catalogue: Catalogue) -> dict[str, object]:
    return {
        "occurred_at": moment,
        "dataset": "analyst",
        "indicator": chance.choice(sorted(catalogue.indicators)),
        "severity": chance.choice([1, 2, 3]),
        "grade": chance.choice(["A1", "B2", "C3", "F6"]),
        "claimant": chance.choice(["", "Minsk", "Kyiv"]),
        "act": chance.choice([act.value for act in Act]),
        "summary": f"Event number {n}",
    }


def _outgoing(role: str, message: dict[str, object], at: float) -> Outgoing:
    return Outgoing(role, None, str(message["id"]).encode(), json.dumps(message).encode(), at)


def produce(settings: Settings, records: Iterator[Outgoing]) -> int:
    """Write records to their topics and wait until all are acknowledged; how many."""
    names = topics(settings)
    producer = KafkaProducer(bootstrap_servers=settings.brokers, linger_ms=20, batch_size=1 << 18)
    count = 0
    try:
        for record in records:
            headers = [("received_at", rfc3339(instant(record.received_at)).encode())]
            headers += [("type", b"tick")] if record.tick else []
            producer.send(
                names[record.role].name, record.value, record.key, headers, partition=record.partition
            )
            count += 1
        producer.flush()
    finally:
        producer.close()
    return count
