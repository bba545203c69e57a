"""When it happened, when we knew, and what changed: claim by claim."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scoring import DAY, START, catalogue, event, events, numbers

from schemas.assessment import Assessment, Level
from stream.cli import cli
from stream.core import diff
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.travel import moment

CATALOGUE = catalogue()


def at(records: list[Inbound], day: float, known: float | None = None) -> Assessment:
    found = moment(
        CATALOGUE, in_order(records), START + day * DAY, DAY, None if known is None else START + known * DAY
    )
    assert found is not None
    return found


def in_order(records: list[Inbound]) -> list[Inbound]:
    return sorted(records, key=lambda r: r.received_at)


@given(events(), st.integers(0, 70))
def test_what_was_known_then_is_what_was_told_then(records: list[Inbound], day: int) -> None:
    told = {
        a.at.timestamp(): a for a in Run(CATALOGUE, with_ticks(in_order(records), DAY)) if a.cause == "tick"
    }
    then = told.get(START + day * DAY)
    if then is not None:
        assert numbers(at(records, day)) == pytest.approx(numbers(then), abs=1e-9)
        assert (at(records, day).level, at(records, day).since) == (then.level, then.since)


@given(events(), st.integers(0, 30), st.integers(0, 30))
def test_what_was_not_known_is_not_counted(records: list[Inbound], day: int, later: int) -> None:
    cut = [r for r in records if r.received_at <= START + (day + later) * DAY]
    found = moment(CATALOGUE, in_order(records), START + day * DAY, DAY, START + (day + later) * DAY)
    same = moment(CATALOGUE, in_order(cut), START + day * DAY, DAY, START + (day + later) * DAY)
    assert (found is None) == (same is None)
    if found is not None and same is not None:
        assert numbers(found) == pytest.approx(numbers(same), abs=1e-9)


def test_a_late_report_moves_the_moment_but_not_the_level_announced() -> None:
    late = [
        event(f"late{n}", "group", 1, received=5, publisher=p)
        for n, p in enumerate(("Alpha", "Beta", "Gamma"))
    ]
    records = [event("early", "calm", 0), *late, event("alarm", "alarm", 1, received=5)]
    then, since = at(records, 2), at(records, 2, known=6)
    assert then.index < then.base + 1 < since.index
    assert then.level is since.level is Level.NORMAL
    assert since.known_at.timestamp() == START + 6 * DAY


def test_nothing_known_is_none() -> None:
    assert moment(CATALOGUE, [event("e", "group", 3)], START, DAY) is None


@given(events(), st.integers(1, 40), st.integers(0, 20))
def test_changes_add_up_to_the_change_of_the_index(records: list[Inbound], day: int, more: int) -> None:
    before = moment(CATALOGUE, in_order(records), START + day * DAY, DAY)
    after = moment(CATALOGUE, in_order(records), START + (day + more) * DAY, DAY)
    if before is not None and after is not None:
        moved = sum(change.points for change in diff.changes(before, after))
        assert moved == pytest.approx(after.index - before.index, abs=1e-9)


def test_what_is_new_gone_heavier_and_lighter_is_said() -> None:
    records = [event("old", "group", 0), event("new", "alarm", 9)]
    rows = {c.evidence.message_id: c for c in diff.changes(at(records, 1), at(records, 10)) if c.evidence}
    assert (rows["old"].what, rows["new"].what) == ("lighter", "new")
    assert rows["old"].points < 0 < rows["new"].points
    back = {c.evidence.message_id: c for c in diff.changes(at(records, 10), at(records, 1)) if c.evidence}
    assert (back["old"].what, back["new"].what) == ("heavier", "gone")


def test_an_assessment_differs_from_itself_in_nothing() -> None:
    now = at([event("a", "group", 0), event("b", "calm", 0)], 1)
    assert all(change.points == 0 for change in diff.changes(now, now))
    assert "index +0.0" in diff.told(now, now)


@pytest.fixture
def file(tmp_path: Path) -> str:
    rows = [
        {"id": "e1", "dataset": "analyst", "occurred_at": "2022-02-20T00:00:00Z", "indicator": "strike_group",
         "severity": 3, "grade": "A1", "act": "observed", "publisher": "One", "summary": "a strike group forms"},
        {"id": "e2", "dataset": "analyst", "occurred_at": "2022-02-21T00:00:00Z", "indicator": "strike_group",
         "severity": 3, "grade": "A1", "act": "observed", "publisher": "Two", "summary": "tanks near Brest",
         "received_at": "2022-02-25T00:00:00Z"},
    ]  # fmt: skip
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def explained(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["explain", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_separates_when_it_happened_from_when_we_knew(file: str) -> None:
    then = json.loads(explained(file, "--at", "2022-02-22T00:00Z", "--json"))
    since = json.loads(
        explained(file, "--at", "2022-02-22T00:00Z", "--known-at", "2022-02-26T00:00Z", "--json")
    )
    assert then["index"] < since["index"]
    assert (then["known_at"], since["known_at"]) == ("2022-02-22T00:00:00Z", "2022-02-26T00:00:00Z")


def test_the_command_says_what_changed(file: str) -> None:
    text = explained(file, "--at", "2022-02-20T06:00Z", "--diff", "2022-02-26T00:00Z")
    assert "strike_group: [A1 observed]" in text
    found = json.loads(explained(file, "--at", "2022-02-20T06:00Z", "--diff", "2022-02-26T00:00Z", "--json"))
    assert sum(c["after"] - c["before"] for c in found["changes"]) == pytest.approx(
        found["after"] - found["before"]
    )


def test_before_anything_was_known_the_command_says_so(file: str) -> None:
    done = CliRunner().invoke(cli, ["explain", file, "--at", "2021-01-01"])
    assert done.exit_code == 1
    assert "nothing was known by then" in done.output
