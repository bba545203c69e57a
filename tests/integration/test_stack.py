"""The whole local stack comes up, live, and goes down without a trace."""

import os
import signal
import urllib.request
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

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


def test_everything_serves_and_a_death_ends_all_and_is_named(plan: Plan) -> None:
    with Stack(plan) as stack:
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
