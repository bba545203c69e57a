"""The rules of a claim's mass, one by one: grades, corroboration, denial, gate, routine, foretellings that failed."""

from typing import Any

import pytest
from scoring import DAY, START, catalogue, event, scored

from schemas.assessment import Contribution
from schemas.wire import instant, rfc3339
from stream.core.pipeline import Inbound

CATALOGUE = catalogue()


def line(made: list[Inbound], indicator: str, day: float) -> Contribution:
    return next(row for row in scored(made, CATALOGUE, day).ledger if row.indicator == indicator)


def mass(made: list[Inbound], indicator: str, day: float) -> float:
    return sum(e.mass for e in line(made, indicator, day).claims)


def mass_of(message: str, made: list[Inbound], indicator: str, day: float) -> float:
    return next(e.mass for e in line(made, indicator, day).claims if e.message_id == message)


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
    graded = scored([article], CATALOGUE, 1)
    assert graded.ledger[0].claims[0].mass == pytest.approx(1.5)  # an analyst graded it: that stands
