"""Several processes, killed and paused at any await; and the mutants this must find."""

import gc
import os
from collections.abc import Iterator
from itertools import count

import pytest
from mutants import MUTANTS, Patch
from scenario import Scenario
from standins import Chain

# What a killed process had not begun is never awaited.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
SEEDS = int(os.environ.get("SEEDS", "100"))  # thousands, where somebody has changed hosting
PATIENCE = 400  # seeds a mutant may survive


@pytest.fixture(autouse=True)
def chained(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the chain in the assessor's place; collect garbage afterwards, once nothing of it can wake up."""
    monkeypatch.setattr("stream.agents.Assessor", Chain)
    gc.disable()
    yield
    gc.collect()  # here, where what was never awaited is expected
    gc.enable()


@pytest.mark.parametrize("first", range(0, SEEDS, 25))
def test_killed_and_paused_at_any_await_nothing_is_lost_or_counted_twice(first: int) -> None:
    wrong = {seed: found for seed in range(first, first + 25) if (found := Scenario(seed).run())}
    assert wrong == {}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_rule_broken_is_found(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert any(Scenario(seed).run() for seed, _ in zip(count(), range(PATIENCE), strict=False))
