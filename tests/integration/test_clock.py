import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from typing import Any

import pytest
from oracle import read
from workers import ends, until

from schemas.tick import Tick
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, create

pytestmark = pytest.mark.integration

EVERY_PARTITION = sum(SOURCE_PARTITIONS.values())
PROGRAM = "from stream.clock import run; from stream.settings import Settings; run(Settings())"


def test_the_clock_ticks_on_every_source_partition_until_it_is_stopped(broker: str) -> None:
    settings = Settings(brokers=broker, run=f"t{uuid.uuid4().hex[:8]}", tick_seconds=0.5)
    create(settings)
    environment = os.environ | {
        "BELWATCH_BROKERS": settings.brokers,
        "BELWATCH_RUN": str(settings.run),
        "BELWATCH_TICK_SECONDS": "0.5",
    }
    with subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment) as clock:
        try:
            until(lambda: sum(ends(settings, *SOURCE_PARTITIONS).values()) > 3 * EVERY_PARTITION, 30)
            clock.send_signal(signal.SIGTERM)
            assert clock.wait(10) == 0
        finally:
            clock.kill()
    told: Counter[float] = Counter()
    records: dict[tuple[str, int], list[Any]] = read(settings, SOURCE_PARTITIONS)
    for partition in records.values():
        times = [Tick.model_validate_json(record.value).at.timestamp() for record in partition]
        assert times == sorted(set(times))
        assert all(dict(record.headers)["type"] == b"tick" for record in partition)
        told.update(times)
    assert set(told.values()) == {EVERY_PARTITION}
    assert all(at % 0.5 == 0 for at in told)
