"""The rules of the score, one by one: gate, routine, deadlines, heartbeat, grades, versions, reviews, levels."""

import json
from datetime import datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring import DAY, ORIGIN, START, assessed, catalogue, event, observed

from schemas.assessment import Assessment, Contribution
from schemas.report import Heartbeat, Report
from schemas.review import Review
from schemas.wire import instant, rfc3339
from stream.core.assess import Assessor
from stream.core.pipeline import Inbound, Run, with_ticks
from stream.core.score import activation, knockout

CATALOGUE = catalogue()


def score(made: list[Inbound], day: float) -> Assessment:
    return assessed(observed(made, CATALOGUE), CATALOGUE).at(START + day * DAY)


def line(made: list[Inbound], indicator: str, day: float) -> Contribution:
    return next(row for row in score(made, day).ledger if row.indicator == indicator)


def mass(made: list[Inbound], indicator: str, day: float) -> float:
    return sum(e.mass for e in line(made, indicator, day).claims)


def mass_of(message: str, made: list[Inbound], indicator: str, day: float) -> float:
    return next(e.mass for e in line(made, indicator, day).claims if e.message_id == message)


def test_nothing_known_is_the_resting_level() -> None:
    assert score([event("e", "contact", 0)], 300).index == pytest.approx(5.0)


def test_mass_is_kappa_severity_reliability_credibility() -> None:
    made = [event("e", "group", 1, grade="B2", severity=2)]
    assert mass(made, "group", 1) == pytest.approx(1.5 * 2 / 3 * 0.8 * 0.8)
    assert mass(made, "group", 8) == pytest.approx(0.5 * 1.5 * 2 / 3 * 0.8 * 0.8)


def test_two_families_corroborate_and_one_family_twice_does_not() -> None:
    one = event("a", "group", 1, grade="C3", publisher="Alpha", summary="alpha saw a thing there")
    same = event("b", "group", 1, grade="C3", publisher="Alpha Two", summary="alpha two saw it as well")
    other = event("c", "group", 1, grade="C3", publisher="Beta", summary="beta saw it with own eyes")
    alone = 1.5 * 0.36
    assert mass([one, same], "group", 1) == pytest.approx(alone)
    assert mass([one, other], "group", 1) == pytest.approx(1.5 * (1 - (1 - 0.36) ** 2))


def test_a_denial_takes_its_share_and_only_within_three_days() -> None:
    claim = event("a", "group", 1, grade="B2")
    soon = event("b", "group", 3, act="denied", publisher="Beta", grade="B2")
    late = event("c", "group", 9, act="denied", publisher="Beta", grade="B2")
    plain = mass([claim], "group", 10)
    assert mass([claim, soon], "group", 10) == pytest.approx(plain * (1 - 0.64))
    assert mass([claim, late], "group", 10) == pytest.approx(plain)


def test_a_refrain_refreshes_but_does_not_add() -> None:
    daily = [event(f"e{n}", "group", n, summary=f"day {n} brings the same again") for n in range(10)]
    assert mass(daily, "group", 9) == pytest.approx(mass(daily[-1:], "group", 9))


def test_the_gate_opens_with_the_second_voice_that_observed_it() -> None:
    first = event("a", "entry", 1, grade="A1", publisher="Alpha", summary="alpha saw them cross")
    hearsay = event("b", "entry", 1, grade="A1", publisher="Beta", act="claimed", summary="beta heard so")
    second = event("c", "entry", 1, grade="A1", publisher="Beta", summary="beta saw them cross too")
    assert mass([first], "entry", 1) == pytest.approx(0.2 * 1.5)
    assert mass([first, hearsay], "entry", 1) == pytest.approx(0.2 * 1.5)
    assert mass([first, second], "entry", 1) == pytest.approx(1.5)


def test_routine_widens_the_band_upwards_and_leaves_the_index_alone() -> None:
    a = score([event("a", "drill", 1)], 1)
    assert a.index == pytest.approx(a.base)
    assert a.high > score([event("a", "contact", 300)], 1).high


@pytest.mark.parametrize(
    ("before", "facts", "triggered"),
    [
        ([], {"extended": True}, True),
        ([("2022-02-03", {"ends_on": "2022-02-09"})], {}, True),  # day 10 is the 11th
        ([("2022-02-03", {"ends_on": "2022-02-20"})], {}, False),
        ([("2022-02-03", {"ends_on": "2022-02-09"}), ("2022-02-08", {"ends_on": "2022-02-20"})], {}, False),
        ([("2022-02-03", {"ends_on": "2022-02-09", "name": "x"})], {"name": "y"}, False),
    ],
)
def test_a_drill_counts_past_the_end_announced_last(
    before: list[tuple[str, dict[str, Any]]], facts: dict[str, Any], triggered: object
) -> None:
    made = [
        event(f"b{n}", "drill", (int(day[-2:]) - 1), facts=f, summary=f"announcement number {n} of it")
        for n, (day, f) in enumerate(before)
    ]
    now = event("now", "drill", 10, facts=facts, summary="the drill is still running")
    claims = {e.claim: e for e in line([*made, now], "drill", 10).claims}
    assert ("now#drill" in claims) == triggered


