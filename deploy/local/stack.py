"""The local stack: start all, watch all, end all; nothing is left behind, however it ends.

The programs run under honcho in a process of their own (`python -m deploy.local.stack`), so that whoever
started the stack (`make run`, the demo's live view) keeps its terminal and its signals: that is `Stack`.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Self

import honcho.manager
from honcho.printer import Message, Printer

from deploy.local import HOST, kafka
from deploy.local.paths import ROOT
from deploy.local.programs import Plan, programs
from deploy.local.supervise import STACK_PID, STOP_SECONDS
from stream.orphan import die_with_parent

READY_SECONDS = 90
# Where each program says that it serves; the broker is asked in its own protocol.
READY = {
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "receiver": "/healthz",
    "worker": "/ready",
    "page": "/-/ready",
}


class StackError(Exception):
    """A program of the stack did not start, or ended; the message names it and holds its log's end."""


class Stack:
    """A running stack: `with Stack(Plan("live", Ports())) as stack: ...`; inside, everything is up.

    Parameters
    ----------
    plan
        What to run, and where. A demo's folder is emptied first: each demo is a new one.
    say
        Told, in one line each, what takes time.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None] = print) -> None:
        self.plan = plan
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.plan.ports.require_free()
        if self.plan.mode == "demo":
            shutil.rmtree(self.plan.folder, ignore_errors=True)
        self.plan.logs.mkdir(parents=True, exist_ok=True)
        commands = programs(self.plan, self._say)
        environment = {**os.environ, **self.plan.environment(), "BELWATCH_LOGS": str(self.plan.logs)}
        self._say(f"Starting {', '.join(commands)} (logs: {self.plan.logs}) ...")
        with (self.plan.logs / "stack.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "deploy.local.stack", json.dumps(commands)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is ours to hand on
                preexec_fn=die_with_parent,  # noqa: PLW1509 - called before any thread of ours
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raise StackError when a program has ended; the stack ends with it."""
        if self._process is not None and self._process.poll() is not None:
            raise StackError(self._obituary())

    def wait(self) -> None:
        """Wait for the end, which without a signal is a StackError."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """End all programs in order, and wait for it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = ["kafka", *READY]
        while waiting := [name for name in waiting if not self._ready(name)]:
            self.check()
            if time.monotonic() > deadline:
                message = f"{waiting[0]} did not get ready in {READY_SECONDS} s{self._log_end(waiting[0])}"
                raise StackError(message)
            time.sleep(0.2)

    def _ready(self, name: str) -> bool:
        ports = self.plan.ports
        if name == "kafka":
            return kafka.answers(ports.kafka)
        port = ports.metrics if name == "worker" else getattr(ports, name)
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}{READY[name]}", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _obituary(self) -> str:
        lines = kafka.tail(self.plan.logs / "stack.log", 1)
        try:
            name = json.loads(lines)["ended"]
        except (ValueError, TypeError, KeyError):
            name = None
        if name is None:
            return f"the stack ended{self._log_end('stack')}"
        return f"{name} ended, and the stack with it{self._log_end(name)}"

    def _log_end(self, name: str) -> str:
        log = self.plan.logs / f"{name}.log"
        return f"; the end of {log}:\n{kafka.tail(log)}"


class _Narrator(Printer):  # type: ignore[misc] # honcho publishes no types
    """Prints honcho's own lines, and remembers the first program that ended without being told to."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.ended: str | None = None
        self._ending = False

    def write(self, message: Message) -> None:
        if message.name == honcho.manager.SYSTEM_PRINTER_NAME:
            words = message.data.split()
            if "received" in words:
                self._ending = True
            elif "stopped" in words and not self._ending:
                self.ended, self._ending = words[0], True
        super().write(message)


def serve(commands: dict[str, list[str]], logs: str) -> None:
    """Run the programs, each with its log file, until one ends or SIGTERM; then end all.

    The last line of output is `{"ended": <program that ended by itself, or null>}`.
    """
    # Supervisors need time to end their programs in order, the broker's last, before honcho loses patience.
    honcho.manager.KILL_WAIT = 2 * STOP_SECONDS + 3
    narrator = _Narrator()
    manager = honcho.manager.Manager(narrator)
    environment = {**os.environ, STACK_PID: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    for name, command in commands.items():
        into = shlex.quote(f"{logs}/{name}.log")
        manager.add_process(name, f"exec {shlex.join(command)} >>{into} 2>&1", env=environment, cwd=str(ROOT))
    manager.loop()
    print(json.dumps({"ended": narrator.ended}), flush=True)


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]), os.environ["BELWATCH_LOGS"])
