import signal
import uuid
from pathlib import Path

import pytest
from load import produce, traffic
from oracle import Log, complaints
from workers import Worker, caught_up, ends, until

from schemas.catalogue import Catalogue
from stream.catalogue.load import load
from stream.settings import Settings
from stream.topics import create

pytestmark = pytest.mark.integration


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(Settings().catalogue)


@pytest.fixture
def settings(broker: str) -> Settings:
    settings = Settings(brokers=broker, run=f"t{uuid.uuid4().hex[:8]}")
    create(settings)
    return settings


def test_everything_read_is_told_and_kept(settings: Settings, catalogue: Catalogue, tmp_path: Path) -> None:
    written = produce(settings, traffic(catalogue, hours=24, per_hour=100, seed=1))
    with Worker(settings, tmp_path) as worker:
        until(lambda: caught_up(settings), 60, (worker,))
        assert worker.end(signal.SIGTERM) == 0
    log = Log(settings, catalogue)
    assert sum(map(len, log.sources.values())) == written
    assert log.assessments
    assert log.rejections
    assert complaints(log, catalogue) == []


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(
    settings: Settings, catalogue: Catalogue, tmp_path: Path
) -> None:
    produce(settings, traffic(catalogue, hours=100, per_hour=400, seed=2))
    with Worker(settings, tmp_path) as worker:
        for enough in (300, 900):
            until(lambda n=enough: sum(ends(settings, "indications").values()) > n, 60, (worker,))
            worker.end(signal.SIGKILL)
            assert not caught_up(settings)
            worker.start()
        until(lambda: caught_up(settings), 120, (worker,))
        assert worker.end(signal.SIGTERM) == 0
    assert complaints(Log(settings, catalogue), catalogue) == []