@pytest.mark.parametrize(("headcount", "triggered"), [(30_001, True), (30_000, False), (29_999, False)])
def test_a_head_count_counts_above_the_years_peak(headcount: int, triggered: object) -> None:
    peak = event("peak", "buildup", -30, facts={"headcount": 30_000}, summary="thirty thousand are there")
    now = event("now", "buildup", 10, facts={"headcount": headcount}, summary="so many are there now")
    assert any(e.claim == "now#buildup" for e in line([peak, now], "buildup", 10).claims) == triggered


def test_reports_of_one_arrival_do_not_outbid_each_other() -> None:
    first = event(
        "a", "buildup", 10, facts={"headcount": 30_000}, publisher="Alpha", summary="alpha counts them"
    )
    second = event(
        "b", "buildup", 11, facts={"headcount": 30_000}, publisher="Beta", summary="beta counts them"
    )
    assert line([first, second], "buildup", 11).activation > line([first], "buildup", 11).activation


def test_an_expired_claim_costs_its_claimant_half_of_later_claims_and_nobody_else() -> None:
    given: dict[str, Any] = {"act": "predicted", "grade": "B2", "claimant": "Beta", "publisher": "Wire"}
    failed = event("old", "alarm", 1, deadline="2022-02-03T00:00:00Z", summary="they come tomorrow", **given)
    again = event("new", "alarm", 20, summary="now they really come", **given)
    other = event("new", "alarm", 20, summary="now they really come", **(given | {"claimant": "Gamma"}))
    early = event("new", "alarm", 1.5, summary="now they really come", **given)
    full = mass([again], "alarm", 20)
    assert mass_of("new", [failed, again], "alarm", 20) == pytest.approx(full / 2)
    assert mass_of("new", [failed, other], "alarm", 20) == pytest.approx(mass([other], "alarm", 20))
    assert mass_of("new", [failed, early], "alarm", 1.5) == pytest.approx(full)  # nothing had expired yet


def test_who_failed_again_and_again_is_unreliable_and_no_less() -> None:
    given: dict[str, Any] = {"act": "predicted", "grade": "B2", "claimant": "Beta", "publisher": "Wire"}
    failed = [
        event(f"old{n}", "alarm", 5 * n, deadline=rfc3339(instant(START + (5 * n + 1) * DAY)), **given)
        for n in range(8)
    ]
    again = event("new", "alarm", 60, summary="now they really come", **given)
    by_scale = CATALOGUE.problem.reliability
    left = mass_of("new", [*failed, again], "alarm", 60) / mass([again], "alarm", 60)
    assert left == pytest.approx(by_scale["E"] / by_scale["B"])


def test_a_claim_of_entry_that_two_voices_observed_costs_nothing() -> None:
    claim = event("old", "entry", 1, act="claimed", claimant="Beta", publisher="Beta", grade="B2")
    seen = [
        event("s1", "entry", 2, publisher="Alpha", grade="A1", summary="alpha saw it"),
        event("s2", "entry", 2, publisher="Gamma", grade="A1", summary="gamma saw it"),
    ]
    again = event(
        "new", "entry", 40, act="claimed", claimant="Beta", publisher="Beta", grade="B2", summary="again"
    )
    full = mass([again], "entry", 40)
    assert mass_of("new", [claim, again], "entry", 40) == pytest.approx(full / 2)
    assert mass_of("new", [claim, *seen, again], "entry", 40) == pytest.approx(full)


def test_state_media_about_their_own_side_count_little() -> None:
    article = event("a", "group", 1, publisher="State TV", grade="A1")
    graded = score([article], 1)
    assert graded.ledger[0].claims[0].mass == pytest.approx(1.5)  # an analyst graded it: that stands


def test_a_correction_takes_back_what_the_earlier_version_said() -> None:
    first = event("e", "group", 1)
    corrected = event("e", "calm", 1, received=2, revision=1)
    rows = {row.indicator for row in score([first, corrected], 3).ledger}
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
        a = score(records, 2)
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
        return [claim.deadline for row in score(records, 2).ledger for claim in row.claims]

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
    a = score([event("a", "group", 1)], 1)
    assert Assessment.model_validate_json(a.model_dump_json()) == a
    assert json.loads(a.model_dump_json())["level"] == "normal"


def test_ticks_wait_for_every_origin() -> None:
    assessor = Assessor(CATALOGUE, origins=[ORIGIN, "events-1"])
    tick = '{"type":"tick","at":"2022-02-02T00:00:00Z","every":3600,"origin":"%s"}'
    assert not assessor.apply("indications-0", 0, (tick % ORIGIN).encode()).ends_batch
    assert assessor.fold.evaluated is None
    assert assessor.apply("indications-0", 1, (tick % "events-1").encode()).ends_batch
    assert assessor.fold.evaluated == START + DAY
