"""The catalogue as a whole against sentences of our own with all their labels: a floor under change.

These sentences were at hand while patterns were written, so this is a regression test, not a measure of quality.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from stream.catalogue.load import load
from stream.core.match import Matcher

ROWS = [
    line.split("|", 1)
    for line in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
AT = datetime(2022, 11, 1, tzinfo=UTC)


def test_precision_and_recall_do_not_fall() -> None:
    catalogue = load()
    matcher = Matcher(catalogue)
    count: Counter[str] = Counter()
    for labels, text in ROWS:
        want = set(labels.split(",")) - {"-"}
        assert want <= catalogue.indicators.keys()
        got = {m.indicator for m in matcher.match("", text, "und", AT)}
        count.update(hit=len(want & got), false=len(got - want), missed=len(want - got))
    assert count["hit"] / (count["hit"] + count["missed"]) >= 0.92
    assert (
        count["hit"] / (count["hit"] + count["false"]) >= 0.84
    )  # many sentences say more than their one label


def test_what_is_not_about_the_war_stays_silent() -> None:
    matcher = Matcher(load())
    found = [text for labels, text in ROWS if labels == "-" and matcher.match("", text, "und", AT)]
    assert found == []
