"""Workers as processes of their own, as a supervisor runs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kafka import TopicPartition
from kafka.errors import CoordinatorNotAvailableError
from made import environment

from stream.connection import administrator, consumer
from stream.partition import stretch
from stream.settings import Settings
from stream.topics import SOURCE_PARTITIONS, topics

CONSUMED = ("articles", "events", "reviews", "indications")
PROGRAM = """
import logging, sys
from stream.settings import Settings
from stream.worker import work
logging.basicConfig(level=logging.INFO, format="%(created).3f %(levelname)s:%(name)s:%(message)s")
sys.exit(work(Settings()))
"""


def sources(settings: Settings) -> dict[str, list[Any]]:
    """Every record on the source topics, by partition ("articles-0"), in order."""
    reader = consumer(settings)
    found = {}
    for role, count in SOURCE_PARTITIONS.items():
        for n in range(count):
            tp = TopicPartition(topics(settings)[role].name, n)
            begin, end = reader.beginning_offsets([tp])[tp], reader.end_offsets([tp])[tp]
            found[f"{role}-{n}"] = [r for records in stretch(reader, tp, begin, end) for r in records]
    reader.close()
    return found


class Worker:
    """One worker process; restarted by hand where a test kills it."""

    def __init__(self, settings: Settings, folder: Path, name: str = "worker") -> None:
        self.log = folder / f"{name}.log"
        self._environment = os.environ | environment(
            settings.model_copy(update={"data": folder / name, "metrics_port": 0})
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start the process."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], env=self._environment, stdout=log, stderr=log
            )
        return self

    def end(self, how: signal.Signals, patience: float = 20) -> int:
        """Send a signal and wait for the exit code."""
        self.send(how)
        return self.wait(patience)

    def send(self, how: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(how)

    def wait(self, patience: float) -> int:
        """Wait for the process to end by itself; its exit code."""
        assert self._process is not None
        return self._process.wait(patience)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """See that it still runs."""
        assert self.alive, self.log.read_text()[-3_000:]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def ends(settings: Settings, *roles: str) -> dict[TopicPartition, int]:
    """End offsets of these topics, by partition."""
    names = topics(settings)
    tps = [TopicPartition(names[role].name, p) for role in roles for p in range(names[role].partitions)]
    reader = consumer(settings)
    try:
        return dict(reader.end_offsets(tps))
    finally:
        reader.close()


def committed(settings: Settings) -> dict[TopicPartition, int]:
    """Offsets the workers' group has committed."""
    admin = administrator(settings)
    try:
        groups = admin.list_group_offsets(settings.prefix)
        return {tp: row.offset for rows in groups.values() for tp, row in rows.items()}
    except CoordinatorNotAvailableError:
        return {}  # a new broker makes the topic of offsets when the first group comes
    finally:
        admin.close()


def caught_up(settings: Settings) -> bool:
    """Whether all that was written is committed as done, indications included."""
    done = committed(settings)
    return all(end == 0 or done.get(tp) == end for tp, end in ends(settings, *CONSUMED).items())


def until(condition: Callable[[], bool], patience: float, workers: tuple[Worker, ...] = ()) -> None:
    """Poll until `condition()` holds; fail loudly after `patience` seconds or when a worker died."""
    deadline = time.monotonic() + patience
    while not condition():
        for worker in workers:
            assert worker.alive, worker.log.read_text()[-3_000:]
        assert time.monotonic() < deadline, f"not within {patience} s"
        time.sleep(0.2)
