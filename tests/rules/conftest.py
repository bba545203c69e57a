"""Binaries, rendered configuration, and the real thing: Prometheus, Alertmanager and a Slack receiver."""

import contextlib
import queue
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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

    def __init__(self, file: Path, news: queue.Queue[dict[str, Any]], port: int = 0) -> None:
        super().__init__(port, file)
        self.news = news

    def keep(self, message: dict[str, Any]) -> None:
        super().keep(message)
        self.news.put(message)


class Alerting:
    """Prometheus and Alertmanager in demo mode, and the receiver; each can be taken away for a while."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self.news: queue.Queue[dict[str, Any]] = queue.Queue()
        self._stack = stack
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._listen(0)
        self.ports = {name: free_port() for name in PORTS} | {"receiver": self.receiver.server_port}
        render("demo", folder, ports=self.ports, delivery=Delivery())
        for name in ("prometheus", "alertmanager"):
            self._start(name)

    def wait(self, fits: Callable[[dict[str, Any]], bool], patience: float = PATIENCE) -> dict[str, Any]:
        """Take messages until one fits."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                message = self.news.get(timeout=left)
                if fits(message):
                    return message
        raise AssertionError((self.folder / "slack.jsonl").read_text(encoding="utf-8"))

    @contextlib.contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Stop Prometheus or Alertmanager as its supervisor would, and start it again."""
        self._processes[name].terminate()
        self._processes[name].wait(timeout=30)
        yield
        self._start(name)

    @contextlib.contextmanager
    def without_receiver(self) -> Iterator[None]:
        """Refuse connections where Slack would be."""
        self._close()
        yield
        self._listen(self.ports["receiver"])

    def _start(self, name: str) -> None:
        arguments = commands("demo", self.folder, self.folder, self.ports)[name]
        log, program = self.folder / f"{name}.log", binary(name)
        with log.open("ab") as out:
            # Alertmanager of an unpacked Debian package looks for its templates relative to the package.
            where = Path(program).resolve().parents[2]
            process = subprocess.Popen([program, *arguments], stdout=out, stderr=out, cwd=where)
        self._processes[name] = process
        self._stack.callback(process.wait, timeout=30)
        self._stack.callback(process.terminate)
        self._ready(f"http://127.0.0.1:{self.ports[name]}/-/ready")

    def _ready(self, url: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http
                return
            time.sleep(0.1)
        raise AssertionError(url)

    def _listen(self, port: int) -> None:
        self.receiver = Watched(self.folder / "slack.jsonl", self.news, port)
        self._thread = threading.Thread(target=self.receiver.serve_forever)
        self._thread.start()

    def _close(self) -> None:
        self.receiver.shutdown()
        self._thread.join()
        self.receiver.server_close()

    def close(self) -> None:
        """End the receiver; the programs end with the stack that was given."""
        self._close()


@pytest.fixture(scope="module")
def alerting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerting]:
    with contextlib.ExitStack() as stack:
        made = Alerting(tmp_path_factory.mktemp("alerting"), stack)
        stack.callback(made.close)
        yield made
