"""The edges: passwords and certificates that fit let everything through; those that don't are one clear line."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from locked import MECHANISMS, PASSWORD, WRONG, Locked, enlist, locked
from made import environment
from workers import Worker, caught_up, ends, until

from stream import connection
from stream.settings import Settings
from stream.sources.ingest import ingest
from stream.sources.producer import Sender
from stream.topics import create

pytestmark = pytest.mark.integration
ARTICLE = (
    '{"id": "x:1", "published_at": "2022-02-20T10:00:00Z", "publisher": "ISW", "lang": "en",'
    ' "title": "Russian tanks arrive at Brest in Belarus", "text": "", "url": "https://x.example/1"}'
)
PATIENCE = 90  # seconds, on a machine that is busy


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    made = locked(tmp_path_factory.mktemp("locked"))
    with made.broker:
        enlist(made.broker)
        yield made


def command(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=os.environ | environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_the_right_password_opens(broker: Locked, mechanism: str) -> None:
    connection.administrator(broker.settings(sasl_mechanism=mechanism)).close()


@pytest.mark.parametrize("way", ["password", "certificate"])
def test_from_topics_to_assessments_over_tls(broker: Locked, tmp_path: Path, way: str) -> None:
    given: dict[str, Any] = {"run": f"s{uuid.uuid4().hex[:8]}", "data": tmp_path, "tick_seconds": 3600}
    settings = broker.settings(**given) if way == "password" else broker.mutually(**given)
    create(settings)
    (tmp_path / "a.jsonl").write_text(ARTICLE + "\n")
    with Worker(settings, tmp_path) as worker:
        assert ingest(settings, str(tmp_path / "a.jsonl")).sent == 1
        sender = Sender(settings)
        for hour in (10, 11):
            sender.tick(1_645_347_600.0 + 3600 * hour, _tick(hour))
        sender.flush()
        sender.close()
        until(lambda: caught_up(settings), 60, (worker,))
        until(lambda: sum(ends(settings, "assessments").values()) > 0, 60, (worker,))
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PASSWORD not in path.read_text(errors="replace"), path


def _tick(hour: int) -> bytes:
    return f'{{"type": "tick", "at": "2022-02-20T{hour + 9}:00:00Z", "every": 3600}}'.encode()


REFUSED = {
    "wrong password": ({"sasl_password": WRONG}, 77, "BELWATCH_SASL_PASSWORD"),
    "unknown user": ({"sasl_username": "nobody"}, 77, "refuses user 'nobody'"),
    "wrong authority": ({"ssl_cafile": "stranger"}, 77, "BELWATCH_SSL_CAFILE"),
    "no authority file": ({"ssl_cafile": Path("nowhere.pem")}, 78, "BELWATCH_SSL_CAFILE: no certificate"),
    "no password file": (
        {"sasl_password": None, "sasl_password_file": Path("nowhere")},
        78,
        "BELWATCH_SASL_PASSWORD_FILE: nowhere can't be read",
    ),
}


PROGRAMS = [("worker",), ("clock",), ("topics", "create"), ("replay", "--list")]


@pytest.mark.parametrize(
    ("case", "program"),
    [*((case, ("worker",)) for case in REFUSED), *(("wrong password", program) for program in PROGRAMS[1:])],
)
def test_who_is_refused_is_told_once_and_why(broker: Locked, case: str, program: tuple[str, ...]) -> None:
    given, code, says = REFUSED[case]
    if given.get("ssl_cafile") == "stranger":
        given = given | {"ssl_cafile": broker.stranger}
    done = command(broker.settings(**given, metrics_port=0), *program)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line]
    assert len(told) == 1, done.stderr
    assert not any(secret in done.stderr + done.stdout for secret in (PASSWORD, WRONG))


def test_a_certificate_that_is_missing_is_said(broker: Locked) -> None:
    with pytest.raises(connection.AccessProblem, match="BELWATCH_SSL_CERTFILE"):
        connection.administrator(broker.mutually(ssl_certfile=None))


def test_where_no_broker_is_it_is_69(broker: Locked) -> None:
    done = command(broker.settings(brokers="127.0.0.1:9"), "topics", "create")
    assert done.returncode == 69
    assert "no Kafka broker answers at 127.0.0.1:9 by SASL_SSL" in done.stderr


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_no_log_of_a_client_holds_the_password(
    broker: Locked, mechanism: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        connection.consumer(broker.settings(sasl_mechanism=mechanism)).close()
        Sender(broker.settings(sasl_mechanism=mechanism)).close()
        with pytest.raises(connection.AccessProblem):
            connection.administrator(broker.settings(sasl_mechanism=mechanism, sasl_password=WRONG))
    assert "kafka" in {record.name.partition(".")[0] for record in caplog.records}
    assert not any(secret in caplog.text for secret in (PASSWORD, WRONG))
