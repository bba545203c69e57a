"""Fleet: workers that come, go and are killed, under a supervisor; and how far they have come."""

import logging
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from workers import Worker

from stream.connection import BrokerProblem, administrator, consumer
from stream.settings import Settings
from stream.topics import topics

PAUSE = 0.5  # seconds before a restart, as deploy/local/supervise.py takes
LOOK = 0.1
STOP_SECONDS = 20.0
STATIC = ("a",)  # keep their name in the group over restarts; the others join as strangers

log = logging.getLogger(__name__)


class Fleet:
    """Workers by name. Whatever ends and should not have is started again, and its exit code counted."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.endings: Counter[int] = Counter()  # exit codes of what nobody killed
        self.hung = 0  # did not stop in time when asked to
        self.stopped: set[str] = set()
        self._settings = settings
        self._folder = folder
        self._workers: dict[str, Worker] = {}
        self._ended: dict[str, float] = {}
        self._killed: set[str] = set()
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._watch = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._watch.start()

    @property
    def names(self) -> list[str]:
        """Workers that should be there, in order of their names."""
        with self._lock:
            return sorted(self._workers)

    def join(self, name: str) -> None:
        """Start one more."""
        with self._lock:
            settings = self._settings.model_copy(update={"instance": name if name in STATIC else None})
            self._workers[name] = Worker(settings, self._folder, name).start()

    def leave(self, name: str) -> None:
        """Ask one to stop, and wait; kill it if it does not."""
        with self._lock:
            worker = self._workers.pop(name)
            self._ended.pop(name, None)
        if worker.alive:
            try:
                worker.end(signal.SIGTERM, STOP_SECONDS)
            except TimeoutExpired:
                self.hung += 1
                log.warning("%s did not stop within %g s", name, STOP_SECONDS)
                worker.end(signal.SIGKILL)

    def kill(self, name: str) -> None:
        """End one at once; the supervisor starts it again."""
        with self._lock:
            worker = self._workers[name]
            self._killed.add(name)
            self.stopped.discard(name)
            if worker.alive:
                worker.end(signal.SIGKILL)

    def stop(self, name: str) -> None:
        """Let one stand still, as a machine that swaps or a paused container does."""
        with self._lock:
            self._workers[name].send(signal.SIGSTOP)
            self.stopped.add(name)

    def wake(self, name: str) -> None:
        """Let it go on, not knowing that time has passed."""
        with self._lock:
            if name in self.stopped:
                self.stopped.discard(name)
                self._workers[name].send(signal.SIGCONT)

    def owner(self) -> str | None:
        """Worker that restored the problem's state last."""
        told = re.compile(r"^(\d+\.\d+) .*restored \d+ rows", re.MULTILINE)
        newest: dict[str, float] = {}
        for name in self.names:
            found = told.findall((self._folder / f"{name}.log").read_text())
            newest |= {name: float(found[-1])} if found else {}
        return max(newest, key=lambda name: newest[name], default=None)

    def close(self) -> None:
        """End all, in order where they can."""
        self._end.set()
        self._watch.join()
        for name in list(self.stopped):
            self.wake(name)
        for name in self.names:
            self.leave(name)

    def _supervise(self) -> None:
        while not self._end.wait(LOOK):
            with self._lock:
                for name, worker in self._workers.items():
                    self._look(name, worker)

    def _look(self, name: str, worker: Worker) -> None:
        if worker.alive:
            return
        now = time.monotonic()
        if name not in self._ended:
            self._ended[name] = now
            if name not in self._killed:
                code = worker.wait(0)
                self.endings[code] += 1
                log.info("%s ended by itself with code %d", name, code)
            self._killed.discard(name)
        elif now - self._ended[name] > PAUSE:
            del self._ended[name]
            worker.start()


class Position:
    """Where the topics end and what is committed, over connections that outlive a broker's absence."""

    def __init__(self, settings: Settings) -> None:
        self._topics = topics(settings)
        self._settings = settings
        self._consumer: KafkaConsumer | None = None
        self._admin: KafkaAdminClient | None = None

    def ends(self, roles: Iterable[str]) -> dict[TopicPartition, int]:
        """End of each partition of these topics; waits for a broker that does not answer."""
        rows = [self._topics[role] for role in roles]
        tps = [TopicPartition(row.name, p) for row in rows for p in range(row.partitions)]
        while True:
            try:
                if self._consumer is None:
                    self._consumer = consumer(self._settings)
                return dict(self._consumer.end_offsets(tps))
            except (KafkaError, OSError, BrokerProblem):
                self.close()
                time.sleep(LOOK)

    def reached(self, mark: dict[TopicPartition, int]) -> bool:
        """Whether all that stood before `mark` is committed as done; False where the broker does not say."""
        try:
            if self._admin is None:
                self._admin = administrator(self._settings)
            groups = self._admin.list_group_offsets(self._settings.prefix)
        except (KafkaError, OSError, BrokerProblem):
            self.close()
            return False
        done = {tp: row.offset for rows in groups.values() for tp, row in rows.items()}
        return all(done.get(tp, 0) >= end for tp, end in mark.items())

    def close(self) -> None:
        """Let go of the connections."""
        for client in (self._consumer, self._admin):
            if client is not None:
                with suppress(KafkaError, OSError):
                    client.close()
        self._consumer = self._admin = None
