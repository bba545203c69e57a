"""The law: what is said of a moment is a function of the set of messages, whatever their order or number."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring import (
    DAY,
    ORIGIN,
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

from schemas.assessment import Assessment
from stream.core.pipeline import Assessor, Inbound, Observer, Run, with_ticks

CATALOGUE = catalogue()
LATER = st.floats(0, 200)


def at(assessor: Assessor, day: float) -> dict[str, float]:
    return numbers(assessor.at(START + day * DAY))


@given(events(), st.randoms(use_true_random=False), LATER)
def test_order_and_duplication_change_nothing(made: list[Inbound], rng: random.Random, later: float) -> None:
    observations = observed(made, CATALOGUE)
    mixed = observations + rng.choices(observations, k=len(observations))
    rng.shuffle(mixed)
    day = 63 + later
    assert at(assessed(mixed, CATALOGUE), day) == pytest.approx(
        at(assessed(observations, CATALOGUE), day), abs=1e-9
    )


@given(events())
def test_the_ledger_adds_up(made: list[Inbound]) -> None:
    assessment = scored(made, CATALOGUE, 61)
    assert assessment.base + sum(row.points for row in assessment.ledger) == pytest.approx(
        assessment.index, abs=1e-9
    )
    for row in assessment.ledger:
        assert sum(e.points for e in row.claims) + row.rest_points == pytest.approx(row.points, abs=1e-9)
    assert assessment.low <= assessment.index <= assessment.high


@given(events(), st.integers(1, 6), st.integers())
@settings(max_examples=60)
def test_partitions_may_run_apart_and_every_tick_still_concludes_the_same(
    made: list[Inbound], count: int, seed: int
) -> None:
    items = list(with_ticks(sorted(made, key=lambda r: r.received_at), DAY))
    expected = {a.at: a for a in Run(CATALOGUE, items) if a.cause == "tick"}
    logs = partitioned(items, count)
    observer = Observer(CATALOGUE)
    assessor = Assessor(CATALOGUE, origins=list(logs))
    found: dict[object, Assessment] = {}
    offset = 0
    for record in interleaved(list(logs.values()), seed):
        for value in observer.observe([record]).observations:
            if assessor.apply("indications-0", offset, value).ends_batch:
                for _, row in assessor.flush().assessments:
                    a = Assessment.model_validate_json(row)
                    found |= {a.at: a} if a.cause == "tick" else {}
            offset += 1
    assert found.keys() == expected.keys()
    for t, a in expected.items():
        assert (found[t].level, found[t].since, found[t].fragile) == (a.level, a.since, a.fragile)
        assert numbers(found[t]) == pytest.approx(numbers(a), abs=1e-9)


@given(events(), st.integers(0, 25), st.integers(0, 25))
def test_a_restart_from_the_rows_goes_on_as_if_nothing_had_happened(
    made: list[Inbound], crash: int, redelivered: int
) -> None:
    items = list(with_ticks(sorted(made, key=lambda r: r.received_at), 5 * DAY))
    log = Observer(CATALOGUE).observe([i._replace(origin=ORIGIN) for i in items]).observations
    unharmed = assessed(log, CATALOGUE)
    cut = min(crash, len(log))
    table: dict[str, bytes] = {}
    first = Assessor(CATALOGUE, origins=[ORIGIN])
    for offset, value in enumerate(log[:cut]):
        first.apply("indications-0", offset, value)
        for key, row in first.flush().writes.items():
            table.pop(key, None) if row is None else table.update({key: row})
    second = Assessor(CATALOGUE, origins=[ORIGIN])
    second.restore(table.items())
    begin = max(0, cut - redelivered)
    for offset, value in enumerate(log[begin:], begin):
        second.apply("indications-0", offset, value)
    assert at(second, 70) == pytest.approx(at(unharmed, 70), abs=1e-9)
    assert second.fold.level == unharmed.fold.level


@given(events(), LATER)
def test_copies_by_other_publishers_neither_add_nor_refresh(made: list[Inbound], later: float) -> None:
    original = event("original", "group", 50, publisher="Wire", summary="a text of quite some words")
    copies = [
        event(f"copy{n}", "group", 50 + n / 24, publisher=publisher, summary="A TEXT of quite some words!")
        for n, publisher in enumerate(["Beta", "Gamma", "Alpha"], 1)
    ]
    plain = assessed(observed([*made, original], CATALOGUE), CATALOGUE)
    copied = assessed(observed([*made, original, *copies], CATALOGUE), CATALOGUE)
    day = 63 + later
    assert copied.at(START + day * DAY).index == pytest.approx(plain.at(START + day * DAY).index, abs=1e-9)


@given(events())
def test_what_is_forgotten_weighed_nothing(made: list[Inbound]) -> None:
    remembering = assessed(observed(made, CATALOGUE), CATALOGUE)
    items = with_ticks(sorted(made, key=lambda r: r.received_at), 10 * DAY, until=START + 700 * DAY)
    forgetting = assessed(observed([i._replace(origin=ORIGIN) for i in items], CATALOGUE), CATALOGUE)
    assert forgetting.held < remembering.held or remembering.held == 0
    assert at(forgetting, 701) == pytest.approx(at(remembering, 701), abs=1e-9)


@given(st.integers(1, 5), st.integers(1, 11))
def test_copies_and_repeats_do_not_link_what_stands_too_far_apart(copies: int, hours: int) -> None:
    first = event("first", "group", 1.2, publisher="Wire", grade="B2", summary="a text of quite some words")
    second = event(
        "second", "group", 4.3, publisher="Wire", grade="C3", summary="another thing seen elsewhere"
    )
    again = event(
        "again", "group", 1.2 + hours / 24, publisher="Wire", grade="B2", summary="a text of quite some words"
    )
    between = [
        event(
            f"copy{n}",
            "group",
            1.2 + (hours + n) / 24,
            publisher=f"p{n}",
            summary="a text of quite some words",
        )
        for n in range(copies)
    ]
    plain = scored([first, second], CATALOGUE, 5)
    copied = scored([first, again, *between, second], CATALOGUE, 5)
    assert copied.index == pytest.approx(plain.index, abs=1e-9)
    assert [len(row.claims) for row in copied.ledger] == [len(row.claims) for row in plain.ledger] == [2]
