"""Binaries, rendered configuration, and the real thing: Prometheus, Alertmanager and a Slack receiver."""

import contextlib
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from deploy.local.debs import program
from deploy.local.ports import free_port
from deploy.local.receiver import Receiver
from deploy.render import PORTS, Delivery, Mode, commands, render

MODES: tuple[Mode, ...] = ("demo", "live")
PATIENCE = 40  # seconds until a message that should come is missing; about 3 are usual


def binary(name: str) -> str:
    """Path of promtool, amtool, prometheus or alertmanager."""
    return str(program(name))


def render_to(out: Path, mode: Mode) -> Path:
    """Render at the usual ports, with links that don't depend on this machine."""
    render(mode, out, ports=PORTS, delivery=Delivery(runbooks_url="https://runbooks.example"))
    return out


@pytest.fixture(scope="session", params=MODES)
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mode, Path]:
    """Configuration of each mode, as shipped."""
    return request.param, render_to(tmp_path_factory.mktemp(request.param), request.param)


class Watched(Receiver):
    """The stack's own stand-in for Slack, whose messages can be awaited."""

    def __init__(self, file: Path) -> None:
        super().__init__(0, file)
        self.news: queue.Queue[dict[str, Any]] = queue.Queue()

    def keep(self, message: dict[str, Any]) -> None:
        super().keep(message)
        self.news.put(message)

    def wait(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Take messages until one fits."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                message = self.news.get(timeout=left)
                if fits(message):
                    return message
        raise AssertionError(self.file.read_text(encoding="utf-8"))


class Alerting(NamedTuple):
    """Prometheus and Alertmanager in demo mode, at `ports`, and the receiver."""

    receiver: Watched
    ports: dict[str, int]


@pytest.fixture(scope="module")
def alerting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerting]:
    folder = tmp_path_factory.mktemp("alerting")
    with Watched(folder / "slack.jsonl") as receiver, contextlib.ExitStack() as stack:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        stack.callback(thread.join)
        stack.callback(receiver.shutdown)
        ports = {name: free_port() for name in PORTS} | {"receiver": receiver.server_port}
        render("demo", folder, ports=ports, delivery=Delivery())
        for name, arguments in commands("demo", folder, folder, ports).items():
            process = _start(folder / f"{name}.log", binary(name), *arguments)
            stack.callback(process.wait, timeout=30)
            stack.callback(process.terminate)
        yield Alerting(receiver, ports)


def _start(log: Path, *command: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        # Alertmanager of an unpacked Debian package looks for its templates relative to the package.
        return subprocess.Popen(command, stdout=out, stderr=out, cwd=Path(command[0]).resolve().parents[2])
