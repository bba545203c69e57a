"""The rules of the score, one by one: versions, reviews, levels, heartbeat, band, what would have to fall."""

import json
from datetime import datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring import DAY, ORIGIN, START, assessed, catalogue, event, observed, scored

from schemas.assessment import Assessment
from schemas.report import Heartbeat, Report
from schemas.review import Review
from schemas.wire import instant, rfc3339
from stream.core.assess import Assessor
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.core.score import activation, knockout

CATALOGUE = catalogue()


def test_nothing_known_is_the_resting_level() -> None:
    assert scored([event("e", "contact", 0)], CATALOGUE, 300).index == pytest.approx(5.0)


def test_routine_widens_the_band_upwards_and_leaves_the_index_alone() -> None:
    a = scored([event("a", "drill", 1)], CATALOGUE, 1)
    assert a.index == pytest.approx(a.base)
    assert a.high > scored([event("a", "contact", 300)], CATALOGUE, 1).high


def test_a_correction_takes_back_what_the_earlier_version_said() -> None:
    first = event("e", "group", 1)
    corrected = event("e", "calm", 1, received=2, revision=1)
    rows = {row.indicator for row in scored([first, corrected], CATALOGUE, 3).ledger}
    assert rows == {"calm"}


def test_a_correction_is_not_known_before_it_came() -> None:
    items = with_ticks([event("e", "group", 1), event("e", "calm", 1, received=3, revision=1)], DAY)
    by_day = {a.at: {row.indicator for row in a.ledger} for a in Run(CATALOGUE, items) if a.cause == "tick"}
    assert by_day[instant(START + 2 * DAY)] == {"group"}
    assert by_day[instant(START + 3 * DAY)] == {"calm"}


def reviewed(action: str, **given: object) -> Assessor:
    review = Review(
        id="r1",
        problem="belarus_entry",
        action=action,  # type: ignore[arg-type] # pydantic judges it
        target="a",
        reviewer="an analyst",
        at=instant(START + 2 * DAY),
        reason="saw the source",
        **given,  # type: ignore[arg-type] # pydantic judges it
    )
    found = observed([event("a", "group", 1, grade="C3")], CATALOGUE)
    return assessed([*found, review.model_dump_json().encode()], CATALOGUE)


def test_a_retraction_takes_a_message_out_and_ends_when_told_to() -> None:
    assert not reviewed("retract").at(START + 3 * DAY).ledger
    until = reviewed("retract", expires_at=instant(START + 4 * DAY))
    assert not until.at(START + 3 * DAY).ledger
    assert until.at(START + 5 * DAY).ledger


def test_confirming_and_regrading_change_the_grade() -> None:
    assert reviewed("confirm").at(START + 3 * DAY).ledger[0].claims[0].grade == "C1"
    assert reviewed("regrade", reliability="A").at(START + 3 * DAY).ledger[0].claims[0].grade == "A3"


def test_critical_is_withheld_while_one_family_carries_it() -> None:
    indicators = ["group", "alarm", "entry", "buildup", "drill"]
    facts = {"buildup": {"direction": "in"}, "drill": {"extended": True}}

    def all_by(publishers: list[str]) -> list[Inbound]:
        return [
            event(f"{i}-{p}", i, 1, grade="A1", publisher=p, facts=facts.get(i, {}), summary=f"{p} saw {i}")
            for i in indicators
            for p in publishers
        ]

    one = [a for a in Run(CATALOGUE, with_ticks(all_by(["Alpha"]), DAY)) if a.cause == "tick"][-1]
    two = [a for a in Run(CATALOGUE, with_ticks(all_by(["Alpha", "Beta"]), DAY)) if a.cause == "tick"][-1]
    assert (one.level, one.fragile) == ("warning", True)
    assert one.index >= CATALOGUE.problem.levels["critical"].enter > one.robust  # type: ignore[index] # StrEnum
    assert (two.level, two.fragile) == ("critical", False)


