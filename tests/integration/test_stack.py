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
PATIENCE = 60  # seconds until something that should happen hasn't


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    for name in Ports.model_fields:
        monkeypatch.setenv(Ports.setting(name), str(free_port()))
    return Plan("live", Ports(), data=tmp_path)


def processes(plan: Plan) -> list[str]:
    """Command lines that speak of the plan's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(plan.data) in line:
            found.append(line)
    return found


def test_everything_serves_and_nothing_is_left_behind(plan: Plan) -> None:
    with Stack(plan) as stack:
        stack.check()
        with urllib.request.urlopen(f"http://{HOST}:{plan.ports.metrics}/metrics", timeout=5) as metrics:
            assert b"belwatch_build_info" in metrics.read()
        admin = KafkaAdminClient(bootstrap_servers=plan.brokers)
        assert "belwatch-articles" in admin.list_topics()
        admin.close()
        with pytest.raises(PortTakenError, match="BELWATCH_KAFKA_PORT"):
            Stack(plan).__enter__()
        assert processes(plan)
    assert processes(plan) == []


def test_a_dead_program_is_named_with_the_end_of_its_log(plan: Plan) -> None:
    with Stack(plan) as stack:
        (pid,) = (
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if (words := path.read_bytes().split(b"\0"))[0].endswith(b"prometheus")
            and any(str(plan.data).encode() in word for word in words)
        )
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(StackError, match=r"(?s)prometheus ended.*ended by SIGKILL"):
            stack.wait()
    assert processes(plan) == []
