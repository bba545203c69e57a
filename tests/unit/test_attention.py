"""Attention is robust, aware of weekdays, and free of the stream's size."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.attention import Day, attention

TODAY = date(2022, 3, 1)
COUNTS = st.lists(st.integers(0, 50), min_size=8, max_size=8)


def weeks(counts: list[int], total: int = 1_000) -> dict[date, Day]:
    return {TODAY - timedelta(weeks=n): Day(about, total) for n, about in enumerate(counts, 1)}


def score(days: dict[date, Day], about: int, total: int = 1_000) -> float:
    found = attention(days | {TODAY: Day(about, total)}, TODAY)
    assert found is not None
    return found.score


@given(COUNTS, st.integers(0, 500), st.integers(0, 500))
def test_more_talk_scores_higher(counts: list[int], one: int, other: int) -> None:
    low, high = sorted([one, other])
    assert score(weeks(counts), low) <= score(weeks(counts), high)


@given(st.integers(60, 500))
def test_one_loud_week_does_not_become_the_measure(about: int) -> None:
    steady = [10] * 8
    assert score(weeks([900, *steady[1:]]), about) == score(weeks(steady), about)


def test_other_weekdays_are_not_looked_at() -> None:
    loud = {TODAY - timedelta(days=n): Day(900, 1_000) for n in range(1, 56) if n % 7}
    assert score(weeks([10] * 8) | loud, 30) == score(weeks([10] * 8), 30)


def test_a_stream_that_grows_as_a_whole_is_no_news() -> None:
    assert score(weeks([10] * 8), 50, 5_000) == pytest.approx(0.0)


def test_too_little_to_compare_with_says_nothing() -> None:
    assert attention(weeks([10] * 3) | {TODAY: Day(10, 1_000)}, TODAY) is None
    assert attention(weeks([10] * 8) | {TODAY: Day(10, 19)}, TODAY) is None
    assert attention(weeks([10] * 8), TODAY) is None


def test_a_single_item_after_silence_is_no_sensation() -> None:
    assert score(weeks([0] * 8), 1) < 1.1
