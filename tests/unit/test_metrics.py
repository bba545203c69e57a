"""What /metrics shows of an assessment, and what hostile text never makes it show."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import assessed, bare_catalogue, evidence
from scraped import NOW, Scrape, value

from schemas.assessment import Attention, Level
from schemas.wire import instant
from stream.settings import Settings
from stream.sinks.metrics import Metrics, Published
from stream.sinks.plain import LIMIT, link, plain


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
    assert value(found, "belwatch_attention_share") == 0.06
    assert value(found, "belwatch_attention_usual_share") == 0.01
    assert value(found, "belwatch_attention_score") == 4.5


def test_the_standing_is_shown_whole(metrics: Metrics, samples: Scrape) -> None:
    metrics.publish(Published(assess=lambda at: assessed(Level.WARNING, at, fragile=True), tick_at=NOW - 60))
    found = samples()
    assert value(found, "belwatch_index") == 31
    assert value(found, "belwatch_index_low") == 24
    assert value(found, "belwatch_index_high") == 40
    assert value(found, "belwatch_index_robust") == 27
    assert value(found, "belwatch_level_fragile") == 1
    assert value(found, "belwatch_level_since_timestamp_seconds") == NOW - 3 * 3600
    assert value(found, "belwatch_clock_timestamp_seconds") == NOW
    assert value(found, "belwatch_tick_timestamp_seconds") == NOW - 60
    against = {"indicator": "reluctant_ranks", "group": "society", "kind": "counter"}
    assert value(found, "belwatch_indicator_contribution_points", **against) == -4
    assert value(found, "belwatch_indicator_activation", **against) == 0.2
    assert value(found, "belwatch_catalogue_info", catalogue="c0ffee") == 1


def test_what_makes_a_level_doubtful_is_shown(metrics: Metrics, samples: Scrape) -> None:
    missed = {"General Staff of Ukraine": instant(NOW - 3_600)}
    metrics.publish(
        Published(assess=lambda at: assessed(Level.WATCH, at, silence=0.25, knockout=3, missed=missed))
    )
    found = samples()
    assert value(found, "belwatch_silence_ratio") == 0.25
    assert value(found, "belwatch_knockout_claims") == 3
    assert (
        value(found, "belwatch_heartbeat_missed_timestamp_seconds", source="General Staff of Ukraine")
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


def test_levels_are_compared_with_codes_and_edges_that_are_exported(samples: Scrape) -> None:
    found = samples()
    codes = [value(found, "belwatch_level_code", level=level) for level in Level]
    assert codes == [0, 1, 2, 3]
    for level, edges in bare_catalogue().problem.levels.items():
        assert value(found, "belwatch_level_threshold", level=level, edge="enter") == edges.enter
        assert value(found, "belwatch_level_threshold", level=level, edge="leave") == edges.leave


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
