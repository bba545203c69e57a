"""From /metrics to Slack, through a real Prometheus and a real Alertmanager, at the demo's pace."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Alerting
from made import assessed, bare_catalogue, evidence

from dashboards.build import BOARDS, HERE
from schemas.assessment import Attention, Evidence, Level
from schemas.wire import instant
from stream.settings import Settings
from stream.sinks.health import Health, Vitals
from stream.sinks.metrics import Latency, Metrics, Published
from stream.sinks.web import Web

FEBRUARY = 1_645_660_800.0
HOSTILE = "<!channel> *Tanks* & <https://evil.example|click> {{ .Labels }} a|b \u202eflip"
CLAIMS = (
    evidence(),
    evidence(claim="c2", title=HOSTILE, url="https://news.example/?a=1&b=2", points=-3.0),
)


# Figures at which no sign beside the level fires: nothing is told but what the test does.
FIGURES = {"index": 60.0, "low": 50.0, "high": 66.0, "robust": 58.0}

TIMED = evidence(
    claim="c 3", indicator="border_crossing", act="claimed", points=0.5, deadline=instant(FEBRUARY + 3_600)
)
TALK = Attention(share=0.02, usual=0.01, score=1.0)  # not enough for an alert
RISING = ("BelwatchWatch", "BelwatchWarning", "BelwatchWarning", "BelwatchCritical")


class Told(NamedTuple):
    """What Slack's stand-in got: watch, warning, critical withheld, critical, watch, normal, a deadline."""

    watch: dict[str, Any]
    warning: dict[str, Any]
    withheld: dict[str, Any]
    critical: dict[str, Any]
    back: dict[str, Any]
    calm: dict[str, Any]
    busy: dict[str, Any]


def _published(level: Level, claims: tuple[Evidence, ...] = CLAIMS, **given: object) -> Published:
    return Published(
        assess=lambda at: assessed(level, at, claims, **FIGURES | given),
        tick_at=FEBRUARY,
        every=21_600,
        newest_at=FEBRUARY,
        sources={"isw": FEBRUARY - 60},
        messages={"matched": 2},
        lag={("articles", 0): 1},
        committed_at=FEBRUARY,
        latency=Latency().observe(0.01),
    )


def _attachment(message: dict[str, Any]) -> dict[str, Any]:
    [attachment] = message["attachments"]
    found: dict[str, Any] = attachment
    return found


@pytest.fixture(scope="module")
def told(alerting: Alerting) -> Iterator[Told]:
    """Tell the story once; /metrics stays up for what is asked afterwards."""
    settings = Settings(environment="demo", run="delivery", metrics_port=alerting.ports["metrics"])
    metrics, health = Metrics(settings, bare_catalogue(), lambda: FEBRUARY), Health(time.monotonic, 0.0)
    vitals = Vitals(settings, "belarus_entry", health, lambda: {"claims": 0})

    def at(published: Published, firing: str, resolved: str = "") -> dict[str, Any]:
        metrics.publish(published)
        return _attachment(alerting.wait(lambda message: _says(message, firing, resolved)))

    with closing(Web(settings, health, metrics, vitals)):
        yield Told(
            watch=at(_published(Level.WATCH), "BelwatchWatch"),
            warning=at(_published(Level.WARNING), "BelwatchWarning"),
            withheld=at(_published(Level.WARNING, fragile=True), "BelwatchCriticalWithheld,BelwatchWarning"),
            critical=at(_published(Level.CRITICAL), "BelwatchCritical"),
            back=at(_published(Level.WATCH), "BelwatchWatch", "BelwatchCritical,BelwatchWarning"),
            calm=at(_published(Level.NORMAL), "", "BelwatchWatch"),
            busy=at(_published(Level.NORMAL, (*CLAIMS, TIMED), attention=TALK), "BelwatchDeadlineRunning"),
        )


def _says(message: dict[str, Any], firing: str, resolved: str) -> bool:
    said = re.fullmatch(
        r"belwatch/demo/belarus_entry/firing=(.*);resolved=(.*)", _attachment(message)["callback_id"]
    )
    return bool(said) and said[1] == firing and set(resolved.split(",")) - {""} <= set(said[2].split(","))


