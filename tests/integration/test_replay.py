"""A replay through Kafka is scoring in process: the same figures, the same levels, live topics untouched."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from scoring import numbers
from workers import Worker

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from schemas.wire import instant, rfc3339
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
        found = following.until(last.at, 120, worker.check)
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


def test_twenty_thousand_generated_items_through_kafka_equal_in_process(
    settings: Settings, tmp_path: Path
) -> None:
    catalogue = load()
    records = sorted(_generated(catalogue, 20_000, random.Random(11)), key=lambda r: r.received_at)  # noqa: S311 - as above
    items = list(with_ticks(records, WEEK))
    run = Run(catalogue, items)
    expected = {a.at: a for a in run if a.cause == "tick"}
    assert run.outcomes["matched"] > 500
    assert run.outcomes["rejected"] > 10
    found = through_kafka(settings, items, tmp_path)
    assert found.keys() == expected.keys()
    for at, a in expected.items():
        assert (found[at].level, found[at].since, found[at].fragile) == (a.level, a.since, a.fragile)
        assert numbers(found[at]) == pytest.approx(numbers(a), abs=1e-9)
    assert {a.level for a in expected.values()} > {"normal"}


def _generated(catalogue: Catalogue, count: int, rng: random.Random) -> Iterator[Inbound]:
    """Articles of a quarter: one in twenty speaks (an indicator's own example), some come late, again, or broken."""
    speaking = [e.title or e.text for i in catalogue.indicators.values() for e in i.examples if e.expect]
    publishers = [name for source in catalogue.sources for name in source.names[:1]] + [
        "a.example",
        "b.example",
    ]
    for n in range(count):
        at = 1_643_673_600 + rng.uniform(0, 90 * 86_400)
        title = (
            rng.choice(speaking) if rng.random() < 0.05 else f"Item {n} about the harvest of another country"
        )
        body = {
            "id": f"generated:{n if rng.random() < 0.98 else rng.randrange(count)}",
            "published_at": rfc3339(instant(at)),
            "publisher": rng.choice(publishers),
            "title": title,
        }
        value = b"broken" if rng.random() < 0.002 else json.dumps(body, ensure_ascii=False).encode()
        late = rng.choice((0.0, 60.0, 3_600.0, 5 * 86_400.0))
        yield Inbound("article", value, at + late, "generated", n)


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
