"""The whole worker, `belwatch worker`, with the real matcher: speed beside a bare loop, latency, and a restart.

Each measurement has a run of its own, so topics, group and state of its own.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from deploy.local import HOST
from deploy.local.ports import free_port
from schemas.catalogue import Catalogue
from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.connection import administrator
from stream.core.decode import decode_article
from stream.core.match import Matcher
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, create, delete, topics
from tests.benchmarks.latency import Latency, Load
from tests.benchmarks.match import articles
from tests.benchmarks.measure import PeerError, cpu, rss

BEGAN = 1_645_000_000.0
SECONDS = 86_400  # of received time, which the articles are spread over, with 24 ticks: a busy day
TICK_SECONDS = 3_600
LOOK_SECONDS = 0.25
START_SECONDS = 60.0
BARE = 20_000  # articles in the bare loop

Headers = Sequence[tuple[str, bytes]]


class Speed(NamedTuple):
    """One run of the worker on a full topic; `rss` and `rss_early` as of the peers', `bare` msg/s of the loop."""

    rate: float
    cpu_per_million: float
    rss: float
    rss_early: float
    bare: float


class Worker:
    """`belwatch worker` on a run, as a process."""

    def __init__(self, settings: Settings, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._data = data
        self._settings = settings
        self._port = free_port()
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it gets ready by itself."""
        own = {
            "BELWATCH_BROKERS": self._settings.brokers,
            "BELWATCH_RUN": str(self._settings.run),
            "BELWATCH_INSTANCE": "bench",
            "BELWATCH_METRICS_PORT": str(self._port),
            "BELWATCH_DATA": str(self._data),
        }
        command = [str(Path(sys.executable).with_name("belwatch")), "worker"]
        with (self._data / "worker.log").open("ab") as log:
            self._running = subprocess.Popen(
                command, env=os.environ | own, stdout=log, stderr=log, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Its process."""
        if self._running is None or self._running.poll() is not None:
            raise PeerError(f"the worker ended; {self._data / 'worker.log'} says why")
        return self._running.pid

    def kill(self) -> None:
        """Kill -9."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def ready(self) -> float:
        """Wait until it says that it is ready; the seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < START_SECONDS and self.pid:
            if self._get("/ready") is not None:
                return time.monotonic() - began
            time.sleep(0.02)
        raise PeerError(f"the worker did not get ready; {self._data / 'worker.log'} says why")

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._port}{path}", timeout=10) as answer:
                return str(answer.read(), "utf-8")
        except (urllib.error.URLError, OSError):
            return None


@contextmanager
def worker(brokers: str, name: str, data: Path) -> Iterator[tuple[Worker, Settings]]:
    """Give a worker, not yet started, on a fresh run."""
    settings = Settings(brokers=brokers, run=name, data=data / name)
    delete(settings)
    create(settings)
    running = Worker(settings, data / name)
    try:
        yield running, settings
    finally:
        running.kill()
        delete(settings)


def speed(
    brokers: str, catalogue: Catalogue, messages: int, data: Path, show: Callable[[int], None]
) -> tuple[Speed, float]:
    """Let a worker read a full topic, then kill it; the speed, and the seconds until it was ready again."""
    bodies = articles(catalogue)
    before = bare(catalogue, bodies[:BARE])  # and after: the machine is not as fast now as it is then
    with worker(brokers, "bench-speed", data) as (running, settings):
        asyncio.run(fill(settings, bodies, messages))
        running.start()
        running.ready()
        began, first, reached, spent, early = 0.0, 0, 0, 0.0, 0.0
        admin = administrator(settings)  # what is committed is done; to ask the worker itself would cost it
        while True:
            now, done = time.monotonic(), committed(admin, settings)
            show(done)
            if done and not first:
                began, first, spent = now, done, cpu(running.pid)
            if done >= messages / 4 and not early:
                early = rss(running.pid, "VmRSS")
            if done >= messages:
                break
            if done > reached:
                last, reached, used = now, done, cpu(running.pid)
            time.sleep(LOOK_SECONDS)
        admin.close()
        counted = reached - first
        peak = rss(running.pid, "VmHWM")
        loop = (before + bare(catalogue, bodies[:BARE])) / 2
        found = Speed(counted / (last - began), (used - spent) / counted * 1e6, peak, early, loop)
        time.sleep(3)  # the last offsets are committed: what comes back is the state
        running.kill()
        running.start()
        return found, running.ready()


def committed(admin: KafkaAdminClient, settings: Settings) -> int:
    """Articles that the worker's group has committed as done."""
    name = topics(settings)["articles"].name
    groups = admin.list_group_offsets(settings.prefix)
    return sum(row.offset for rows in groups.values() for tp, row in rows.items() if tp.topic == name)


def latency(
    brokers: str, catalogue: Catalogue, rate: int, seconds: float, data: Path, show: Callable[[int], None]
) -> Latency:
    """Measure a worker under a steady load."""
    with worker(brokers, f"bench-latency-{rate}", data) as (running, settings):
        running.start()
        running.ready()
        return asyncio.run(Load(settings, catalogue, rate).run(seconds, show))


def bare(catalogue: Catalogue, values: list[bytes]) -> float:
    """Articles a second, decoded and matched in a loop that does nothing else."""
    matcher = Matcher(catalogue)
    began = time.perf_counter()
    for value in values:
        article, at = decode_article(value, BEGAN + SECONDS)
        matcher.match(article.title, article.text, article.lang, instant(at), article.publisher)
    return len(values) / (time.perf_counter() - began)


async def fill(settings: Settings, bodies: list[bytes], number: int) -> None:
    """Write articles, each with its own id and time, and between them an hour's ticks, to every partition."""
    names = topics(settings)
    producer = AIOKafkaProducer(bootstrap_servers=settings.brokers, max_batch_size=1 << 18)
    await producer.start()
    sending = {(role, p): producer.create_batch() for role, n in SOURCE_PARTITIONS.items() for p in range(n)}

    async def send(role: str, partition: int, key: str, value: bytes, at: float, kind: Headers = ()) -> None:
        headers = [("received_at", rfc3339(instant(at)).encode()), *kind]
        record = {"key": key.encode(), "value": value, "headers": headers, "timestamp": None}
        while sending[role, partition].append(**record) is None:
            await producer.send_batch(sending[role, partition], names[role].name, partition=partition)
            sending[role, partition] = producer.create_batch()

    try:
        due = BEGAN - BEGAN % TICK_SECONDS
        for n, value in enumerate(islice(cycle(bodies), number)):
            at = BEGAN + n * SECONDS // number
            while due < at:
                tick = Tick(at=instant(due), every=TICK_SECONDS).model_dump_json().encode()
                for role, partition in sending:
                    await send(role, partition, "tick", tick, due, [("type", b"tick")])
                due += TICK_SECONDS
            row = json.loads(value) | {"id": f"bench:{n}", "published_at": rfc3339(instant(at))}
            text = json.dumps(row, ensure_ascii=False).encode()
            await send("articles", n % SOURCE_PARTITIONS["articles"], row["id"], text, at)
        for (role, partition), batch in sending.items():
            await producer.send_batch(batch, names[role].name, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()