def test_each_change_of_level_is_told_and_the_higher_level_mutes_the_lower(told: Told) -> None:
    titles = [message["title"].partition(" · over: ")[0] for message in told]
    assert titles[-1].startswith("DEMO, 2022 · A claim about belarus_entry names a time")
    assert titles[:-1] == [
        "DEMO, 2022 · belarus_entry at WATCH",
        "DEMO, 2022 · belarus_entry at WARNING",
        "DEMO, 2022 · belarus_entry at WARNING",
        "DEMO, 2022 · belarus_entry at CRITICAL",
        "DEMO, 2022 · belarus_entry at WATCH · left CRITICAL · left WARNING",
        "DEMO, 2022 · belarus_entry · left WATCH",
    ]
    assert len({message["color"] for message in (told.watch, told.warning, told.critical, told.calm)}) == 4


def test_the_message_says_how_bad_since_when_why_and_what_speaks_against(told: Told) -> None:
    for message in told[:-1]:
        assert "Index 60.0 of 100 (band 50 to 66)" in message["text"]
        assert ", since 2022-02-23 21:00 UTC" in message["text"]
        assert "index is" in message["text"]
        assert " 58.0; the level falls with 2 claims" in message["text"]
        assert "not a probability" in message["text"]
        assert "*Raised by:* russian_inflow +30.0" in message["text"]
        assert "*Against:* reluctant_ranks -4.0" in message["text"]


def test_a_sign_beside_the_level_follows_it_in_the_same_message(told: Told) -> None:
    assert (
        "*Critical is withheld for belarus_entry, one family carries it:* The index has"
        in told.withheld["text"]
    )
    assert told.withheld["text"].startswith("Index 60.0")


def test_evidence_is_linked_and_a_hostile_title_stays_text(told: Told) -> None:
    for message in told[:-1]:
        assert re.findall(r"<([^>|]*)\|?([^>]*)>", message["text"]) == [
            ("https://isw.example/report", "Trains with armour arrive at Brest"),
            (
                "https://news.example/?a=1&amp;b=2",
                "&lt;!channel&gt; *Tanks* &amp; &lt;https://evil.example¦click&gt; {{ .Labels }} a¦b flip",
            ),
        ]
        assert "+12.5 <https://isw.example/report" in message["text"]
        assert "(ISW, B2, observed: russian_inflow)" in message["text"]


def test_buttons_lead_to_the_ledger_of_that_time_dashboard_runbook_and_a_silence(
    told: Told, alerting: Alerting
) -> None:
    for message, alert in zip(told[:-1], (*RISING, "BelwatchWatch", "BelwatchWatch"), strict=True):
        links = {button["text"]: button["url"] for button in message["actions"]}
        assert links["Evidence"] == "http://127.0.0.1:9810/belarus_entry?at=2022-02-24T00:00:00Z"
        assert links["Dashboard"].startswith(f"http://127.0.0.1:{alerting.ports['prometheus']}/graph?")
        assert links["Runbook"].endswith(f"/runbooks/{alert}.md")
        assert Path(urllib.parse.urlsplit(links["Runbook"]).path).is_file()
        silence, _, filtered = links["Silence"].partition("?filter=")
        assert silence == f"http://127.0.0.1:{alerting.ports['alertmanager']}/#/silences/new"
        named = f'alertname="{alert}",environment="demo",problem="belarus_entry"'
        assert urllib.parse.unquote(filtered) == "{" + named + "}"


def test_a_claim_with_a_deadline_leads_to_its_page(told: Told) -> None:
    page = "http://127.0.0.1:9810/belarus_entry/claim/c%203"
    assert f"ISW: <{page}|border_crossing> by 2022-02-24 01:00 UTC." in told.busy["text"]
    assert told.busy["actions"][0]["url"] == page


def test_the_watchdog_was_heard(told: Told, alerting: Alerting) -> None:
    assert told
    assert alerting.receiver.heartbeat_at


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_gets_an_answer(told: Told, alerting: Alerting, name: str) -> None:
    assert told
    board = json.loads((HERE / name).read_text(encoding="utf-8"))
    asked = {
        (panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])
    }
    assert asked
    unanswered = [(title, expr) for title, expr in asked if not _answer(alerting.ports["prometheus"], expr)]
    assert not unanswered


def _answer(port: int, expr: str) -> list[Any]:
    """Ask Prometheus as Grafana would; an error in the query raises."""
    for variable, value in (
        ("$environment", "demo"),
        ("$problem", "belarus_entry"),
        ("$__rate_interval", "1m"),
    ):
        expr = expr.replace(variable, value)
    query = urllib.parse.urlencode({"query": expr})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=10) as answer:
        found: list[Any] = json.load(answer)["data"]["result"]
        return found
