"""What /metrics shows, when, and what it never shows."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import assessed, bare_catalogue, evidence
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from schemas.assessment import Attention, Level
from schemas.wire import instant
from stream.catalogue.load import load
from stream.connection import ConfigProblem
from stream.core.decode import REASONS
from stream.settings import Settings
from stream.sinks.health import Health
from stream.sinks.metrics import OUTCOMES, Latency, Metrics, Published
from stream.sinks.plain import LIMIT, link, plain
from stream.sinks.web import Web

NOW = 1_645_660_800.0
COMMON = {"environment": "demo", "problem": "belarus_entry"}


Scrape = Callable[[], list[Sample]]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Settings(environment="demo"), bare_catalogue(), lambda: NOW)


@pytest.fixture
def samples(metrics: Metrics) -> Scrape:
    """Scrape: what prometheus_client writes, read back by its own parser."""

    def scrape() -> list[Sample]:
        registry = CollectorRegistry()
        registry.register(metrics)
        return list(_parse(generate_latest(registry).decode()))

    return scrape


def _parse(text: str) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text):
        yield from family.samples


def _value(samples: list[Sample], name: str, **labels: str) -> float:
    [sample] = [s for s in samples if s.name == name and s.labels == COMMON | labels]
    return sample.value


def test_nothing_of_the_problem_is_shown_before_recovery_is_complete(samples: Scrape) -> None:
    names = {s.name for s in samples()}
    assert "belwatch_level_code" in names
    assert not names & {"belwatch_index", "belwatch_level", "belwatch_messages_total"}


def test_series_go_when_the_partition_moves_away_and_the_pipeline_stays(
    metrics: Metrics, samples: Scrape
) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at), tick_at=NOW, every=60))
    assert _value(samples(), "belwatch_level") == 1
    metrics.publish(Published())
    names = {s.name for s in samples()}
    assert "belwatch_messages_total" in names
    assert not names & {"belwatch_level", "belwatch_tick_timestamp_seconds", "belwatch_evidence_contribution"}
    metrics.publish(None)
    assert "belwatch_messages_total" not in {s.name for s in samples()}


def test_decay_happens_at_the_time_of_the_scrape() -> None:
    clock = iter([NOW, NOW + 86_400])
    metrics = Metrics(Settings(environment="demo"), bare_catalogue(), lambda: next(clock))
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at, index=30.0 - (at - NOW) / 86_400)))
    shown = [
        next(s.value for f in metrics.collect() for s in f.samples if s.name == "belwatch_index")
        for _ in range(2)
    ]
    assert shown == [30.0, 29.0]


def test_attention_is_shown_where_it_is_known(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WARNING, at)))
    assert "belwatch_attention_score" not in {s.name for s in samples()}
    talk = Attention(share=0.06, usual=0.01, score=4.5)
    metrics.publish(Published(assess=lambda at: assessed(Level.WARNING, at, attention=talk)))
    found = samples()
    assert _value(found, "belwatch_attention_share") == 0.06
    assert _value(found, "belwatch_attention_usual_share") == 0.01
    assert _value(found, "belwatch_attention_score") == 4.5


def test_the_standing_is_shown_whole(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WARNING, at, fragile=True), tick_at=NOW - 60))
    found = samples()
    assert _value(found, "belwatch_index") == 31
    assert _value(found, "belwatch_index_low") == 24
    assert _value(found, "belwatch_index_high") == 40
    assert _value(found, "belwatch_index_robust") == 27
    assert _value(found, "belwatch_level_fragile") == 1
    assert _value(found, "belwatch_level_since_timestamp_seconds") == NOW - 3 * 3600
    assert _value(found, "belwatch_clock_timestamp_seconds") == NOW
    assert _value(found, "belwatch_tick_timestamp_seconds") == NOW - 60
    against = {"indicator": "reluctant_ranks", "group": "society", "kind": "counter"}
    assert _value(found, "belwatch_indicator_contribution_points", **against) == -4
    assert _value(found, "belwatch_indicator_activation", **against) == 0.2
    assert _value(found, "belwatch_catalogue_info", catalogue="c0ffee") == 1


def test_what_makes_a_level_doubtful_is_shown(metrics: Metrics, samples: Scrape) -> None:
    missed = {"General Staff of Ukraine": instant(NOW - 3_600)}
    metrics.publish(
        Published(assess=lambda at: assessed(Level.WATCH, at, silence=0.25, knockout=3, missed=missed))
    )
    found = samples()
    assert _value(found, "belwatch_silence_ratio") == 0.25
    assert _value(found, "belwatch_knockout_claims") == 3
    assert (
        _value(found, "belwatch_heartbeat_missed_timestamp_seconds", source="General Staff of Ukraine")
        == NOW - 3_600
    )
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at, knockout=None)))
    assert not {"belwatch_knockout_claims", "belwatch_heartbeat_missed_timestamp_seconds"} & {
        s.name for s in samples()
    }


def test_deadlines_to_come_are_shown_soonest_first_and_those_gone_by_are_not(
    metrics: Metrics, samples: Scrape
) -> None:
    claims = tuple(
        evidence(claim=f"isw:1#entry {n}/", deadline=instant(NOW + n * 3_600))
        for n in (7, 6, 5, 4, 3, 2, 0, -1)
    )
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at, (*claims, evidence()))))
    shown = [s for s in samples() if s.name == "belwatch_claim_deadline_timestamp_seconds"]
    assert [(s.value - NOW) / 3_600 for s in shown] == [0, 2, 3, 4, 5]
    assert shown[1].labels["claim"] == "isw%3A1%23entry%202%2F"


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


def test_levels_are_compared_with_codes_and_edges_that_are_exported(samples: Scrape) -> None:
    found = samples()
    codes = [_value(found, "belwatch_level_code", level=level) for level in Level]
    assert codes == [0, 1, 2, 3]
    for level, edges in bare_catalogue().problem.levels.items():
        assert _value(found, "belwatch_level_threshold", level=level, edge="enter") == edges.enter
        assert _value(found, "belwatch_level_threshold", level=level, edge="leave") == edges.leave


def test_every_outcome_and_reason_is_there_from_the_start(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(messages={"matched": 3}, rejections={"bad_json": 2}))
    found = samples()
    assert [_value(found, "belwatch_messages_total", outcome=o) for o in OUTCOMES] == [3, 0, 0]
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
    assert _value(found, "belwatch_consumer_lag", topic="belwatch-articles", partition="2") == 7
    assert _value(found, "belwatch_source_last_seen_timestamp_seconds", source="general_staff") == NOW - 3600
    assert _value(found, "belwatch_commit_timestamp_seconds") == NOW
    assert _value(found, "belwatch_newest_event_timestamp_seconds") == NOW - 5
    assert _value(found, "belwatch_tick_interval_seconds") == 3600


def test_the_histogram_counts_and_sums(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(latency=Latency().observe(0.004, times=2).observe(99)))
    found = samples()
    assert _value(found, "belwatch_processing_seconds_bucket", le="0.005") == 2
    assert _value(found, "belwatch_processing_seconds_bucket", le="10.0") == 2
    assert _value(found, "belwatch_processing_seconds_count") == 3
    assert _value(found, "belwatch_processing_seconds_sum") == pytest.approx(99.008)


def test_an_observation_on_a_bound_belongs_to_its_bucket() -> None:
    assert dict(Latency().observe(0.005).cumulative())["0.005"] == 1


def test_evidence_is_the_three_heaviest_either_way_and_old_ones_vanish(
    metrics: Metrics, samples: Scrape
) -> None:
    def show(*points: float) -> list[tuple[str, str, float]]:
        claims = tuple(evidence(claim=f"c{p}", title=f"t{p}", points=p) for p in points)
        metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at, claims)))
        return [
            (s.labels["rank"], s.labels["title"], s.value)
            for s in samples()
            if s.name == "belwatch_evidence_contribution"
        ]

    assert show(1.0, -9.0, 4.0, 2.0, 0.0) == [("1", "t-9.0", -9.0), ("2", "t4.0", 4.0), ("3", "t2.0", 2.0)]
    assert show(3.0, 0.0) == [("1", "t3.0", 3.0)]
    assert show() == []


def test_no_sample_carries_a_timestamp(metrics: Metrics) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at), tick_at=NOW, newest_at=NOW))
    assert all(s.timestamp is None for family in metrics.collect() for s in family.samples)


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from('\u202e\u2066\u200b\u0000\n\r\t\\"<>|&{}`\ud800\u2028')),
    max_size=400,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # `metrics` is overwritten each time
@given(title=HOSTILE, publisher=HOSTILE, url=st.one_of(HOSTILE, HOSTILE.map("https://h.example/".__add__)))
def test_hostile_text_neither_breaks_the_exposition_nor_gets_through(
    metrics: Metrics, samples: Scrape, title: str, publisher: str, url: str
) -> None:
    claims = (evidence(title=title, publisher=publisher, url=url, claim=title),)
    metrics.publish(Published(assess=lambda at: assessed(Level.WATCH, at, claims)))
    [sample] = [s for s in samples() if s.name == "belwatch_evidence_contribution"]
    assert sample.labels["title"] == plain(title)
    assert sample.labels["publisher"] == plain(publisher)
    assert sample.labels["url"] == link(url)
    for label in ("title", "publisher", "url"):
        assert len(sample.labels[label]) <= LIMIT
        assert sample.labels[label].isprintable()
    assert sample.labels["url"] == "" or sample.labels["url"].startswith("https://")
    assert not set(sample.labels["url"]) & set("<>|\"' \\")
    assert re.fullmatch(r"[A-Za-z0-9_.~%-]*", sample.labels["claim"])


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example/" + "a" * LIMIT,
        "ftp://h.example/",
        "//h.example/",
        "https:///path",
        "https://good.example@evil.example/",
        "https://h.example/a b",
        "https://h.example/|x>",
        "https://h.example/\u202e",
        "https://[::1",
        "HTTPS",
    ],
)
def test_a_link_that_could_mislead_is_none(url: str) -> None:
    assert link(url) == ""


@pytest.mark.parametrize(
    "url", ["http://h.example", "https://h.example/новини?a=1&b=2#c", "https://[::1]:80/"]
)
def test_an_honest_link_stays_as_it_is(url: str) -> None:
    assert link(url) == url


def test_serving_uses_the_address_of_the_settings_and_ends(metrics: Metrics) -> None:
    server = Web(Settings(metrics_port=0), Health(time.monotonic, NOW), metrics)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
            names = {s.name for s in _parse(answer.read().decode())}
        assert "belwatch_build_info" in names
        assert not {n for n in names if n.startswith("python_")}
        with pytest.raises(ConfigProblem, match="BELWATCH_METRICS_PORT"):
            Web(Settings(metrics_port=server.port), Health(time.monotonic, NOW))
    finally:
        server.close()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10)