def test_whether_a_warning_rests_on_one_family_is_known_before_anything_is_critical() -> None:
    def index_and_robust(publishers: str) -> tuple[float, float]:
        records = [
            event(f"{i}-{p}", i, 1, grade="A1", publisher=p, summary=f"{p} saw {i}")
            for i in ("group", "entry")
            for p in publishers
        ]
        a = scored(records, CATALOGUE, 2)
        return a.index, a.robust

    levels = CATALOGUE.problem.levels
    index, robust = index_and_robust("A")
    assert levels["critical"].enter > index >= levels["warning"].leave > robust  # type: ignore[index] # StrEnum
    index, robust = index_and_robust("AB")
    assert robust >= levels["warning"].leave  # type: ignore[index] # StrEnum


def test_a_claim_with_a_deadline_shows_it_unless_it_is_seen_or_calming() -> None:
    until = rfc3339(instant(START + 5 * DAY))

    def shown(indicator: str, act: str) -> list[datetime | None]:
        records = [event("a", indicator, 1, act=act, deadline=until)]
        return [claim.deadline for row in scored(records, CATALOGUE, 2).ledger for claim in row.claims]

    assert shown("entry", "claimed") == [instant(START + 5 * DAY)]
    assert shown("entry", "observed") == [None]
    assert shown("calm", "claimed") == [None]


@pytest.mark.parametrize(
    ("kept", "raised"),
    [
        ([True] * 5 + [False] * 2, True),
        ([True] * 5 + [False], False),
        ([True] * 4 + [False] * 2, False),
        ([True] * 5 + [False, True, False], False),
        ([True] * 10, False),
    ],
)
def test_a_reassurance_that_is_missing_twice_raises_the_alarm(kept: list[bool], raised: object) -> None:
    a = assessed(beats(kept), CATALOGUE).at(START + (len(kept) + 1) * DAY)
    assert ([row.indicator for row in a.ledger] == ["alarm"]) is raised
    assert a.missed == ({"Alpha": instant(START + len(kept) * DAY)} if raised else {})


def beats(kept: list[bool]) -> list[bytes]:
    return [
        Report(
            problem="belarus_entry",
            message_id=f"gs{day}",
            at=instant(START + day * DAY),
            received_at=instant(START + day * DAY),
            content_hash="x",
            heartbeat=Heartbeat(indicator="calm", source="Alpha", kept=is_kept),
        )
        .model_dump_json()
        .encode()
        for day, is_kept in enumerate(kept)
    ]


@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.floats(0.01, 2), max_size=4)), st.floats(0, 3))
def test_the_knockout_set_is_the_smallest_there_is(claims: dict[str, list[float]], excess: float) -> None:
    weights = {"a": 1.0, "b": 0.5, "c": 2.0}
    names = [(name, n) for name, masses in claims.items() for n in range(len(masses))]

    def gain(gone: tuple[tuple[str, int], ...]) -> float:
        return sum(
            weights[name]
            * (activation(masses) - activation([m for n, m in enumerate(masses) if (name, n) not in gone]))
            for name, masses in claims.items()
        )

    brute = next(
        (
            k
            for k in range(len(names) + 1)
            if any(gain(gone) > excess + 1e-12 for gone in combinations(names, k))
        ),
        None,
    )
    exact = knockout(claims, weights, excess)
    assert exact == brute or abs(gain(tuple(names)) - excess) < 1e-9


def test_assessments_survive_the_wire() -> None:
    a = scored([event("a", "group", 1)], CATALOGUE, 1)
    assert Assessment.model_validate_json(a.model_dump_json()) == a
    assert json.loads(a.model_dump_json())["level"] == "normal"


def test_ticks_wait_for_every_origin() -> None:
    assessor = Assessor(CATALOGUE, origins=[ORIGIN, "events-1"])
    tick = '{"type":"tick","at":"2022-02-02T00:00:00Z","every":3600,"origin":"%s"}'
    assert not assessor.apply("indications-0", 0, (tick % ORIGIN).encode()).ends_batch
    assert assessor.fold.evaluated is None
    assert assessor.apply("indications-0", 1, (tick % "events-1").encode()).ends_batch
    assert assessor.fold.evaluated == START + DAY
