"""What /metrics shows of the pipeline: when it begins and ends, what is counted and expected, where it is served."""

import time
import urllib.error
import urllib.request

import pytest
from made import assessed, bare_catalogue
from scraped import NOW, Scrape, parsed, value

from schemas.assessment import Level
from stream.catalogue.load import load
from stream.connection import ConfigProblem
from stream.core.decode import REASONS
from stream.settings import Settings
from stream.sinks.health import Health
from stream.sinks.metrics import OUTCOMES, Latency, Metrics, Published
from stream.sinks.web import Web


def test_nothing_of_the_problem_is_shown_before_recovery_is_complete(samples: Scrape) -> None:
    names = {s.name for s in samples()}
    assert "belwatch_level_code" in names
    assert not names & {"belwatch_index", "belwatch_level", "belwatch_messages_total"}


def test_series_go_when_the_partition_moves_away_and_the_pipeline_stays(
    metrics: Metrics, samples: Scrape
) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at), tick_at=NOW, every=60))
    assert value(samples(), "belwatch_level") == 1
    metrics.publish(Published())
    names = {s.name for s in samples()}
    assert "belwatch_messages_total" in names
    assert not names & {"belwatch_level", "belwatch_tick_timestamp_seconds", "belwatch_evidence_contribution"}
    metrics.publish(None)
    assert "belwatch_messages_total" not in {s.name for s in samples()}


def test_what_is_expected_is_exported_for_those_who_compare(samples: Scrape) -> None:
    catalogue = load()
    metrics = Metrics(Settings(environment="demo"), catalogue, lambda: NOW)
    shown = {
        (s.name, s.labels.get("source")): s.value for family in metrics.collect() for s in family.samples
    }
    expected = {s.id: s.expected_every_hours * 3_600 for s in catalogue.sources if s.expected_every_hours}
    assert len(expected) > 3
    for source, seconds in expected.items():
        assert shown["belwatch_source_expected_interval_seconds", source] == seconds
    assert shown["belwatch_heartbeat_interval_seconds", "General Staff of Ukraine"] == 86_400
    assert "belwatch_source_expected_interval_seconds" not in {s.name for s in samples()}  # a bare catalogue


def test_a_replay_says_that_it_is_one(samples: Scrape) -> None:
    assert "belwatch_replay_info" not in {s.name for s in samples()}
    replay = Metrics(Settings(environment="replay", run="spring"), bare_catalogue(), lambda: NOW)
    [sample] = [s for f in replay.collect() for s in f.samples if s.name == "belwatch_replay_info"]
    assert (sample.labels["run"], sample.value) == ("spring", 1)


def test_every_outcome_and_reason_is_there_from_the_start(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(messages={"matched": 3}, rejections={"bad_json": 2}))
    found = samples()
    assert [value(found, "belwatch_messages_total", outcome=o) for o in OUTCOMES] == [3, 0, 0]
    counted = {s.labels["reason"]: s.value for s in found if s.name == "belwatch_rejections_total"}
    assert counted == dict.fromkeys(REASONS, 0) | {"bad_json": 2}


def test_lag_sources_and_commit_are_shown(metrics: Metrics, samples: Scrape) -> None:
    published = Published(
        assess=lambda at: assessed(Level.NORMAL, at),
        lag={("belwatch-articles", 2): 7},
        sources={"general_staff": NOW - 3600},
        committed_at=NOW,
        newest_at=NOW - 5,
        every=3600,
    )
    metrics.publish(published)
    found = samples()
    assert value(found, "belwatch_consumer_lag", topic="belwatch-articles", partition="2") == 7
    assert value(found, "belwatch_source_last_seen_timestamp_seconds", source="general_staff") == NOW - 3600
    assert value(found, "belwatch_commit_timestamp_seconds") == NOW
    assert value(found, "belwatch_newest_event_timestamp_seconds") == NOW - 5
    assert value(found, "belwatch_tick_interval_seconds") == 3600


def test_the_histogram_counts_and_sums(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(latency=Latency().observe(0.004, times=2).observe(99)))
    found = samples()
    assert value(found, "belwatch_processing_seconds_bucket", le="0.005") == 2
    assert value(found, "belwatch_processing_seconds_bucket", le="10.0") == 2
    assert value(found, "belwatch_processing_seconds_count") == 3
    assert value(found, "belwatch_processing_seconds_sum") == pytest.approx(99.008)


def test_an_observation_on_a_bound_belongs_to_its_bucket() -> None:
    assert dict(Latency().observe(0.005).cumulative())["0.005"] == 1


def test_no_sample_carries_a_timestamp(metrics: Metrics) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at), tick_at=NOW, newest_at=NOW))
    assert all(s.timestamp is None for family in metrics.collect() for s in family.samples)


def test_serving_uses_the_address_of_the_settings_and_ends(metrics: Metrics) -> None:
    server = Web(Settings(metrics_port=0), Health(time.monotonic, NOW), metrics)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
            names = {s.name for s in parsed(answer.read().decode())}
        assert "belwatch_build_info" in names
        assert not {n for n in names if n.startswith("python_")}
        with pytest.raises(ConfigProblem, match="BELWATCH_METRICS_PORT"):
            Web(Settings(metrics_port=server.port), Health(time.monotonic, NOW))
    finally:
        server.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10)
