"""Nothing is lost and nothing told twice while Alertmanager restarts, or nobody answers where Slack would be.

The demo's intervals are a second where the live ones are minutes; how long the receiver is away is real time.
Alertmanager gives up a notification after ten seconds, so an outage lasts until it has given up at least once:
what arrives afterwards was kept by the next attempt, not by a retry. BELWATCH_TEST_OUTAGE=120 makes it two minutes.
"""

import os
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from conftest import Alerting
from made import assessed, bare_catalogue

from schemas.assessment import Level
from stream.settings import Settings
from stream.sinks.health import Health
from stream.sinks.metrics import Metrics, Published
from stream.sinks.web import Web

FEBRUARY = 1_645_660_800.0
OUTAGE = float(os.environ.get("BELWATCH_TEST_OUTAGE", "0"))  # seconds at least
FIGURES = {"index": 60.0, "low": 50.0, "high": 66.0, "robust": 58.0}
Show = Callable[[Level], None]


@pytest.fixture(scope="module")
def show(alerting: Alerting) -> Iterator[Show]:
    """Publish a level on /metrics."""
    metrics = Metrics(Settings(environment="demo"), bare_catalogue(), lambda: FEBRUARY)

    def at(level: Level) -> None:
        shown = Published(assess=lambda t: assessed(level, t, **FIGURES), tick_at=FEBRUARY, every=21_600)
        metrics.publish(shown)

    served = Settings(metrics_port=alerting.ports["metrics"])
    with closing(Web(served, Health(time.monotonic, 0.0), metrics)):
        yield at


def _callback(message: dict[str, Any]) -> str:
    return str(message["attachments"][0]["callback_id"]).rpartition("/")[2]


def _told(alerting: Alerting, callback: str) -> list[str]:
    """Wait for a message that says this; what all messages until then said."""
    said: list[str] = []

    def fits(message: dict[str, Any]) -> bool:
        said.append(_callback(message))
        return said[-1] == callback

    alerting.wait(fits)
    return said


def _failed(alerting: Alerting) -> float:
    """How many notifications Alertmanager has given up."""
    with urllib.request.urlopen(
        f"http://127.0.0.1:{alerting.ports['alertmanager']}/metrics", timeout=10
    ) as answer:
        text = answer.read().decode()
    lines = re.findall(
        r'^alertmanager_notifications_failed_total\{.*integration="slack".*\} (\S+)', text, re.MULTILINE
    )
    return sum(map(float, lines))


def _away(alerting: Alerting) -> None:
    """Stay away until a notification was given up, and as long as was asked for."""
    began, before = time.monotonic(), _failed(alerting)
    while _failed(alerting) == before or time.monotonic() - began < OUTAGE:
        assert time.monotonic() - began < OUTAGE + 60, "Alertmanager gave nothing up"
        time.sleep(0.5)


def test_a_restart_of_alertmanager_neither_repeats_nor_loses_anything(alerting: Alerting, show: Show) -> None:
    show(Level.WATCH)
    assert _told(alerting, "firing=BelwatchWatch;resolved=") == ["firing=BelwatchWatch;resolved="]
    with alerting.without("alertmanager"):
        pass
    show(Level.WARNING)
    assert _told(alerting, "firing=BelwatchWarning;resolved=") == ["firing=BelwatchWarning;resolved="]
    with alerting.without("alertmanager"):
        show(Level.NORMAL)
    said = _told(alerting, "firing=;resolved=BelwatchWarning,BelwatchWatch")
    assert len(said) == 1


def test_what_begins_and_what_ends_while_nobody_answers_is_told_afterwards(
    alerting: Alerting, show: Show
) -> None:
    with alerting.without_receiver():
        show(Level.WARNING)
        _away(alerting)
    _told(alerting, "firing=BelwatchWarning;resolved=")
    with alerting.without_receiver():
        show(Level.NORMAL)
        _away(alerting)
    _told(alerting, "firing=;resolved=BelwatchWarning,BelwatchWatch")
