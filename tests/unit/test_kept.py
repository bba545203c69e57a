"""What is kept between two questions changes no answer: it is what the rows alone give, read anew."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring import DAY, HEARTBEAT, START, assessed, catalogue, event, events, observed

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue, HeartbeatRule
from schemas.indication import Indication
from schemas.report import OBSERVATION, Report
from schemas.wire import instant, rfc3339
from stream.core.evaluate import Evaluator
from stream.core.groups import Group
from stream.core.heartbeat import Beat, raised
from stream.core.held import SLACK, Ranks, Settled
from stream.core.memory import Memory
from stream.core.observe import Inbound
from stream.core.pipeline import Assessor
from stream.core.statements import HOUR, Statements, order

CATALOGUE = catalogue()
TIGHT = catalogue(reports_cap=3)
ACTIONS: dict[str, dict[str, object]] = {
    "retract": {},
    "confirm": {},
    "regrade": {"reliability": "A", "credibility": 2},
    "hold": {},
    "end-exercise": {"ends_on": "2022-02-10"},
}


@st.composite
def answered(draw: st.DrawFn) -> list[Inbound]:
    """Messages with corrections, and reviews of them that begin and expire, in any order."""
    made = draw(events(most=14))
    for n in range(draw(st.integers(0, 5))):
        action = draw(st.sampled_from(sorted(ACTIONS)))
        at = START + draw(st.integers(0, 60)) * DAY
        body: dict[str, object] = {
            "id": f"r{n}",
            "problem": CATALOGUE.problem.id,
            "action": action,
            "target": f"e{draw(st.integers(0, 8))}",
            "reviewer": "N. N.",
            "reason": "asked the source",
            "at": rfc3339(instant(at)),
        } | ACTIONS[action]
        if action == "hold" or draw(st.booleans()):
            body["expires_at"] = rfc3339(instant(at + 9 * DAY))
        made.append(Inbound("review", json.dumps(body).encode(), at, "reviews-0", 0))
    return draw(st.permutations(made))


@given(answered(), st.sampled_from([CATALOGUE, TIGHT]), st.data())
@settings(max_examples=60)
def test_what_is_kept_gives_what_the_rows_alone_give(
    made: list[Inbound], cat: Catalogue, data: st.DataObject
) -> None:
    memory, rows = Memory(cat), dict[str, bytes]()
    evaluator = Evaluator(cat, memory)
    latest = START
    for value in observed(made, cat):
        record = OBSERVATION.validate_json(value)
        if isinstance(record, Report):
            changed = memory.add(record)
        elif record.type == "review":
            changed = memory.review(record)
        else:
            continue
        if data.draw(st.integers(0, 5)) == 0:
            latest += data.draw(st.integers(1, 500)) * DAY
            changed += memory.forget(latest)
        for key, row in changed:
            rows.pop(key, None) if row is None else rows.update({key: row})
        if data.draw(st.booleans()):
            continue
        restored = Memory(cat)
        for key, row in data.draw(st.permutations(sorted(rows.items()))):
            restored.restore(key, row)
        t = latest + data.draw(st.integers(0, 70)) * DAY  # now and then before what is held already
        known_at = data.draw(st.sampled_from([t, float("inf")]))
        assert evaluator.picture(t, known_at, {}) == Evaluator(cat, restored).picture(t, known_at, {})


@given(answered(), st.integers(0, 70))
def test_an_account_given_twice_is_the_same(made: list[Inbound], day: int) -> None:
    observations = observed(made, CATALOGUE)
    kept = Assessor(CATALOGUE, origins=["events-0"])
    for offset, value in enumerate(observations):
        kept.apply("indications-0", offset, value)
        shown(kept, day)
    assert shown(kept, day) == shown(kept, day) == shown(assessed(observations, CATALOGUE), day)


def shown(assessor: Assessor, day: float) -> Assessment:
    return assessor.at(START + day * DAY)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.booleans()), min_size=1))
def test_the_lowest_rank_is_the_least_of_those_held(changes: list[tuple[int, int, bool]]) -> None:
    ranks, plain = Ranks(), dict[str, float]()
    for name, rank, gone in changes:
        if gone:
            ranks.discard(str(name))
            plain.pop(str(name), None)
        else:
            ranks[str(name)] = plain[str(name)] = rank
        assert len(ranks) == len(plain)
        if plain:
            assert ranks.lowest() == min((rank, name) for name, rank in plain.items())[1]


def test_ranks_take_no_more_room_than_what_is_held() -> None:
    ranks = Ranks()
    for n in range(10 * SLACK):
        ranks["one"] = n
    assert len(ranks._heap) <= SLACK + 2  # noqa: SLF001 - nothing else shows what it takes
    assert ranks.lowest() == "one"


def test_what_is_settled_is_the_same_list_until_something_changes() -> None:
    settled = Settled()
    settled.put("a", 1.0, ())
    settled.put("b", 2.0, ())
    first, later = settled.by(1.5)
    assert list(later) == ["b"]
    assert settled.by(1.9)[0] is first
    settled.put("c", 0.5, ())
    assert settled.by(1.9)[0] is not first


def test_as_many_settled_as_before_may_be_others() -> None:
    [one, other] = said([event("e1", "group", 1), event("e2", "group", 2)])
    settled = Settled()
    settled.put("e1", 1.0, [one])
    settled.put("e2", 2.0, [other])
    assert settled.by(1.5)[0] == [one]
    settled.discard("e1")
    assert settled.by(2.5)[0] == [other]
    settled.put("e1", 1.0, [one])
    assert settled.by(1.5)[0] == [one]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("buildup", {"facts": {"headcount": 30_000}}, {"facts": {"headcount": 9_000}}),
        ("drill", {"facts": {"ends_on": "2022-02-03"}}, {}),
    ],
)
def test_what_a_register_held_is_gone_with_the_message(
    name: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    first, second = said([event("e1", name, 1, **before), event("e2", name, 6, **after)])
    kept = Statements(CATALOGUE.indicators[name], CATALOGUE)
    alone = Statements(CATALOGUE.indicators[name], CATALOGUE).change([], [second], ())[1][-1].triggered
    [*_, beside] = kept.change([], [first, second], ())[1]
    assert beside.triggered is not alone
    went, came = kept.change([first], [], ())
    assert [s.id for s in went] == [first.id, second.id]
    assert [(s.id, s.triggered) for s in came] == [(second.id, alone)]


def test_an_original_that_comes_late_unmasks_every_copy_of_one_publisher() -> None:
    text: dict[str, Any] = {"summary": "one text of quite some words"}
    copies = [event(f"e{day}", "group", day, publisher="Beta", **text) for day in (2, 3, 4)]
    judged = Statements(CATALOGUE.indicators["group"], CATALOGUE)
    _, every = judged.change([], said([event("e1", "group", 1.5, publisher="Alpha", **text), *copies]), ())
    original, *repeated = sorted(every, key=order)
    group = Group(72 * HOUR, triggered=True)
    group.change([], repeated)
    assert group.independent == repeated
    group.change([], [original])
    assert group.independent == [original]
    group.change([original], [])
    assert group.independent == repeated


def test_the_same_misses_are_the_same_indications() -> None:
    rule = HeartbeatRule.model_validate(HEARTBEAT | {"misses": 1})
    beats = {"Alpha": [Beat(START + day * DAY, kept=day < 6) for day in range(9)]}
    once, again = (raised(rule, CATALOGUE.sources[0], beats) for _ in range(2))
    assert len(once) == 3
    assert all(one is other for one, other in zip(once, again, strict=True))


def said(made: list[Inbound]) -> list[Indication]:
    reports = (OBSERVATION.validate_json(value) for value in observed(made, CATALOGUE))
    return [i for report in reports if isinstance(report, Report) for i in report.indications]
