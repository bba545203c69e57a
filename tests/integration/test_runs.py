"""Runs: gone on with exactly after a kill, repeated from topics and archives, counted, and thrown away."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from workers import sources

from schemas.assessment import Assessment
from stream import runs
from stream.archive.export import export
from stream.catalogue.load import load
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.replay import NUMBER, Following, feed
from stream.settings import Settings
from stream.sources.jsonl import chronological
from stream.sources.log import recorded
from stream.sources.producer import Sender
from stream.topics import TopicProblem, create, delete

pytestmark = pytest.mark.integration
DAY = 86_400.0
BEGIN = 1_645_660_800.0  # 2022-02-24


def article(n: int) -> dict[str, str]:
    """Some say something, most don't."""
    titles = (
        "Belarusian troops have crossed into Ukraine, witnesses say",
        "Spring sowing begins",
        "A concert in Lviv",
    )
    at = f"2022-02-{24 + n % 4:02d}T{n % 24:02d}:{n % 60:02d}:00Z"
    return {
        "id": f"news:{n}",
        "published_at": at,
        "publisher": f"paper{n % 5}.example",
        "title": titles[n % 3],
    }


@pytest.fixture
def news(tmp_path: Path) -> Path:
    file = tmp_path / "news.jsonl"
    file.write_text("".join(json.dumps(article(n)) + "\n" for n in range(400)) + "poison\n")
    return file


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Iterator[Settings]:
    made = Settings(
        brokers=broker,
        run=f"t{uuid.uuid4().hex[:8]}",
        environment="replay",
        tick_seconds=6 * 3_600,
        data=tmp_path,
        runs=99,
    )
    yield made
    for name in runs.names(made):
        if name.startswith(str(made.run)):
            delete(made.model_copy(update={"run": name}))


def belwatch(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    environment = {
        "BELWATCH_BROKERS": settings.brokers,
        "BELWATCH_DATA": str(settings.data),
        "BELWATCH_RUNS": str(settings.runs),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "stream", *arguments],
        env=os.environ | environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def done(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


def numbers(settings: Settings) -> dict[str, list[tuple[int, bytes]]]:
    """Number and value of everything on a run's source topics, by partition, in order."""
    return {
        origin: [(int(dict(r.headers)[NUMBER]), r.value) for r in records]
        for origin, records in sources(settings).items()
    }


def in_process(records: list[Inbound], every: float) -> list[Assessment]:
    return [a for a in Run(load(), with_ticks(records, every)) if a.cause == "tick"]


def published(settings: Settings) -> list[Assessment]:
    with Following(settings) as following:
        found: list[Assessment] = []
        while batch := following.poll(1_000):
            found += batch
    return [a for a in found if a.cause == "tick"]


def same(found: list[Assessment], expected: list[Assessment]) -> None:
    assert [(a.at, a.level, a.index) for a in found] == [
        (a.at, a.level, pytest.approx(a.index, abs=1e-9)) for a in expected
    ]


def test_a_killed_replay_goes_on_exactly_where_it_was(settings: Settings, news: Path) -> None:
    command = ("replay", str(news), "--run", str(settings.run), "--every", "6h")
    killed = belwatch(settings, *command, "--speed", str(2 * 3_600))  # a tick every three seconds
    assert killed.stderr is not None
    with Following(wait_for(settings)) as following:
        while not following.poll(200):
            assert killed.poll() is None, killed.stderr.read()
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    killed.communicate()
    before = numbers(settings)
    assert 0 < max(rows[-1][0] for rows in before.values() if rows) < 401  # not all of it
    last = Assessment.model_validate_json(done(belwatch(settings, *command, "--resume", "--json")))
    for rows in numbers(settings).values():
        seen = [number for number, _ in rows]
        assert seen == sorted(set(seen))
    expected = in_process(chronological([str(news)]), 6 * 3_600)
    same(published(settings), expected)
    assert last.index == pytest.approx(expected[-1].index, abs=1e-9)
    assert max(a.index for a in expected) > expected[-1].base + 1  # else equal figures would say little


def wait_for(settings: Settings) -> Settings:
    """The run's settings, once its topics are there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if settings.run in runs.names(settings):
            create(settings)
            return settings
    raise AssertionError("the run was never made")


def test_only_the_same_run_is_gone_on_with(settings: Settings, news: Path) -> None:
    command = ("replay", str(news), "--run", str(settings.run), "--every", "1d")
    done(belwatch(settings, *command))
    again = belwatch(settings, *command)
    assert "exists: go on with it (--resume)" in again.communicate(timeout=60)[1]
    news.write_text(news.read_text() + json.dumps(article(400)) + "\n")
    other = belwatch(settings, *command, "--resume")
    assert "it would mix two runs: inputs was" in other.communicate(timeout=60)[1]
    found = json.loads(done(belwatch(settings, "replay", "--inspect", str(settings.run), "--json")))
    assert found["run"]["inputs"][0]["records"] == 401
    assert found["run"]["catalogue"] == load().version
    assert found["evaluated"] == "2022-02-28T00:00:00Z"
    done(belwatch(settings, "replay", "--delete", str(settings.run)))
    assert settings.run not in runs.names(settings)


def test_no_more_runs_than_allowed(settings: Settings) -> None:
    few = settings.model_copy(update={"runs": max(1, len(runs.names(settings)))})
    create(settings)
    extra = few.model_copy(update={"run": f"{settings.run}x"})
    record = runs.Run(
        name=str(extra.run), made_at="2022-02-24T00:00:00Z", inputs=(), begin=None, end=None, every=1, ticks=0,
        catalogue="c", code="c", formula="f",
    )  # fmt: skip
    with pytest.raises(TopicProblem, match="BELWATCH_RUNS allows"):
        runs.begin(extra, record)


def test_topics_and_archives_replay_like_the_files_they_came_from(
    settings: Settings, news: Path, tmp_path: Path
) -> None:
    records = chronological([str(news)])
    create(settings)
    sender = Sender(settings)
    assert list(feed(settings, sender, with_ticks(records, DAY)))
    sender.close()
    everything = recorded(settings)
    assert sorted(r.value for r in everything) == sorted(r.value for r in records)
    same(in_process(everything, DAY), in_process(records, DAY))
    day = recorded(settings, BEGIN + DAY, BEGIN + 2 * DAY - 1)
    assert {json.loads(r.value)["published_at"][:10] for r in day if r.value != b"poison"} == {"2022-02-25"}
    assert {r.value for r in recorded(settings, BEGIN, BEGIN + DAY - 1, "event")} >= {
        r.value for r in recorded(settings, BEGIN, BEGIN + DAY - 1) if r.value != b"poison"
    }
    assert recorded(settings, since=4_000_000_000, by="record") == []
    assert len(recorded(settings, since=BEGIN, by="record")) == len(records)
    export(settings, tmp_path / "archive")
    archived = chronological([str(tmp_path / "archive")])
    same(in_process(archived, DAY), in_process(records, DAY))
    other = f"{settings.run}-again"
    out = done(
        belwatch(settings, "replay", str(tmp_path / "archive"), "--run", other, "--every", "1d", "--json")
    )
    assert Assessment.model_validate_json(out).index == pytest.approx(
        in_process(records, DAY)[-1].index, abs=1e-9
    )
