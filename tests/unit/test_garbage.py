"""Garbage: the collector looks seldom, and never at what was loaded before."""

import gc
from collections.abc import Iterator

import pytest

from stream.garbage import YOUNG, collect_seldom


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_a_fetch_of_records_is_looked_at_once_at_the_most() -> None:
    collect_seldom()
    assert gc.get_freeze_count() > YOUNG  # what was loaded: the interpreter's modules alone are more
    began = gc.get_stats()[0]["collections"]
    records = [[n] for n in range(YOUNG)]
    assert gc.get_stats()[0]["collections"] - began <= 1
    assert len(records) == YOUNG
