"""However the stack ends, its programs end with it, and the one that ended first is named."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 30  # seconds until something that should happen hasn't
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def supervised(name: str, *command: str) -> list[str]:
    return [sys.executable, "-m", "deploy.local.supervise", name, *command]


def alive(pid: int) -> bool:
    """A zombie is dead: its parent just hasn't looked."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Running:
    """A stack of programs that only sleep, and the ids of all its processes."""

    def __init__(self, logs: Path, **programs: list[str]) -> None:
        self.logs = logs
        with (logs / "stack.log").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.stack", json.dumps(programs)],
                stdout=out,
                env=os.environ | {"BELWATCH_LOGS": str(logs)},
            )
        self.pids = [self.pid_in(f"{name}.log", r"started \(pid (\d+)\)") for name in programs]
        self.pids += [self.pid_in("stack.log", rf"{name} started \(pid=(\d+)\)") for name in programs]

    def pid_in(self, log: str, pattern: str) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            path = self.logs / log
            if path.exists() and (found := re.search(pattern, path.read_text())):
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError(f"no {pattern} in {log}")

    def all_end(self) -> None:
        self.process.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while left := [pid for pid in self.pids if alive(pid)]:
            assert time.monotonic() < deadline, f"left behind: {left}"
            time.sleep(0.05)

    def ended(self) -> object:
        return json.loads((self.logs / "stack.log").read_text().splitlines()[-1])["ended"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_program_outlives_the_stack(tmp_path: Path, how: signal.Signals) -> None:
    stack = Running(tmp_path, kafka=supervised("kafka", *SLEEPER), worker=supervised("worker", *SLEEPER))
    stack.process.send_signal(how)
    stack.all_end()
    if how != signal.SIGKILL:
        assert stack.ended() is None


def test_a_program_that_dies_ends_the_stack_and_is_named(tmp_path: Path) -> None:
    stack = Running(
        tmp_path, receiver=supervised("receiver", *SLEEPER), prometheus=supervised("prometheus", *SLEEPER)
    )
    os.kill(stack.pids[1], signal.SIGKILL)
    stack.all_end()
    assert stack.ended() == "prometheus"
    assert "ended by SIGKILL" in (tmp_path / "prometheus.log").read_text()
