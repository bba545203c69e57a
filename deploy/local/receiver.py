"""Where Slack would be: takes incoming-webhook messages on loopback and keeps them in a JSON Lines file.

    python -m deploy.local.receiver --port 9094 --file .data/demo/slack.jsonl

- `POST /slack`: a message as Slack takes it (JSON, or a form's `payload`); answered `ok`, or refused in
  Slack's own words: `invalid_payload`, `no_text`.
- `POST /heartbeat`: Alertmanager's webhook for the watchdog; its last arrival stands in `/healthz`.
- `GET /messages`: all messages, oldest first: `[{"received_at": ..., "message": {...}}]`.
- `GET /healthz`: `{"messages": <count>, "heartbeat_at": <time or null>}`.
"""

import argparse
import json
import signal
import threading
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from deploy.local import HOST

LIMIT = 1 << 20  # bytes; Slack's own messages end far below
CONTENT = ("text", "blocks", "attachments")  # a message needs one of them


class RefusedError(Exception):
    """A request that Slack would refuse: status and Slack's word for it."""

    def __init__(self, status: HTTPStatus, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """Read a message as Slack's incoming webhooks do.

    Raises
    ------
    RefusedError
        with the status and the word that Slack answers.

    >>> parse(b'{"text": "Level is watch"}', "application/json")
    {'text': 'Level is watch'}
    >>> parse(b"payload=%7B%22text%22%3A%22hi%22%7D", "application/x-www-form-urlencoded")
    {'text': 'hi'}
    """
    try:
        text = body.decode()
        if content_type.startswith("application/x-www-form-urlencoded"):
            text = parse_qs(text)["payload"][0]
        message = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_payload") from None
    if not isinstance(message, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_payload")
    if not any(message.get(part) for part in CONTENT):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "no_text")
    return message


class Receiver(ThreadingHTTPServer):
    """The server, and the file it keeps."""

    def __init__(self, port: int, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self.file = file
        self.heartbeat_at: str | None = None
        self._writing = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def keep(self, message: dict[str, Any]) -> None:
        """Append a message with the time of its arrival."""
        row = json.dumps({"received_at": _now(), "message": message}, ensure_ascii=False)
        with self._writing, self.file.open("a", encoding="utf-8") as out:
            out.write(row + "\n")

    def messages(self) -> list[dict[str, Any]]:
        """Return what was kept, oldest first."""
        with self._writing:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    timeout = 30  # seconds for a client to send what it announced

    def do_POST(self) -> None:
        try:
            self._take(self._body())
        except RefusedError as refused:
            self._answer(refused.status, refused.word, "text/plain")
            return
        self._answer(HTTPStatus.OK, "ok", "text/plain")

    def _take(self, body: bytes) -> None:
        if self.path == "/slack":
            self.server.keep(parse(body, self.headers.get("Content-Type", "")))
        elif self.path == "/heartbeat":
            self.server.heartbeat_at = _now()
        else:
            raise RefusedError(HTTPStatus.NOT_FOUND, "no_service")

    def do_GET(self) -> None:
        if self.path == "/messages":
            found: Any = self.server.messages()
        elif self.path == "/healthz":
            found = {"messages": len(self.server.messages()), "heartbeat_at": self.server.heartbeat_at}
        else:
            self._answer(HTTPStatus.NOT_FOUND, "not here: GET /messages or /healthz", "text/plain")
            return
        self._answer(HTTPStatus.OK, json.dumps(found, ensure_ascii=False, indent=1), "application/json")

    def _body(self) -> bytes:
        announced = self.headers.get("Content-Length", "")
        if not (announced.isascii() and announced.isdigit()):
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "invalid_payload")
        if int(announced) > LIMIT:
            self.close_connection = True  # the rest isn't read
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "invalid_payload")
        return self.rfile.read(int(announced))

    def _answer(self, status: HTTPStatus, text: str, content_type: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--file", type=Path, required=True)
    chosen = options.parse_args()
    with Receiver(chosen.port, chosen.file) as server:
        # shutdown() waits for the loop it is called in: hand it to another thread.
        stop = lambda *_: threading.Thread(target=server.shutdown).start()  # noqa: E731
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        server.serve_forever()


if __name__ == "__main__":
    main()
