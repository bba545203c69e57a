import os
import re
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from oracle import Log, complaints, logs
from traffic import produce, traffic
from workers import Worker, caught_up, ends, until

from schemas.catalogue import Catalogue
from stream.agents import KINDS
from stream.catalogue.load import load
from stream.settings import Settings
from stream.topics import TopicProblem, create
from stream.worker import check

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(Settings().catalogue)


@pytest.fixture
def settings(broker: str) -> Settings:
    return _installation(broker)


def _installation(broker: str) -> Settings:
    settings = Settings(brokers=broker, run=f"t{uuid.uuid4().hex[:8]}")
    create(settings)
    return settings


@pytest.fixture(scope="module")
def walked(broker: str, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """The logs after one worker has read a day of messages and was asked to stop."""
    settings = _installation(broker)
    written = produce(settings, traffic(catalogue, hours=24, per_hour=100, seed=1))
    with Worker(settings, tmp_path_factory.mktemp("worker")) as worker:
        until(lambda: caught_up(settings), 60, (worker,))
        assert worker.end(signal.SIGTERM) == 0
    log = logs(settings, catalogue)
    assert sum(len(log.of(role)) for role in KINDS) == written
    return log


def test_everything_read_is_told_and_kept(walked: Log, catalogue: Catalogue) -> None:
    assert walked.of("assessments")
    assert walked.of("rejections")
    assert complaints(walked, catalogue) == []


def test_missing_topics_are_named_with_the_command_that_makes_them(broker: str) -> None:
    with pytest.raises(TopicProblem, match=r"no belwatch-run-nowhere-articles.*run `belwatch topics create`"):
        check(Settings(brokers=broker, run="nowhere"))


def test_a_broker_that_is_not_there_is_named_with_its_setting_in_one_line() -> None:
    command = [sys.executable, "-m", "stream", "worker"]
    done = subprocess.run(
        command,
        env=os.environ | {"BELWATCH_BROKERS": "127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == os.EX_UNAVAILABLE
    assert re.fullmatch(
        r"belwatch: no Kafka broker answers at 127\.0\.0\.1:9 .*BELWATCH_BROKERS.*\n", done.stderr
    )


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(
    settings: Settings, catalogue: Catalogue, tmp_path: Path
) -> None:
    produce(settings, traffic(catalogue, hours=48, per_hour=250, seed=2))
    with Worker(settings, tmp_path) as worker:
        for enough in (150, 500):
            until(lambda n=enough: sum(ends(settings, "indications").values()) > n, 60, (worker,))
            worker.end(signal.SIGKILL)
            assert not caught_up(settings)
            worker.start()
        until(lambda: caught_up(settings), 120, (worker,))
        assert worker.end(signal.SIGTERM) == 0
    assert complaints(logs(settings, catalogue), catalogue) == []
