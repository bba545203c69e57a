"""From /metrics to Slack, through a real Prometheus and a real Alertmanager, at the demo's pace."""

import re
from contextlib import closing
from typing import Any

from conftest import Receiver
from made import assessed, bare_catalogue, evidence

from schemas.assessment import Level
from stream.settings import Settings
from stream.sinks.metrics import Metrics, Published, serve

FEBRUARY = 1_645_660_800.0
HOSTILE = "<!channel> *Tanks* & <https://evil.example|click> {{ .Labels }} a|b \u202eflip"


def _attachment(message: dict[str, Any]) -> dict[str, Any]:
    [attachment] = message["attachments"]
    found: dict[str, Any] = attachment
    return found


def test_a_level_reaches_slack_with_its_evidence_fires_and_resolves(alerting: tuple[Receiver, int]) -> None:
    receiver, port = alerting
    metrics = Metrics(Settings(environment="demo"), bare_catalogue(), lambda: FEBRUARY)
    claims = (
        evidence(),
        evidence(claim="c2", title=HOSTILE, url="https://news.example/?a=1&b=2", points=-3.0),
    )

    def show(level: Level) -> None:
        metrics.publish(
            Published(assess=lambda at: assessed(level, at, claims), tick_at=FEBRUARY, every=21_600)
        )

    def until(callback: str) -> dict[str, Any]:
        return _attachment(
            receiver.wait("/slack", lambda m: _attachment(m)["callback_id"].endswith(callback))
        )

    show(Level.WATCH)
    with closing(serve(Settings(metrics_port=port), metrics)):
        watch = until("/firing=BelwatchWatch;resolved=")
        show(Level.WARNING)
        warning = until("/firing=BelwatchWarning;resolved=")
        show(Level.WATCH)
        back = until("/firing=BelwatchWatch;resolved=BelwatchWarning")
        show(Level.NORMAL)
        calm = until("/firing=;resolved=BelwatchWatch")

    assert [m["title"].removeprefix("DEMO, 2022 · belarus_entry") for m in (watch, warning, back, calm)] == [
        " at WATCH",
        " at WARNING",
        " at WATCH · left WARNING",
        " · left WATCH",
    ]
    assert len({m["color"] for m in (watch, warning, calm)}) == 3
    for message in (watch, warning, back, calm):
        assert "Index 31.0 of 100 (band 24 to 40), since 2022-02-23 21:00 UTC" in message["text"]
        assert "not a probability" in message["text"]
        assert "*Raised by:* russian_inflow +30.0" in message["text"]
        assert "*Against:* reluctant_ranks -4.0" in message["text"]
        assert _links(message["text"]) == [
            ("https://isw.example/report", "Trains with armour arrive at Brest"),
            (
                "https://news.example/?a=1&amp;b=2",
                "&lt;!channel&gt; *Tanks* &amp; &lt;https://evil.example¦click&gt; {{ .Labels }} a¦b flip",
            ),
        ]
        assert "+12.5 <https://isw.example/report" in message["text"]
        assert "(ISW, B2, observed: russian_inflow)" in message["text"]
        assert [button["text"] for button in message["actions"]] == ["Evidence", "Dashboard", "Runbook"]
        assert all(
            button["url"].startswith(("http://127.0.0.1:", "file:///")) for button in message["actions"]
        )


def _links(text: str) -> list[tuple[str, str]]:
    """Every `<…>` of the text: nothing but our links may be one."""
    return [(url, title) for url, _, title in (tag.partition("|") for tag in re.findall(r"<([^>]*)>", text))]
