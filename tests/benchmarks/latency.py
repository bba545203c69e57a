"""Latency: from sending an article to the first assessment that takes it in, on its topic.

Between articles about nothing stand probes: examples of the catalogue, each a month of received time after the
last, so that what was said before has decayed, and of kinds that take turns, so that each moves the index and
is told. Every few seconds comes a tick. An assessment says up to which offset of the log it goes (`upto`), the
log says at which offset each probe stands; so a probe's time is known even where two share an assessment.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.catalogue import Catalogue
from schemas.pattern import Example
from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.core.pipeline import Assessor, Inbound, Observer
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics
from tests.benchmarks.match import articles

START = 1_640_995_200.0  # received time of the first probe
STEP = 30 * 86_400.0  # of received time, from probe to probe
APART = 0.4  # index points between probes that follow each other
PROBES = 20  # a second, at any rate
TICK_SECONDS = 5.0
SETTLE_SECONDS = 5.0
WARM_SECONDS = 3.0  # not counted


class Latency(NamedTuple):
    """Milliseconds, and how many were measured."""

    p50: float
    p99: float
    number: int
    tick_p50: float
    tick_max: float


class Load:
    """What is sent when, and what came of it."""

    def __init__(self, settings: Settings, catalogue: Catalogue, rate: int) -> None:
        self.names = {role: topic.name for role, topic in topics(settings).items()}
        self.settings = settings
        self.rate = rate
        self.problem = catalogue.problem.id
        self._plain = cycle(_plain(catalogue))
        self._probes = cycle(probes(catalogue))
        self.sent: dict[str, float] = {}  # when, by message id (or by the tick's assessment)
        self.offsets: dict[str, int] = {}  # in the log, by message id
        self.told: list[tuple[float, str, int]] = []  # assessments: when, id, upto

    async def run(self, seconds: float, show: Callable[[int], None]) -> Latency:
        """Send for so many seconds at our rate."""
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.brokers, acks="all")
        consumer = AIOKafkaConsumer(
            self.names["indications"], self.names["assessments"], bootstrap_servers=self.settings.brokers
        )
        await producer.start()
        await consumer.start()
        listening = asyncio.create_task(self._listen(consumer))
        try:
            await self._send(producer, seconds, show)
            await asyncio.sleep(SETTLE_SECONDS)
        finally:
            listening.cancel()
            await producer.stop()
            await consumer.stop()
        return self._latency()

    async def _send(self, producer: AIOKafkaProducer, seconds: float, show: Callable[[int], None]) -> None:
        every, per_tick = self.rate // PROBES, round(self.rate * TICK_SECONDS)
        began, at = time.monotonic(), START
        for n in range(round(seconds * self.rate)):
            ahead = began + n / self.rate - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            if n % per_tick == per_tick - 1:
                await self._tick(producer, at)
            name = f"latency:{n}"
            if n % every == 0:
                at += STEP
                value = _message(next(self._probes), name, at)
                if n > WARM_SECONDS * self.rate:
                    self.sent[name] = time.time()
            else:
                value = json.dumps({**next(self._plain), "id": name}).encode()
            headers = [("received_at", rfc3339(instant(at)).encode())]
            await producer.send(self.names["articles"], value, name.encode(), headers=headers)
            if n % self.rate == 0:
                show(n)

    async def _tick(self, producer: AIOKafkaProducer, at: float) -> None:
        value = Tick(at=instant(at), every=60).model_dump_json().encode()
        headers = [("received_at", rfc3339(instant(at)).encode()), ("type", b"tick")]
        self.sent[f"{self.problem}@{rfc3339(instant(at))}"] = time.time()
        for role, number in SOURCE_PARTITIONS.items():
            for partition in range(number):
                await producer.send(self.names[role], value, b"tick", partition, headers=headers)

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            if record.topic == self.names["assessments"]:
                found = json.loads(record.value)
                self.told.append((time.time(), found["id"], max(found["upto"].values(), default=-1)))
            elif name := json.loads(record.value).get("message_id"):
                self.offsets.setdefault(name, record.offset)

    def _latency(self) -> Latency:
        took = []
        for name, offset in self.offsets.items():
            if name in self.sent:
                taken = next((when for when, _, upto in self.told if upto >= offset), None)
                took.append((taken or time.time()) - self.sent[name])
        ticks = [when - self.sent[name] for when, name, _ in self.told if name in self.sent]
        cuts = statistics.quantiles(took, n=100)
        return Latency(
            cuts[49] * 1e3, cuts[98] * 1e3, len(took), statistics.median(ticks) * 1e3, max(ticks) * 1e3
        )


def probes(catalogue: Catalogue) -> list[Example]:
    """Examples each of which, by itself, leaves another index than those around it.

    Raises
    ------
    ValueError
        where the catalogue's examples all come to about the same.
    """
    observer = Observer(catalogue)
    found: list[tuple[float, Example]] = []
    for indicator in catalogue.indicators.values():
        for example in indicator.examples:
            index = _index(catalogue, observer, example) if example.expect else None
            if index is not None and all(abs(index - other) > APART for other, _ in found):
                found.append((index, example))
    if len(found) < 3:
        raise ValueError("the catalogue has no three examples that move the index by themselves")
    return [example for _, example in found]


def _index(catalogue: Catalogue, observer: Observer, example: Example) -> float:
    value = _message(example, "probe", START)
    observed = observer.observe([Inbound("article", value, START, "articles-0", 0)])
    assessor = Assessor(catalogue, origins=["articles-0"])
    for offset, observation in enumerate(observed.observations):
        assessor.apply("indications-0", offset, observation)
    return assessor.at(START).index


def _message(example: Example, name: str, at: float) -> bytes:
    article = {
        "id": name,
        "published_at": rfc3339(instant(at)),
        "publisher": "example.org",
        "lang": example.lang,
        "title": example.title,
        "text": example.text,
        "url": "https://example.org/news",
    }
    return json.dumps(article, ensure_ascii=False).encode()


def _plain(catalogue: Catalogue) -> Iterator[dict[str, str]]:
    observer = Observer(catalogue)
    for value in articles(catalogue)[:2_000]:
        if not observer.observe([Inbound("article", value, START, "articles-0", 0)]).observations:
            yield json.loads(value)
