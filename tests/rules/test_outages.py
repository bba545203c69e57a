"""Nothing is lost and nothing told twice while Alertmanager restarts, or nobody answers where Slack would be.

The demo's intervals are a second where the live ones are minutes; how long the receiver is away is real time.
Alertmanager gives up a notification after ten seconds, so an outage lasts until it has given up at least once:
what arrives afterwards was kept by the next attempt, not by a retry. Two minutes:
`BELWATCH_TEST_OUTAGE=120 .venv/bin/python -m pytest tests/rules/test_outages.py -o faulthandler_timeout=600`.
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
GIVEN_UP = "alertmanager_notifications_failed_total"
FIGURES = {"index": 60.0, "low": 50.0, "high": 66.0, "robust": 58.0}
Show = Callable[[Level], None]


@pytest.fixture(scope="module")
def show(alerting: Alerting) -> Iterator[Show]:
    """Publish a level on /metrics."""
    settings = Settings(environment="demo", run="outages", metrics_port=alerting.ports["metrics"])
    metrics = Metrics(settings, bare_catalogue(), lambda: FEBRUARY)

    def at(level: Level) -> None:
        shown = Published(
            assess=lambda t: assessed(level, t, **FIGURES), tick_at=FEBRUARY, every=21_600, newest_at=FEBRUARY
        )
        metrics.publish(shown)

    with closing(Web(settings, Health(time.monotonic, 0.0), metrics)):
        yield at


def _callback(message: dict[str, Any]) -> str:
    return str(message["attachments"][0]["callback_id"]).rpartition("/")[2]


def _told(alerting: Alerting, beginning: str) -> list[str]:
    """Wait for a message that says this; what all messages until then said."""
    said: list[str] = []

    def fits(message: dict[str, Any]) -> bool:
        said.append(_callback(message))
        return said[-1].startswith(beginning)

    alerting.wait(fits)
    return said


def _counted(alerting: Alerting, metric: str) -> float:
    """Add up one of Alertmanager's own counters, of messages to Slack."""
    url = f"http://127.0.0.1:{alerting.ports['alertmanager']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(rf'^{metric}\{{.*integration="slack".*\}} (\S+)', text, re.MULTILINE)
    return sum(map(float, found))


def _until(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _noted(alerting: Alerting) -> None:
    """Wait until Alertmanager has the answer to its last message; killed before, it would repeat that message."""
    _until(lambda: _counted(alerting, "alertmanager_notification_latency_seconds_count") > 0, 10)


def _away(alerting: Alerting) -> None:
    """Stay away until a notification was given up, and as long as was asked for."""
    began, before = time.monotonic(), _counted(alerting, GIVEN_UP)
    _until(lambda: _counted(alerting, GIVEN_UP) > before and time.monotonic() - began >= OUTAGE, OUTAGE + 60)


def test_a_restart_of_alertmanager_neither_repeats_nor_loses_anything(alerting: Alerting, show: Show) -> None:
    show(Level.WATCH)
    assert _told(alerting, "firing=BelwatchWatch;resolved=") == ["firing=BelwatchWatch;resolved="]
    _noted(alerting)
    with alerting.without("alertmanager"):
        pass
    show(Level.WARNING)
    assert _told(alerting, "firing=BelwatchWarning;resolved=") == ["firing=BelwatchWarning;resolved="]
    _noted(alerting)
    with alerting.without("alertmanager"):
        show(Level.NORMAL)
    said = _told(alerting, "firing=;resolved=")
    # a rule's alerts are sent on their own, so that the lower level may end a moment after the higher
    assert "BelwatchWarning" in "".join(said)
    assert all(message.partition("resolved=")[2] for message in said), said


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
    assert "resolved=BelwatchWarning" in "".join(_told(alerting, "firing=;resolved="))
