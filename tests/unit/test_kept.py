"""What is kept between two questions changes no answer: it is what the rows alone give, read anew."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from scoring import DAY, START, assessed, catalogue, events, observed

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from schemas.report import OBSERVATION, Report
from schemas.wire import instant, rfc3339
from stream.core.evaluate import Evaluator
from stream.core.held import SLACK, Ranks, Settled
from stream.core.memory import Memory
from stream.core.observe import Inbound
from stream.core.pipeline import Assessor

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


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.booleans()), min_size=1, max_size=200))
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
