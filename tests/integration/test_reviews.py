"""Answering back through Kafka: a review does what it does in process, and the page reads what came of it."""

import asyncio
import json
import uuid
from pathlib import Path

import pytest
from scoring import numbers
from workers import Worker

from schemas.assessment import Assessment
from schemas.wire import instant, rfc3339
from stream.catalogue.load import load
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.page.reading import Reading
from stream.replay import Following, feed
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.sources.reviews import given, make, send
from stream.topics import create, delete

pytestmark = pytest.mark.integration


DAY = 86_400.0
START = 1_643_673_600.0


def sighting(name: str, day: float) -> Inbound:
    body = {
        "id": name,
        "dataset": "analyst",
        "occurred_at": rfc3339(instant(START + day * DAY)),
        "indicator": "strike_group",
        "severity": 3,
        "grade": "A1",
        "act": "observed",
        "publisher": name,
        "summary": f"{name} saw a strike group at the border",
    }
    return Inbound("event", json.dumps(body).encode(), START + day * DAY, "events-0", 0)


def test_a_retraction_through_kafka_equals_in_process_and_the_page_shows_it(
    broker: str, tmp_path: Path
) -> None:
    settings = Settings(
        brokers=broker, run=f"r{uuid.uuid4().hex[:8]}", environment="replay", tick_seconds=DAY
    )
    problem = load().problem.id
    review = make(problem, "retract", "one", "N. N.", "forged", at=START + 3 * DAY)
    word = Inbound("review", review.model_dump_json().encode(), START + 3 * DAY, "reviews-0", 0)
    first, second = [sighting("one", 1), sighting("two", 1.5)], [sighting("three", 4)]
    expected = {a.at: a for a in Run(load(), with_ticks([*first, word, *second], DAY)) if a.cause == "tick"}
    create(settings)
    sender = Sender(settings)
    items = list(with_ticks([*first, *second], DAY))
    before = [i for i in items if i.received_at < START + 3 * DAY]
    try:
        with Worker(settings, tmp_path) as worker, Following(settings) as following:
            found = following.until(list(feed(settings, sender, before))[-1].at, 120, worker.check)
            send(settings, review)
            found += following.until(
                list(feed(settings, sender, items[len(before) :]))[-1].at, 120, worker.check
            )
        told = {a.at: a for a in found if a.cause == "tick"}
        assert told.keys() == expected.keys()
        for at, a in expected.items():
            assert numbers(told[at]) == pytest.approx(numbers(a), abs=1e-9)
            assert told[at].answers == a.answers
        assert [r.id for r in given(settings)] == [review.id]
        assert asyncio.run(shown(settings, problem)) == max(told.values(), key=lambda a: a.at)
    finally:
        sender.close()
        delete(settings)


async def shown(settings: Settings, problem: str) -> Assessment:
    """What the page finds at the end of its trail."""
    reading = Reading(settings)
    async with reading.following():
        await asyncio.wait_for(reading.caught_up.wait(), 30)
        entry = reading.trails[problem].at(2e9)
        assert entry is not None
        return await reading.assessment(entry)
