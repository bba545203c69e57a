"""Ingest into live topics: everything is sent, what can't be read is listed, an interrupted run goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from workers import ends

from stream.settings import Settings
from stream.sources.ingest import ingest
from stream.topics import create

pytestmark = pytest.mark.integration
GOOD = {"publisher": "X", "published_at": "2022-02-01T00:00:00Z"}


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Settings:
    live = Settings(brokers=broker, data=tmp_path)
    create(live)
    return live


def sent(settings: Settings) -> int:
    return sum(ends(settings, "articles", "events").values())


def test_every_line_is_sent_once_and_the_unreadable_are_listed(settings: Settings, tmp_path: Path) -> None:
    rows = [json.dumps({"id": f"x:{n}", **GOOD}) for n in range(3)]
    event = json.dumps({"id": "e", "dataset": "gdelt", "occurred_at": "2022-02-01T00:00:00Z"})
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join([rows[0], "broken", "", rows[1], event, json.dumps({"id": "no time"})]) + "\n")
    before = sent(settings)
    done = ingest(settings, str(file))
    assert (done.sent, done.skipped) == (5, 0)
    assert [(line, reason.partition(":")[0]) for line, reason in done.unreadable] == [
        (2, "bad_json"),
        (6, "wrong_shape"),
    ]
    assert sent(settings) - before == 5
    file.write_text(file.read_text() + rows[2] + "\n")
    again = ingest(settings, str(file))
    assert (again.sent, again.skipped) == (1, 5)
    assert ingest(settings, str(file), restart=True).sent == 6


def test_a_broker_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps({"id": "x", **GOOD}))
    # a process of its own: kafka-python leaves the sockets of a failed start to the garbage collector
    done = subprocess.run(
        [sys.executable, "-m", "stream", "ingest", "jsonl", str(file)],
        env={**os.environ, "BELWATCH_BROKERS": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 69
    assert "no Kafka broker answers at 127.0.0.1:1" in done.stderr
    assert "set BELWATCH_BROKERS" in done.stderr
    assert "Traceback" not in done.stderr
