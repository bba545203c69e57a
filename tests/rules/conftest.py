"""Binaries, rendered configuration, and the real thing: Prometheus, Alertmanager and a Slack receiver."""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from deploy.local.debs import program
from deploy.local.ports import free_port
from deploy.render import Delivery, Mode, commands, render

MODES: tuple[Mode, ...] = ("demo", "live")
PORTS = {"prometheus": 9090, "alertmanager": 9093, "receiver": 9094, "metrics": 9808}
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


class Receiver:
    """Stands where Slack would: answers ok and keeps what it got. `wait` takes messages until one fits."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.put((self.path, json.loads(body)))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    @property
    def port(self) -> int:
        return self.server.server_port

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def wait(self, path: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        seen = []
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                got_path, message = self.got.get(timeout=left)
            except queue.Empty:
                break
            if got_path == path and fits(message):
                return message
            seen.append((got_path, message))
        raise AssertionError(json.dumps(seen, indent=1, ensure_ascii=False))


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[tuple[Receiver, int]]:
    """Start Prometheus and Alertmanager in demo mode; yields the receiver and the port they scrape."""
    with Receiver() as receiver:
        ports = {
            "prometheus": free_port(),
            "alertmanager": free_port(),
            "receiver": receiver.port,
            "metrics": free_port(),
        }
        render("demo", tmp_path, ports=ports, delivery=Delivery())
        processes = [
            _start(tmp_path / f"{name}.log", binary(name), *arguments)
            for name, arguments in commands("demo", tmp_path, tmp_path, ports).items()
        ]
        try:
            yield receiver, ports["metrics"]
        finally:
            for process in processes:
                process.terminate()
                process.wait(timeout=30)


def _start(log: Path, *command: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, cwd=Path(command[0]).resolve().parents[2])
