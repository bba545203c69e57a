"""Run one program of the stack, and see to its end.

    python -m deploy.local.supervise [OPTIONS] NAME COMMAND...

Restarts it when it fails (`--restart`, with a growing pause) or is no longer alive although it runs (`--probe`),
but not where it says that no restart mends it (sysexits: 77, it was refused; 78, it is set up wrongly). Starts
it once something listens on a port (`--after`), runs a command before the first start (`--first`), and never
leaves it behind: neither when it is stopped itself, nor when the stack (`BELWATCH_STACK_PID`) or itself is
killed. What others can't do without stops only when nothing listens on their port any more (`--outlast`).
"""

import argparse
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from types import FrameType

from deploy.local import HOST
from stream.orphan import die_with_parent

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds before a restart; doubles each time
STEADY = 60.0  # seconds a program must have run for the pause to begin anew
STOP_SECONDS = 10  # to end in order, then SIGKILL
STACK_PID = "BELWATCH_STACK_PID"
LOOK = 0.2  # seconds between looks at the program and the stack
LASTING = (77, 78)
PROBE_SECONDS = 5.0  # between probes
PROBE_PATIENCE = 2.0  # for an answer: a stopped process accepts, and says nothing
REDS = 3  # in a row, after which it is killed
START_SECONDS = 120.0  # until its first answer: imports, and a broker that is slow to let it in


class Supervisor:
    """One program: started, watched, restarted, stopped."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        restart: bool,
        cwd: str | None = None,
        outlast: int | None = None,
        probe: str | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.cwd = cwd
        self.outlast = outlast
        self.probe = probe
        self.restart = restart
        self.restarts = 0
        self.stopping = False
        self._stack = int(os.environ.get(STACK_PID, "0"))
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def run(self) -> int:
        """Run to the end; return the program's last exit code, or 0 when told to stop."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = self._once()
            if self.stopping:
                return 0
            if not self.restart or code == 0 or code in LASTING:
                self._say(_reason(code))
                return code
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY else pause
            self.restarts += 1
            self._say(f"{_reason(code)}; restart {self.restarts} in {pause:g} s")
            self._sleep(pause)
            if self.stopping:
                return 0
            pause = min(2 * pause, LONGEST_PAUSE)

    def wait_for(self, port: int) -> None:
        """Wait until something listens on `port` of loopback, or we are told to stop."""
        self._say(f"waiting for port {port}")
        while not self.stopping:
            if _listens(port):
                return
            self._sleep(LOOK)

    def _once(self) -> int:
        # A session of its own: it gets our signal once, not also the one sent to our group.
        program = subprocess.Popen(  # noqa: S603 - the stack's own
            self.command,
            cwd=self.cwd,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - we have one thread
        )
        self._say(f"started (pid {program.pid})")
        pulse = Pulse(self.probe)
        while not self.stopping:
            try:
                return program.wait(LOOK)
            except subprocess.TimeoutExpired:
                self._look_for_stack()
            if against := pulse.feel():
                self._say(f"not alive: {against}; killed")
                program.kill()  # it may heed nothing else, and loses nothing
        deadline = time.monotonic() + STOP_SECONDS
        while self.outlast and _listens(self.outlast) and time.monotonic() < deadline:
            time.sleep(LOOK)
        program.terminate()
        try:
            code = program.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._say(f"did not end in {STOP_SECONDS} s; killed")
            program.kill()
            code = program.wait()
        self._say(f"stopped, {_reason(code)}")
        return code

    def _sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.stopping and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, LOOK))
            self._look_for_stack()

    def _look_for_stack(self) -> None:
        if self._stack and not _alive(self._stack):
            self._say("the stack is gone")
            self.stopping = True

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _say(self, what: str) -> None:
        print(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} [{self.name}] {what}", flush=True)


class Pulse:
    """Asks a program now and then whether it is alive."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self._began = self._asked = time.monotonic()
        self._answered = False
        self._reds = 0

    def feel(self) -> str | None:
        """Ask, if it is time to; what speaks against its life, once that is certain."""
        now = time.monotonic()
        if self.url is None or now - self._asked < PROBE_SECONDS:
            return None
        against = self._ask(self.url)
        self._asked = time.monotonic()
        self._answered = self._answered or against is None
        self._reds = self._reds + 1 if against else 0
        starting = not self._answered and now - self._began < START_SECONDS
        return against if self._reds >= REDS and not starting else None

    def _ask(self, url: str) -> str | None:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_PATIENCE):  # noqa: S310 - the stack's own
                return None
        except urllib.error.HTTPError as error:
            self._answered = True
            with error:
                return error.read(1_000).decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return f"{url} does not answer ({error})"


def _reason(code: int) -> str:
    return f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    """Supervise the program on the command line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--restart", action="store_true")
    options.add_argument("--after", type=int, metavar="PORT")
    options.add_argument("--outlast", type=int, metavar="PORT")
    options.add_argument("--probe", metavar="URL")
    options.add_argument("--first", type=shlex.split, metavar="COMMAND")
    options.add_argument("--cwd", metavar="DIR")
    options.add_argument("name")
    options.add_argument("command", nargs=argparse.REMAINDER)
    chosen = options.parse_args()
    supervisor = Supervisor(
        chosen.name,
        chosen.command,
        restart=chosen.restart,
        cwd=chosen.cwd,
        outlast=chosen.outlast,
        probe=chosen.probe,
    )
    if chosen.after:
        supervisor.wait_for(chosen.after)
    if chosen.first and not supervisor.stopping:
        done = subprocess.run(chosen.first, check=False)  # noqa: S603 - the stack's own
        if done.returncode:
            sys.exit(done.returncode)
    code = 0 if supervisor.stopping else supervisor.run()
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
