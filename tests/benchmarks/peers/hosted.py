"""Our hosting on the reference job: packs, outputs awaited, then state rows awaited, then the account."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import orjson
import uvloop
from faust.types import StreamT
from job import BROKERS, GROUP, OUT, TOPIC, State, moved, named
from meter import Meter

from stream.app import config
from stream.connection import credentials
from stream.garbage import collect_seldom
from stream.hosting import Host, Row, packs
from stream.settings import Settings

CHANGELOG = "bench-state"
PARTITIONS = 4
settings = Settings(brokers=BROKERS, data=Path(os.environ["BENCH_DATA"]))
RAW: dict[str, Any] = {
    "key_serializer": "raw",
    "value_serializer": "raw",
    "key_type": bytes,
    "value_type": bytes,
}


def make() -> Host:
    """Build the app."""
    app = Host(GROUP, now=time.time, **credentials(settings), **config(settings))
    meter = Meter()
    state: dict[int, State] = {}

    async def send(topic: str, rows: list[tuple[int, State]]) -> None:
        split: dict[int, list[Row]] = {}
        for key, count in rows:
            split.setdefault(key % PARTITIONS, []).append(Row(str(key).encode(), orjson.dumps(count)))
        await asyncio.gather(*(app.deliver(topic, partition, some) for partition, some in split.items()))

    @app.agent(app.topic(TOPIC, **RAW), concurrency=1)  # type: ignore[untyped-decorator]  # Faust's
    async def count(stream: StreamT[bytes]) -> None:
        async for pack in packs(stream):
            outputs = []
            for record in pack.records:
                article = orjson.loads(record.value or b"")
                for key in named(article):
                    state[key] = now = moved(state.get(key), article["published_at"])
                    outputs.append((key, now))
            await send(OUT, outputs)
            await send(CHANGELOG, [(key, state[key]) for key in dict(outputs)])
            pack.done()
            meter.add(len(pack.records))

    return app


async def main() -> None:
    """Run for ever."""
    app = make()
    collect_seldom()
    await app.start()
    await app.wait(asyncio.Event().wait())


asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
