"""Talk is counted once whatever is delivered again, known when it was received, and never part of the index."""

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring import DAY, START, catalogue, event, interleaved, numbers, observed, partitioned

from schemas.assessment import Assessment
from schemas.report import Articles, Stretch
from schemas.tick import Tick
from schemas.wire import instant, rfc3339
from stream.core.observe import Inbound, Observer
from stream.core.pipeline import Assessor, Run, with_ticks
from stream.core.talk import KEPT, MOST_AHEAD, Talk, Teller

CATALOGUE = catalogue()
ORIGIN = "articles-0"
WEEK = 7 * DAY
SEEDS = st.integers(0, 10_000)


def article(name: str, at: float, *, about: bool) -> Inbound:
    """An article as a record, in days after START."""
    body = {
        "id": name,
        "publisher": "Somebody",
        "published_at": rfc3339(instant(START + at * DAY)),
        "title": "Minister in BELARUS for talks" if about else "Rain over the coast",
    }
    return Inbound("article", json.dumps(body).encode(), START + at * DAY, ORIGIN, 0)


@st.composite
def weeks(draw: st.DrawFn) -> list[Inbound]:
    """Six weeks of one day each with 20 to 30 articles, at any hour, some of them about the problem."""
    rng = random.Random(draw(SEEDS))  # noqa: S311 - reproducible, nothing secret
    share = [rng.random() / 4 for _ in range(6)]
    made = [
        article(f"a{week}-{n}", 7 * week + rng.random() * 0.99, about=rng.random() < share[week])
        for week in range(6)
        for n in range(rng.randint(20, 30))
    ]
    return sorted(made, key=lambda record: record.received_at)


def told(
    observations: Sequence[bytes], origins: Sequence[str] = (ORIGIN,)
) -> tuple[Assessor, list[Assessment]]:
    assessor = Assessor(CATALOGUE, origins=origins)
    found = []
    for offset, value in enumerate(observations):
        if assessor.apply("indications-0", offset, value).ends_batch:
            found += [Assessment.model_validate_json(row) for _, row in assessor.flush().assessments]
    return assessor, [a for a in found if a.cause == "tick"]


def packed(log: Sequence[Inbound], sizes: st.DataObject) -> list[bytes]:
    """Observe one partition in packs of any size, now and then from an earlier offset again."""
    observer, observations, begin, again = Observer(CATALOGUE), [], 0, 3
    while begin < len(log):
        end = begin + sizes.draw(st.integers(1, 60))
        observations += observer.observe(log[begin:end]).observations
        redelivered = again and sizes.draw(st.booleans())
        begin = sizes.draw(st.integers(max(0, end - 80), min(end, len(log)))) if redelivered else end
        again -= bool(redelivered)
    return observations


def tick(day: float) -> Inbound:
    value = Tick(at=instant(START + day * DAY), every=3_600).model_dump_json().encode()
    return Inbound("tick", value, START + day * DAY, ORIGIN, 0)


def numbered(log: Sequence[Inbound]) -> list[Inbound]:
    return [record._replace(offset=n) for n, record in enumerate(log)]


@given(weeks(), st.data())
@settings(max_examples=40)
def test_what_is_delivered_again_in_other_packs_counts_once(made: list[Inbound], data: st.DataObject) -> None:
    log = numbered([i._replace(origin=ORIGIN) for i in with_ticks(made, WEEK)])
    once, ticks = told(Observer(CATALOGUE).observe(log).observations)
    again, same = told(packed(log, data))
    assert again.fold.talk == once.fold.talk
    assert [a.attention for a in same] == [a.attention for a in ticks]
    assert sum(day.total for day in once.fold.talk.days.values()) == len(made)
    assert ticks[-1].attention


@given(weeks(), st.integers(1, 4), SEEDS)
@settings(max_examples=40)
def test_replayed_over_partitions_it_is_what_it_is_in_process(
    made: list[Inbound], count: int, seed: int
) -> None:
    items = list(with_ticks(made, WEEK / 2))
    expected = {a.at: a.attention for a in Run(CATALOGUE, items) if a.cause == "tick"}
    logs = {name: numbered(log) for name, log in partitioned(items, count).items()}
    observer = Observer(CATALOGUE)
    mixed = [
        o
        for record in interleaved(list(logs.values()), seed)
        for o in observer.observe([record]).observations
    ]
    _, ticks = told(mixed, list(logs))
    assert {a.at: a.attention for a in ticks} == expected
    assert any(expected.values())


