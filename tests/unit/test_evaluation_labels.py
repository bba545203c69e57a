"""Labels are scored as the readers' rules say: sure, maybe, neither."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.catalogue.load import load
from stream.core.observe import Observer
from stream.evaluation.labels import Figures, Judged, grouped, intervals, judge, total
from stream.evaluation.tables import shown
from stream.sources.files import FileProblem

NAMES = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))


@st.composite
def items(draw: st.DrawFn) -> list[Judged]:
    made = []
    for n in range(draw(st.integers(0, 12))):
        sure = draw(NAMES)
        lang = draw(st.sampled_from(["en", "uk"]))
        made.append(Judged(str(n), lang, "p", "title", "", draw(NAMES), sure, draw(NAMES) - sure))
    return made


def plain_count(made: list[Judged], key: str | None = None) -> tuple[int, int, int]:
    """The rules again, one pair at a time."""
    right = wrong = missed = 0
    for item in made:
        for name in "abcd":
            if key in (None, name, item.lang):
                right += name in item.found and name in item.sure
                wrong += name in item.found and name not in item.sure and name not in item.maybe
                missed += name not in item.found and name in item.sure
    return right, wrong, missed


@given(items())
def test_counts_are_those_of_the_rules(made: list[Judged]) -> None:
    assert total(made) == plain_count(made)
    for by, keys in (("indicator", "abcd"), ("lang", ("en", "uk"))):
        groups = grouped(made, by)  # type: ignore[arg-type] # the literal, as a loop variable
        for key in keys:
            assert groups.get(key, Figures()) == plain_count(made, key)


@given(items())
def test_an_interval_holds_its_figure_and_is_the_same_every_time(made: list[Judged]) -> None:
    first = intervals(made, draws=50)
    assert first == intervals(made, draws=50)
    assert all(0 <= i.low <= i.high <= 1 for i in first.values())


def test_a_wider_sample_narrows_the_interval() -> None:
    few = [Judged("1", "en", "p", "t", "", frozenset("a"), frozenset("a"), frozenset())] * 8
    few += [Judged("2", "en", "p", "t", "", frozenset(), frozenset("a"), frozenset())] * 8
    few_, many = intervals(few)["f1"], intervals(few * 20)["f1"]
    assert many.high - many.low < (few_.high - few_.low) / 2


def test_gold_is_read_and_what_went_wrong_is_shown_in_full(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "publisher": "reuters.com", "published_at": "2022-02-10", "lang": "en",
         "title": "Russian and Belarusian troops begin joint exercises in Belarus", "sure": ["exercise"], "maybe": []},
        {"id": "2", "publisher": "reuters.com", "published_at": "2022-02-10", "lang": "en",
         "title": "Cup final in Riga", "sure": ["mobilisation"], "maybe": ["exercise"]},
    ]  # fmt: skip
    gold = tmp_path / "gold.jsonl"
    gold.write_text("\n".join(json.dumps(row) for row in rows))
    judged = judge(Observer(load()), gold)
    assert (judged[0].missed, judged[1].missed) == (frozenset(), frozenset({"mobilisation"}))
    assert "missed: mobilisation\n  Cup final in Riga" in shown(judged)


@pytest.mark.parametrize("line", ['{"id": "1"}', "not json", '{"sure": [], "maybe": []}', "[]"])
def test_a_line_without_labels_is_named(tmp_path: Path, line: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(line)
    with pytest.raises(FileProblem, match=r"gold.jsonl:1: no labelled article"):
        judge(Observer(load()), gold)
