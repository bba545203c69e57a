"""The whole local stack comes up, live, and goes down without a trace."""

import os
import signal
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from workers import until

from deploy.local import HOST
from deploy.local.ports import Ports, PortTakenError, free_port
from deploy.local.programs import Plan
from deploy.local.stack import Stack, StackError

pytestmark = pytest.mark.integration


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    for name in Ports.model_fields:
        monkeypatch.setenv(Ports.setting(name), str(free_port()))
    return Plan("live", Ports(), data=tmp_path)


def processes(plan: Plan) -> dict[int, list[str]]:
    """Return the command lines that speak of the plan's folder, by process id."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended while we looked
            continue
        if any(str(plan.data) in word for word in words):
            found[int(path.parent.name)] = words
    return found


def listening(pids: Iterable[int]) -> set[str]:
    """Addresses that these processes listen on, as /proc says; hex, as it writes them."""
    sockets: set[str] = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # it was closed while we looked
                sockets.add(entry.readlink().name)
    rows = [
        line.split()
        for table in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    # State 0A is LISTEN; 07 is a UDP socket that waits for whoever writes.
    return {
        row[1].rpartition(":")[0]
        for row in rows
        if row[3] in ("0A", "07") and f"socket:[{row[9]}]" in sockets
    }


LOOPBACK = {
    "0100007F",
    "0" * 24 + "01000000",
    "0" * 16 + "FFFF00000100007F",
}  # the last: IPv4 as Java writes it


def below(pids: Iterable[int]) -> set[int]:
    """These processes and all that they have started."""
    found, parents = set(pids), {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def worker(plan: Plan) -> int | None:
    """Process id of the worker itself: what the supervisor that probes has started."""
    ours = below(processes(plan))
    words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in ours}
    supervisors = {pid for pid in ours if b"--probe" in words[pid]}
    return next(iter(below(supervisors) - supervisors), None)


def answers(plan: Plan, path: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{plan.ports.metrics}{path}", timeout=5):
        return True
    return False


def test_everything_serves_and_a_death_ends_all_and_is_named(plan: Plan) -> None:
    with Stack(plan) as stack:
        until(lambda: answers(plan, "/ready"), 60)
        listens = listening(below(processes(plan)))
        assert "0100007F" in listens
        assert listens <= LOOPBACK
        frozen = worker(plan)
        assert frozen
        os.kill(frozen, signal.SIGSTOP)
        until(lambda: worker(plan) not in (frozen, None) and answers(plan, "/ready"), 240)
        assert "not alive" in (plan.logs / "worker.log").read_text()
        with urllib.request.urlopen(f"http://{HOST}:{plan.ports.metrics}/metrics", timeout=5) as metrics:
            assert b"belwatch_build_info" in metrics.read()
        admin = KafkaAdminClient(bootstrap_servers=plan.brokers)
        assert "belwatch-articles" in admin.list_topics()
        admin.close()
        with pytest.raises(PortTakenError, match="BELWATCH_KAFKA_PORT"):
            Stack(plan).__enter__()
        (prometheus,) = (pid for pid, words in processes(plan).items() if words[0].endswith("/prometheus"))
        os.kill(prometheus, signal.SIGKILL)
        with pytest.raises(StackError, match=r"(?s)prometheus ended.*ended by SIGKILL"):
            stack.wait()
    assert processes(plan) == {}
