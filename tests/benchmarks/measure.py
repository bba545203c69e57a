"""Measure: run one peer on a topic, and look on from outside.

Speed is taken from the first messages done to the last, so neither the start of an interpreter nor joining a
group counts. CPU seconds are those of the peer's processes in that time, and the memory is each one's peak.
"""

import os
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

LOOK_SECONDS = 0.01
START_SECONDS = 90.0  # until the first message is done
STALL_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20


class Measured(NamedTuple):
    """One run. `rss` and `rss_early` are MiB of the largest process: its peak, and its size at a quarter."""

    rate: float
    cpu_per_million: float
    rss: float
    rss_early: float
    seconds: float


class PeerError(Exception):
    """A peer ended or stood still; the text holds the end of its log."""


class Processes:
    """Processes of one peer, each with its meter."""

    def __init__(
        self, commands: Sequence[Sequence[str]], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._log = folder / "log"
        self._meters: list[Path] = []
        self._running: list[subprocess.Popen[bytes]] = []
        for number, command in enumerate(commands):
            meter = folder / f"meter-{number}"
            meter.write_bytes(bytes(8))
            self._meters.append(meter)
            own = {
                **os.environ,
                **environment,
                "BENCH_METER": str(meter),
                "BENCH_DATA": str(folder / str(number)),
            }
            (folder / str(number)).mkdir()
            with self._log.open("ab") as log:
                running = subprocess.Popen(
                    command, env=own, cwd=folder, stdout=log, stderr=log, start_new_session=True
                )
            self._running.append(running)

    def done(self) -> int:
        """Messages done by all of them."""
        for running in self._running:
            if running.poll() is not None:
                raise PeerError(f"a process ended ({running.returncode}):\n{self.tail()}")
        return sum(struct.unpack("<q", meter.read_bytes())[0] for meter in self._meters)

    def cpu(self) -> float:
        """CPU seconds spent so far, in user and kernel."""
        return sum(cpu(running.pid) for running in self._running)

    def rss(self, what: str) -> float:
        """MiB of the largest; `what`: VmRSS (now) or VmHWM (peak)."""
        return max(rss(running.pid, what) for running in self._running)

    def tail(self) -> str:
        """End of what they wrote."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def end(self) -> None:
        """Kill them: what they'd do at the end isn't measured."""
        for running in self._running:
            if running.poll() is None:
                running.send_signal(signal.SIGKILL)
            running.wait()


def cpu(pid: int) -> float:
    """CPU seconds of a process, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss(pid: int, what: str) -> float:
    """MiB resident: `what` is VmRSS (now) or VmHWM (peak)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) * 1024 / MIB


@contextmanager
def started(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str], data: Path
) -> Iterator[Processes]:
    """Start processes, and kill them in the end."""
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        processes = Processes(commands, environment, Path(folder))
        try:
            yield processes
        finally:
            processes.end()


def measure(processes: Processes, messages: int, show: Callable[[int], None]) -> Measured:
    """Watch until `messages` are done; `show` is told how many are, now and then."""
    first = _until(processes, 1, START_SECONDS, show)
    began, spent = time.monotonic(), processes.cpu()
    _until(processes, messages // 4, STALL_SECONDS, show)
    early = processes.rss("VmRSS")
    last = _until(processes, messages, STALL_SECONDS, show)
    seconds = time.monotonic() - began
    spent = processes.cpu() - spent
    done = last - first
    return Measured(done / seconds, spent / done * 1e6, processes.rss("VmHWM"), early, seconds)


def _until(processes: Processes, wanted: int, patience: float, show: Callable[[int], None]) -> int:
    before, moved = -1, time.monotonic()
    while True:
        done = processes.done()
        now = time.monotonic()
        if done > before:
            before, moved = done, now
            show(done)
        if done >= wanted:
            return done
        if now - moved > patience:
            raise PeerError(f"stood still at {done} messages:\n{processes.tail()}")
        time.sleep(LOOK_SECONDS)
