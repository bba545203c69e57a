"""From /metrics to Slack, through a real Prometheus and a real Alertmanager, at the demo's pace."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest
from conftest import Alerting
from made import assessed, bare_catalogue, evidence

from dashboards.build import BOARDS, HERE
from schemas.assessment import Level
from stream.settings import Settings
from stream.sinks.health import Health
from stream.sinks.metrics import Latency, Metrics, Published
from stream.sinks.web import Web

FEBRUARY = 1_645_660_800.0
HOSTILE = "<!channel> *Tanks* & <https://evil.example|click> {{ .Labels }} a|b \u202eflip"
CLAIMS = (
    evidence(),
    evidence(claim="c2", title=HOSTILE, url="https://news.example/?a=1&b=2", points=-3.0),
)


class Told(NamedTuple):
    """What Slack's stand-in got while the level went to watch, warning, critical, watch and normal."""

    watch: dict[str, Any]
    warning: dict[str, Any]
    critical: dict[str, Any]
    back: dict[str, Any]
    calm: dict[str, Any]


def _published(level: Level) -> Published:
    return Published(
        assess=lambda at: assessed(level, at, CLAIMS),
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
    metrics = Metrics(Settings(environment="demo"), bare_catalogue(), lambda: FEBRUARY)

    def at(level: Level, callback: str) -> dict[str, Any]:
        metrics.publish(_published(level))
        return _attachment(
            alerting.receiver.wait(lambda message: _attachment(message)["callback_id"].endswith(callback))
        )

    served = Settings(metrics_port=alerting.ports["metrics"])
    with closing(Web(served, Health(time.monotonic, 0.0), metrics)):
        yield Told(
            watch=at(Level.WATCH, "/firing=BelwatchWatch;resolved="),
            warning=at(Level.WARNING, "/firing=BelwatchWarning;resolved="),
            critical=at(Level.CRITICAL, "/firing=BelwatchCritical;resolved="),
            back=at(Level.WATCH, "/firing=BelwatchWatch;resolved=BelwatchCritical,BelwatchWarning"),
            calm=at(Level.NORMAL, "/firing=;resolved=BelwatchWatch"),
        )


def test_each_change_of_level_is_told_and_the_higher_level_mutes_the_lower(told: Told) -> None:
    assert [message["title"] for message in told] == [
        "DEMO, 2022 · belarus_entry at WATCH",
        "DEMO, 2022 · belarus_entry at WARNING",
        "DEMO, 2022 · belarus_entry at CRITICAL",
        "DEMO, 2022 · belarus_entry at WATCH · left CRITICAL · left WARNING",
        "DEMO, 2022 · belarus_entry · left WATCH",
    ]
    assert len({message["color"] for message in (told.watch, told.warning, told.critical, told.calm)}) == 4


def test_the_message_says_how_bad_since_when_why_and_what_speaks_against(told: Told) -> None:
    for message in told:
        assert "Index 31.0 of 100 (band 24 to 40), since 2022-02-23 21:00 UTC" in message["text"]
        assert "not a probability" in message["text"]
        assert "*Raised by:* russian_inflow +30.0" in message["text"]
        assert "*Against:* reluctant_ranks -4.0" in message["text"]


def test_evidence_is_linked_and_a_hostile_title_stays_text(told: Told) -> None:
    for message in told:
        assert re.findall(r"<([^>|]*)\|?([^>]*)>", message["text"]) == [
            ("https://isw.example/report", "Trains with armour arrive at Brest"),
            (
                "https://news.example/?a=1&amp;b=2",
                "&lt;!channel&gt; *Tanks* &amp; &lt;https://evil.example¦click&gt; {{ .Labels }} a¦b flip",
            ),
        ]
        assert "+12.5 <https://isw.example/report" in message["text"]
        assert "(ISW, B2, observed: russian_inflow)" in message["text"]


def test_buttons_lead_to_evidence_dashboard_and_runbook(told: Told) -> None:
    for message in told:
        assert [button["text"] for button in message["actions"]] == ["Evidence", "Dashboard", "Runbook"]
        assert all(
            button["url"].startswith(("http://127.0.0.1:", "file:///")) for button in message["actions"]
        )


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
