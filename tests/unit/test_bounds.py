"""What one message, or many, can add is bounded, and what goes is counted."""

import itertools
import json
from datetime import timedelta

import pytest

from schemas.catalogue import Catalogue
from schemas.report import OBSERVATION, Report
from schemas.wire import MAX_ID, instant
from stream.core import memory, observe
from stream.core.memory import Memory
from stream.core.observe import LARGEST_REPORT, Inbound, Observer

AT = 1_645_400_000.0
RECORD = 1 << 20  # what a topic of ours takes


def everything(catalogue: Catalogue) -> bytes:
    """One article of all that any indicator's examples say, with every field as long as it may be."""
    examples = [e.text for i in catalogue.indicators.values() for e in i.examples if e.text]
    body = {
        "id": "\U0001f1e7" * MAX_ID,
        "published_at": "2022-02-20T10:00:00Z",
        "publisher": "\U0001f1e7" * 200,
        "title": "\U0001f1e7" * 2_000,
        "url": "\U0001f1e7" * 4_000,
        "derived_from": "\U0001f1e7" * 4_000,
        "text": ".\n".join(examples),
    }
    return json.dumps(body, ensure_ascii=False).encode()[: 1 << 20]


def test_a_text_made_to_match_everything_adds_a_bounded_report(catalogue: Catalogue) -> None:
    observed = Observer(catalogue).observe([Inbound("article", everything(catalogue), AT, "articles-0", 0)])
    [value] = [v for v in observed.observations if b'"report"' in v[:40]]
    report = OBSERVATION.validate_json(value)
    assert isinstance(report, Report)
    assert len(report.indications) <= observe.MOST_INDICATIONS
    assert observed.outcomes["bounded:report"] == 1
    assert len(value) * memory.VERSIONS < RECORD
    assert observed.outcomes["matched"] == 1


def test_the_most_severe_indications_stay(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Inbound("article", everything(catalogue), AT, "articles-0", 0)
    every = indications(Observer(catalogue), record)
    monkeypatch.setattr(observe, "MOST_INDICATIONS", 3)
    kept = indications(Observer(catalogue), record)
    assert len(every) > len(kept) == 3
    assert sorted(kept) == sorted(sorted(every, reverse=True)[:3])


def indications(observer: Observer, record: Inbound) -> list[int]:
    """Severities of what an article says."""
    [value] = [v for v in observer.observe([record]).observations if b'"report"' in v[:40]]
    assert len(value) <= LARGEST_REPORT
    report = OBSERVATION.validate_json(value)
    assert isinstance(report, Report)
    return [i.severity for i in report.indications]


def report(message: str, version: int) -> Report:
    at = instant(AT) + timedelta(seconds=version)
    return Report(problem="p", message_id=message, at=at, received_at=at, content_hash=f"{version:04}")


def test_the_newest_versions_of_a_message_stay_in_whatever_order_they_came(catalogue: Catalogue) -> None:
    kept = set()
    for order in itertools.permutations(range(6)):
        held = Memory(catalogue)
        rows = dict(row for version in order for row in held.add(report("m", version)))
        kept.add(rows["m/m"])
        assert held.bounded["versions"] == 6 - memory.VERSIONS
    [row] = kept
    assert [v["content_hash"] for v in json.loads(row or b"")] == ["0002", "0003", "0004", "0005"]


def test_messages_that_say_nothing_are_held_to_a_cap(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "SILENT", 3)
    for order in itertools.permutations(range(5)):
        held = Memory(catalogue)
        rows = dict(row for n in order for row in held.add(report(f"m{n}", n)))
        assert len(held) == 3
        assert sorted(key for key, row in rows.items() if row) == ["m/m2", "m/m3", "m/m4"]
        assert held.bounded["silent"] == 2