@given(weeks(), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_order_changes_nothing(made: list[Inbound], rng: random.Random) -> None:
    day = START + 36 * DAY
    mixed = rng.sample(made, len(made))
    one, _ = told(Observer(CATALOGUE).observe(numbered(made)).observations)
    other, _ = told(Observer(CATALOGUE).observe(numbered(mixed)).observations)
    assert one.at(day).attention == other.at(day).attention


@given(weeks(), st.integers(1, 100))
@settings(max_examples=40)
def test_talk_moves_attention_and_never_the_index(made: list[Inbound], louder: int) -> None:
    said = [event("e", "group", 30)]
    talk = [article(f"more{n}", 35.5, about=True) for n in range(louder)]

    def last(items: list[Inbound]) -> Assessment:
        ordered = sorted(items, key=lambda record: record.received_at)
        return [a for a in Run(CATALOGUE, with_ticks(ordered, WEEK)) if a.cause == "tick"][-1]

    calm, loud = last(made + said), last(made + said + talk)
    assert calm.attention
    assert loud.attention
    assert loud.attention.share > calm.attention.share
    assert numbers(loud) == numbers(calm)
    assert (loud.level, loud.robust) == (calm.level, calm.robust)


def test_a_tick_takes_only_what_was_received_by_then() -> None:
    made = [article(f"a{week}-{n}", 7 * week + 0.5, about=n < 2) for week in range(6) for n in range(20)]
    later = [article(f"b{n}", 35.8, about=True) for n in range(20)]
    _, ticks = told(observed(numbered([*made, *later, tick(35.75), tick(36)]), CATALOGUE))
    assert ticks[0].attention
    assert ticks[0].attention.share == pytest.approx(0.1)
    assert ticks[1].attention
    assert ticks[1].attention.share == pytest.approx(0.55)


def test_what_nothing_is_compared_with_is_forgotten() -> None:
    made = [article(f"a{day}", day + 0.5, about=True) for day in range(200)]
    assessor, _ = told(
        Observer(CATALOGUE)
        .observe(numbered([i._replace(origin=ORIGIN) for i in with_ticks(made, DAY)]))
        .observations
    )
    assert len(assessor.fold.talk.days) <= KEPT + 1
    assert not assessor.fold.talk.ahead


def test_early_in_the_day_it_is_yesterdays() -> None:
    made = [article(f"a{week}-{n}", 7 * week + 0.5, about=n < 2) for week in range(6) for n in range(20)]
    assessor, _ = told(observed(numbered(made), CATALOGUE))
    assert assessor.at(START + 36.1 * DAY).attention == assessor.at(START + 36 * DAY).attention
    assert assessor.at(START + 38 * DAY).attention is None


def test_without_a_clock_what_waits_is_bounded_and_nothing_is_miscounted() -> None:
    seconds = 3 * MOST_AHEAD
    stretches = tuple(Stretch(n, 1, int(START) + n) for n in range(seconds))
    talk = Talk()
    for begin in range(0, seconds, 500):
        pack = stretches[begin : begin + 500]
        talk = talk.counting(Articles(origin=ORIGIN, stretches=pack, about=(begin,)), None)
        assert len(talk.ahead) <= MOST_AHEAD + 500
    assert len(talk.model_dump_json()) < 200_000
    after = talk.concluded(START + seconds)
    assert after.days[instant(START).date()] == (seconds // 500, seconds)
    assert not after.ahead


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=60), st.data())
@settings(max_examples=60)
def test_stretches_told_again_in_part_count_once_around_midnight(
    made: list[tuple[int, bool]], data: st.DataObject
) -> None:
    every = data.draw(st.sampled_from([None, 3_600.0, 3 * DAY]))
    seconds = list(itertools.accumulate((gap for gap, _ in made), initial=START + DAY - 15))[1:]
    plain: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for second, (_, about) in zip(seconds, made, strict=True):
        plain[instant(second).date()][0] += about
        plain[instant(second).date()][1] += 1
    talk, begin = Talk(), 0
    while begin < len(made):
        end = begin + data.draw(st.integers(1, 20))
        teller = Teller(ORIGIN)
        for offset in range(max(0, begin - data.draw(st.integers(0, 10))), min(end, len(made))):
            teller.note(offset, seconds[offset], about=made[offset][1])
        articles = teller.told()
        assert articles
        talk, begin = talk.counting(articles, every), end
    assert talk.concluded(START + 9 * DAY).days == {day: tuple(counts) for day, counts in plain.items()}
    assert talk.upto == {ORIGIN: len(made) - 1}
