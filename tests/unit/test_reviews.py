"""Reviews: an analyst's word changes the account as a set does, is shown with who and why, and ends when told to."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scoring import (
    DAY,
    START,
    assessed,
    catalogue,
    event,
    events,
    interleaved,
    numbers,
    observed,
    partitioned,
    scored,
)

from schemas.assessment import Assessment, Level
from schemas.review import Review
from schemas.wire import instant, rfc3339
from stream.core.pipeline import Assessor, Inbound, Observer, Run, with_ticks

CATALOGUE = catalogue()
ACTIONS: dict[str, dict[str, Any]] = {
    "retract": {},
    "confirm": {},
    "regrade": {"reliability": "A", "credibility": 2},
    "hold": {},
    "end-exercise": {"ends_on": "2022-02-10"},
}


def review(
    name: str,
    target: str,
    action: str,
    at: float,
    *,
    received: float | None = None,
    **given: Any,  # noqa: ANN401 - fields of the model
) -> Inbound:
    """A review as a record; `at`, `received` and `expires` in days after START."""
    late = at if received is None else received
    body = {
        "id": name,
        "problem": CATALOGUE.problem.id,
        "action": action,
        "target": target,
        "reviewer": "N. N.",
        "reason": "called the source",
        "at": rfc3339(instant(START + at * DAY)),
    }
    expires = given.pop("expires", late + 10 if action == "hold" else None)
    if expires is not None:
        given["expires_at"] = rfc3339(instant(START + expires * DAY))
    return Inbound(
        "review", json.dumps(body | ACTIONS[action] | given).encode(), START + late * DAY, "reviews-0", 0
    )


@st.composite
def answered(draw: st.DrawFn) -> list[Inbound]:
    """Messages, and reviews of them: early, late, on what never comes, one id twice."""
    made = draw(events(most=12))
    for _ in range(draw(st.integers(1, 8))):
        target = f"e{draw(st.integers(0, 12))}"
        if draw(st.booleans()):
            target += f"#{draw(st.sampled_from(sorted(CATALOGUE.indicators)))}"
        at = draw(st.integers(0, 60))
        received = at + draw(st.sampled_from([0.0, 0.5, 9.0]))
        expires = draw(st.sampled_from([None, 12.0]))
        action = draw(st.sampled_from(sorted(ACTIONS)))
        given = {} if expires is None else {"expires": received + expires}
        made.append(review(f"r{draw(st.integers(0, 5))}", target, action, at, received=received, **given))
    return made


def at(assessor: Assessor, day: float) -> dict[str, float]:
    return numbers(assessor.at(START + day * DAY))


@given(answered(), st.randoms(use_true_random=False), st.integers(0, 120))
def test_order_duplication_and_lateness_of_reviews_change_nothing(
    made: list[Inbound], rng: random.Random, day: int
) -> None:
    observations = observed(made, CATALOGUE)
    mixed = observations + rng.choices(observations, k=len(observations))
    rng.shuffle(mixed)
    one, other = assessed(observations, CATALOGUE), assessed(mixed, CATALOGUE)
    for moment in (day / 2, 75 + day):  # the first brings caches to life before reviews expire
        assert at(other, moment) == pytest.approx(at(one, moment), abs=1e-9)
        a, b = (x.at(START + moment * DAY).answers for x in (one, other))
        assert a == b


@given(answered(), st.integers(1, 4), st.integers())
@settings(max_examples=60)
def test_every_tick_concludes_the_same_however_partitions_run_apart(
    made: list[Inbound], count: int, seed: int
) -> None:
    items = list(with_ticks(sorted(made, key=lambda r: r.received_at), DAY))
    expected = {a.at: a for a in Run(CATALOGUE, items) if a.cause == "tick"}
    logs = partitioned(items, count)
    observer, assessor = Observer(CATALOGUE), Assessor(CATALOGUE, origins=list(logs))
    found: dict[object, Assessment] = {}
    for offset, record in enumerate(interleaved(list(logs.values()), seed)):
        for n, value in enumerate(observer.observe([record]).observations):
            if assessor.apply("indications-0", offset * 10 + n, value).ends_batch:
                for _, row in assessor.flush().assessments:
                    a = Assessment.model_validate_json(row)
                    found |= {a.at: a} if a.cause == "tick" else {}
    assert found.keys() == expected.keys()
    for t, a in expected.items():
        assert numbers(found[t]) == pytest.approx(numbers(a), abs=1e-9)
        assert (found[t].level, found[t].answers) == (a.level, a.answers)


@given(answered(), st.integers(0, 20))
def test_reviews_survive_a_restart(made: list[Inbound], crash: int) -> None:
    log = observed(made, CATALOGUE)
    table: dict[str, bytes] = {}
    first = Assessor(CATALOGUE, origins=["events-0"])
    for offset, value in enumerate(log[: min(crash, len(log))]):
        first.apply("indications-0", offset, value)
        table |= {key: row for key, row in first.flush().writes.items() if row is not None}
    second = Assessor(CATALOGUE, origins=["events-0"])
    second.restore(table.items())
    for offset, value in enumerate(log):
        second.apply("indications-0", offset, value)
    assert at(second, 70) == pytest.approx(at(assessed(log, CATALOGUE), 70), abs=1e-9)


def test_a_hold_moves_neither_index_nor_level_and_opens_the_band() -> None:
    made = [event("a", "group", 1, grade="A1")]
    plain = assessed(observed(made, CATALOGUE), CATALOGUE)
    held = assessed(observed([*made, review("r", "a", "hold", 2, expires=6)], CATALOGUE), CATALOGUE)
    during, after = held.at(START + 3 * DAY), held.at(START + 7 * DAY)
    assert during.index == pytest.approx(during.base)
    assert during.high == pytest.approx(plain.at(START + 3 * DAY).high)
    assert during.low == pytest.approx(assessed([], CATALOGUE).at(START + 3 * DAY).low)
    assert after.index == pytest.approx(plain.at(START + 7 * DAY).index)


def test_a_held_reassurance_opens_the_band_downwards() -> None:
    made = [event("a", "calm", 1, grade="A1"), review("r", "a", "hold", 2)]
    a = scored(made, CATALOGUE, 3)
    nothing = assessed([], CATALOGUE).at(START + 3 * DAY)
    assert a.index == pytest.approx(a.base)
    assert (a.low < nothing.low, a.high) == (True, pytest.approx(nothing.high))


def test_an_end_corrected_makes_what_follows_it_past_the_announced_end() -> None:
    made = [
        event("plan", "drill", 1, facts={"ends_on": "2022-02-28"}),
        event("more", "drill", 14),
    ]
    before = scored(made, CATALOGUE, 15)
    corrected = [*made, review("r", "plan", "end-exercise", 14.5)]
    after = scored(corrected, CATALOGUE, 15)
    assert before.index == pytest.approx(before.base)
    assert after.index > after.base


def test_the_ledger_says_who_reviewed_and_why() -> None:
    made = [event("a", "group", 1), review("r", "a", "confirm", 2, expires=5)]
    a = scored(made, CATALOGUE, 3)
    assert any(
        "confirmed by N. N." in note and "called the source" in note for note in a.ledger[0].claims[0].notes
    )
    assert [(x.review.id, x.review.reviewer) for x in a.answers] == [("r", "N. N.")]


def test_a_claim_names_every_message_that_can_be_reviewed() -> None:
    text = "the same text of quite some words"
    made = [event("a", "group", 1, summary=text), event("copy", "group", 1.5, publisher="Beta", summary=text)]
    (claim,) = scored(made, CATALOGUE, 3).ledger[0].claims
    assert (claim.messages, claim.reports) == (("copy", "a"), 2)


def test_an_id_may_hold_a_hash() -> None:
    made = [event("https://a.example/x#y", "group", 1), review("r", "https://a.example/x#y", "retract", 2)]
    assert not scored(made, CATALOGUE, 3).ledger


def test_a_review_given_late_counts_from_when_it_was_received() -> None:
    items = with_ticks(
        [event("a", "group", 1), review("r", "a", "retract", 1.5, received=3)], DAY, START + 5 * DAY
    )
    counted = {a.at: bool(a.ledger) for a in Run(CATALOGUE, items) if a.cause == "tick"}
    assert counted[instant(START + 2 * DAY)]
    assert not counted[instant(START + 3 * DAY)]


def test_a_retraction_says_how_many_alerts_rested_on_it() -> None:
    indicators = ["group", "alarm", "buildup"]
    made = [event(f"{i}-a", i, 1, grade="A1", facts={"direction": "in"}) for i in indicators[1:]]
    forged = event("forged", "group", 1, grade="A1", summary="the forged one")
    beside = event("beside", "entry", 30, grade="A1", act="observed", summary="seen")
    records = [*made, forged, beside, review("r", "forged", "retract", 40)]
    told = [a for a in Run(CATALOGUE, with_ticks(records, DAY, START + 41 * DAY)) if a.cause == "tick"]
    rises = [b.level for a, b in zip([None, *told], told, strict=False) if a and b.level > a.level]
    (answer,) = told[-1].answers
    assert rises or told[0].level is not Level.NORMAL
    assert answer.alerts >= answer.rested >= 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "hold"},
        {"action": "regrade"},
        {"action": "end-exercise"},
        {"action": "retract", "expires_at": "2021-01-01T00:00:00Z"},
        {"action": "retract", "reviewer": ""},
        {"action": "retract", "reason": ""},
        {"action": "delete"},
    ],
)
def test_a_review_that_lacks_something_is_refused(wrong: dict[str, str]) -> None:
    plain = {
        "id": "r",
        "problem": "p",
        "target": "a",
        "reviewer": "N. N.",
        "reason": "w",
        "at": instant(START),
    }
    with pytest.raises(ValidationError):
        Review.model_validate(plain | wrong)


def test_a_review_of_another_problem_is_rejected() -> None:
    body = json.loads(review("r", "a", "retract", 1).value) | {"problem": "other"}
    found = Observer(CATALOGUE).observe(
        [review("r", "a", "retract", 1)._replace(value=json.dumps(body).encode())]
    )
    assert not found.observations
    assert found.outcomes["rejected"] == 1
