"""Several processes, killed and paused at any await; and the mutants this must find."""

import gc
from collections.abc import Iterator
from itertools import count

import pytest
from mutants import MUTANTS, Patch
from processes import Chain
from scenario import Scenario

SEEDS = 200
PATIENCE = 400  # seeds a mutant may survive


@pytest.fixture(autouse=True)
def chained(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the chain in the assessor's place; collect garbage afterwards, once nothing of it can wake up."""
    monkeypatch.setattr("stream.agents.Assessor", Chain)
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("first", range(0, SEEDS, 50))
def test_killed_and_paused_at_any_await_nothing_is_lost_or_counted_twice(first: int) -> None:
    wrong = {seed: found for seed in range(first, first + 50) if (found := Scenario(seed).run())}
    assert wrong == {}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_rule_broken_is_found(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    assert any(Scenario(seed).run() for seed, _ in zip(count(), range(PATIENCE), strict=False))
