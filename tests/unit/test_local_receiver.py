"""The receiver speaks Slack's incoming-webhook protocol, so that what works here works there."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.receiver import LIMIT, Receiver

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(0, tmp_path / "new" / "slack.jsonl") as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    receiver: Receiver, path: str, body: bytes | None = None, headers: dict[str, str] = JSON
) -> tuple[int, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{receiver.server_port}{path}", data=body, headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - http
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_a_message_is_answered_ok_and_kept_with_its_time(receiver: Receiver) -> None:
    message = {"attachments": [{"title": "WARNING", "color": "#d00", "text": "Звёзды"}], "channel": "#x"}
    assert ask(receiver, "/slack", json.dumps(message).encode()) == (200, "ok")
    (row,) = json.loads(ask(receiver, "/messages")[1])
    assert row["message"] == message
    assert row["received_at"].endswith("+00:00")
    assert [json.loads(line) for line in receiver.file.read_text().splitlines()] == [row]


def test_messages_are_listed_oldest_first(receiver: Receiver) -> None:
    for number in range(3):
        ask(receiver, "/slack", json.dumps({"text": str(number)}).encode())
    rows = json.loads(ask(receiver, "/messages")[1])
    assert [row["message"]["text"] for row in rows] == ["0", "1", "2"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1]", b'"text"', b"null", b"[" * 100_000])
def test_junk_is_refused_in_slacks_words_and_not_kept(receiver: Receiver, body: bytes) -> None:
    assert ask(receiver, "/slack", body) == (400, "invalid_payload")
    assert receiver.messages() == []


def test_a_message_that_says_nothing_is_refused(receiver: Receiver) -> None:
    assert ask(receiver, "/slack", b'{"channel": "#x"}') == (400, "no_text")


def test_a_form_payload_is_taken_as_slack_takes_it(receiver: Receiver) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(receiver, "/slack", b"payload=%7B%22text%22%3A%22hi%22%7D", form) == (200, "ok")
    assert ask(receiver, "/slack", b"text=hi", form) == (400, "invalid_payload")


def test_what_is_too_large_is_refused(receiver: Receiver) -> None:
    largest = b'{"text": "%s"}' % (b"x" * (LIMIT - len(b'{"text": ""}')))
    assert ask(receiver, "/slack", largest)[0] == 200
    # Only announced: it is refused before it is sent.
    assert ask(receiver, "/slack", b"{}", JSON | {"Content-Length": str(LIMIT + 1)})[0] == 413


def test_the_watchdogs_last_sign_of_life_is_shown(receiver: Receiver) -> None:
    assert json.loads(ask(receiver, "/healthz")[1]) == {"messages": 0, "heartbeat_at": None}
    assert ask(receiver, "/heartbeat", b'{"alerts": []}') == (200, "ok")
    assert json.loads(ask(receiver, "/healthz")[1])["heartbeat_at"] is not None


def test_an_unknown_path_is_nobodys_webhook(receiver: Receiver) -> None:
    assert ask(receiver, "/services/T0/B0", b'{"text": "x"}') == (404, "no_service")
    assert ask(receiver, "/nothing")[0] == 404
