"""Copies of one text have one fingerprint; different news have not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.fingerprint import fingerprint

LINES = (
    "Belarus extends joint drills with Russia past their end",
    "Білорусь продовжила спільні навчання з Росією після їх завершення",
    "Белоруссия продлила совместные учения с Россией после их завершения",
)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize(
    "copy",
    [
        *("(Reuters) - {}", "ТАСС: {}", "UPDATE 2-{}", "RT @who: {}", "⚡️{}!"),
        *("{} - ministry", "{} — Минобороны", "{} | BBC News", "{} (16.02.22 10:05)"),
    ],
)
def test_what_is_put_around_a_text_on_its_way_is_no_news(line: str, copy: str) -> None:
    assert fingerprint(copy.format(line), "") == fingerprint(line, "")
    assert fingerprint(copy.format(line).upper(), "") == fingerprint(line, "")


@given(st.sampled_from(LINES), st.randoms(use_true_random=False))
def test_order_does_not_matter(line: str, rng: random.Random) -> None:
    words = line.split()
    rng.shuffle(words)
    assert fingerprint(" ".join(words), "") == fingerprint(line, "")


def test_different_news_stay_apart() -> None:
    lines = [
        *LINES,
        "Belarus ends joint drills with Russia as planned",
        "Russia sends 9,000 troops to Belarus, says ministry",
        "Russia sends 30,000 troops to Belarus, says ministry",
        "Programme of 02.04.2022, whole edition",
        "Programme of 04.02.2022, whole edition",
        "No sign of a strike group in Belarus",
        "A sign of a strike group in Belarus",
    ]
    assert len({fingerprint(line, "") for line in lines}) == len(lines)


def test_a_label_alone_is_no_headline() -> None:
    assert fingerprint("War in Ukraine", "one") != fingerprint("War in Ukraine", "another")
