"""A replay through Kafka is scoring in process: the same figures, the same levels, live topics untouched."""

import random
import uuid
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from scoring import numbers
from workers import Worker

from schemas.assessment import Assessment
from stream.catalogue.load import load
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.replay import Following, feed
from stream.runs import names
from stream.settings import Settings
from stream.sources.jsonl import chronological
from stream.sources.producer import Sender
from stream.topics import TopicProblem, create, delete

pytestmark = pytest.mark.integration
WEEK = 7 * 86_400.0
CHRONICLE = files("stream.catalogue") / "belarus_entry" / "chronicle"


@pytest.fixture(scope="module")
def records() -> list[Inbound]:
    return chronological(str(path) for path in sorted(Path(str(CHRONICLE)).glob("*.jsonl")))


@pytest.fixture
def settings(broker: str) -> Settings:
    return Settings(brokers=broker, run=f"r{uuid.uuid4().hex[:8]}", environment="replay", tick_seconds=WEEK)


def through_kafka(settings: Settings, items: Sequence[Inbound], folder: Path) -> dict[object, Assessment]:
    create(settings)
    sender = Sender(settings)
    with Worker(settings, folder) as worker, Following(settings) as following:
        last = list(feed(settings, sender, items))[-1]

        def alive() -> None:
            assert worker.alive, worker.log.read_text()[-3_000:]

        found = following.until(last.at, 120, alive)
    sender.close()
    return {a.at: a for a in found if a.cause == "tick"}


@pytest.mark.parametrize("mess", ["as it came", "shuffled and doubled"])
def test_the_chronicle_through_kafka_equals_in_process(
    settings: Settings, records: list[Inbound], tmp_path: Path, mess: str
) -> None:
    expected = {a.at: a for a in Run(load(), with_ticks(records, WEEK)) if a.cause == "tick"}
    items = list(with_ticks(records, WEEK))
    if mess != "as it came":
        # within a week, between two ticks, anything goes; and some come again much later
        items = _messed(items, random.Random(7))  # noqa: S311 - reproducible
    found = through_kafka(settings, items, tmp_path)
    assert found.keys() == expected.keys()
    for at, a in expected.items():
        assert (found[at].level, found[at].since, found[at].fragile) == (a.level, a.since, a.fragile)
        assert numbers(found[at]) == pytest.approx(numbers(a), abs=1e-9)
    assert {a.level for a in expected.values()} > {"normal"}  # else equal levels would say little


def _messed(items: list[Inbound], rng: random.Random) -> list[Inbound]:
    messed: list[Inbound] = []
    week: list[Inbound] = []
    past: list[Inbound] = []
    for item in items:
        if item.kind != "tick":
            week.append(item)
            continue
        again = rng.sample(past, min(len(past), 3)) + rng.choices(week, k=len(week) // 3)
        past += week
        week += again
        rng.shuffle(week)
        messed += [*week, item]
        week = []
    return messed


def test_a_replay_cannot_write_to_live_topics(broker: str) -> None:
    live = Settings(brokers=broker)
    sender = Sender(live)
    with pytest.raises(TopicProblem, match="never writes to live topics"):
        next(feed(live, sender, []))
    sender.close()


def test_runs_are_listed_and_deleted_and_live_topics_are_not(settings: Settings) -> None:
    create(settings)
    assert settings.run in names(settings)
    assert delete(settings)
    assert settings.run not in names(settings)
    with pytest.raises(TopicProblem, match="live topics are not deleted"):
        delete(settings.model_copy(update={"run": None}))


def test_topics_are_created_once_and_a_mismatch_is_said(settings: Settings) -> None:
    assert set(create(settings).values()) == {"created"}
    assert set(create(settings).values()) == {"kept"}
    with pytest.raises(TopicProblem, match=r"min.insync.replicas is 1, expected 2"):
        create(settings.model_copy(update={"replication": 3}))
