"""The supervisor starts a failed program again, and never leaves one behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from deploy.local import HOST, supervise
from deploy.local.ports import free_port
from deploy.local.supervise import Supervisor

PATIENCE = 30  # seconds until something that should happen hasn't


def eventually(happens: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """A zombie is dead: its parent just hasn't looked."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A Supervisor takes the signals of its process: give pytest its own back."""
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def failing(times: int, count: Path) -> list[str]:
    """Fail with code 3 so often, then end with 0; a line in `count` for each start."""
    script = f"""
from pathlib import Path
count = Path({str(count)!r})
with count.open("a") as out: out.write("start\\n")
raise SystemExit(3 if len(count.read_text().splitlines()) <= {times} else 0)
"""
    return [sys.executable, "-c", script]


def test_a_program_that_fails_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervise, "FIRST_PAUSE", 0.01)
    supervisor = Supervisor("worker", failing(2, tmp_path / "count"), restart=True)
    assert supervisor.run() == 0
    assert supervisor.restarts == 2
    told = capsys.readouterr().out
    assert "[worker] exit code 3; restart 1 in 0.01 s" in told
    assert "[worker] exit code 3; restart 2 in 0.02 s" in told


def test_without_restart_the_exit_code_is_handed_on(tmp_path: Path) -> None:
    assert Supervisor("prometheus", failing(1, tmp_path / "count"), restart=False).run() == 3


@pytest.mark.parametrize("code", [77, 78])
def test_what_no_restart_mends_is_not_started_again(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", f"raise SystemExit({code})"]
    assert Supervisor("worker", command, restart=True).run() == code
    assert capsys.readouterr().out.count("started (pid") == 1


def sick(how: str, port: int, count: Path) -> list[str]:
    """Serve, fall ill at the third request as `how` says, and end well when started again."""
    script = f"""
import http.server, os, signal
from pathlib import Path
count = Path({str(count)!r})
if count.exists(): raise SystemExit(0)
count.touch()
asked = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        if asked > 2: {how}
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("{HOST}", {port}), Handler).serve_forever()
"""
    return [sys.executable, "-c", script]


@pytest.mark.parametrize(
    "how",
    [
        "return self.send_error(503, 'commits stall')",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        "return self.server.server_close() or self.connection.close()",
    ],
)
def test_a_program_that_runs_and_is_not_alive_is_started_again(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seconds in {"FIRST_PAUSE": 0.01, "PROBE_SECONDS": 0.01, "PROBE_PATIENCE": 0.3}.items():
        monkeypatch.setattr(supervise, name, seconds)
    port = free_port()
    supervisor = Supervisor(
        "worker", sick(how, port, tmp_path / "count"), restart=True, probe=f"http://{HOST}:{port}/live"
    )
    assert supervisor.run() == 0
    assert supervisor.restarts == 1
    told = capsys.readouterr().out
    assert "not alive: " in told
    assert "ended by SIGKILL; restart 1" in told


def test_a_program_that_is_only_slow_to_start_is_let_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervise, "PROBE_SECONDS", 0.01)
    command = [sys.executable, "-c", f"import time; time.sleep({supervise.LOOK * 8})"]
    assert Supervisor("worker", command, restart=True, probe=f"http://{HOST}:{free_port()}/live").run() == 0
    assert "not alive" not in capsys.readouterr().out


def start(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "deploy.local.supervise", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )


def pid_told(out: IO[str] | None) -> int:
    assert out is not None
    line = out.readline()
    assert "started (pid " in line
    return int(line.rpartition("pid ")[2].rstrip(")\n"))


SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_its_program(how: signal.Signals) -> None:
    with start("--restart", "worker", *SLEEPER) as supervisor:
        pid = pid_told(supervisor.stdout)
        supervisor.send_signal(how)
        assert supervisor.wait(PATIENCE) == 0
    assert not alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_killed_it_leaves_no_orphan() -> None:
    with start("worker", *SLEEPER) as supervisor:
        pid = pid_told(supervisor.stdout)
        supervisor.kill()
        eventually(lambda: not alive(pid))


def test_when_the_stack_is_killed_its_programs_end() -> None:
    with (
        subprocess.Popen(SLEEPER) as stack,
        start("worker", *SLEEPER, BELWATCH_STACK_PID=str(stack.pid)) as it,
    ):
        pid = pid_told(it.stdout)
        stack.kill()
        stack.wait()
        assert it.wait(PATIENCE) == 0
    assert not alive(pid)


def test_it_waits_for_a_port_and_still_heeds_a_signal() -> None:
    with start("--after", str(free_port()), "worker", *SLEEPER) as supervisor:
        assert supervisor.stdout is not None
        assert "waiting for port" in supervisor.stdout.readline()
        supervisor.terminate()
        assert supervisor.wait(PATIENCE) == 0
        assert supervisor.stdout.read() == ""


def test_what_others_need_stops_after_them() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = str(other.getsockname()[1])
        with start("--outlast", port, "kafka", *SLEEPER) as supervisor:
            pid = pid_told(supervisor.stdout)
            supervisor.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                supervisor.wait(1)
            assert alive(pid)
            other.close()
            assert supervisor.wait(PATIENCE) == 0
    assert not alive(pid)


def test_a_failed_first_command_is_the_end() -> None:
    first = f"{sys.executable} -c 'raise SystemExit(2)'"
    with start("--first", first, "worker", *SLEEPER) as supervisor:
        assert supervisor.wait(PATIENCE) == 2
