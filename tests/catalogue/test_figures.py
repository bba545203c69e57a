"""Figures that must not fall unnoticed: on the catalogue's own examples and on the chronicle.

Tolerances are stated here. Who moves a figure on purpose moves it here too, and says why.
"""

from functools import cache

import pytest

from schemas.assessment import LEVELS, Level
from stream.catalogue.load import load
from stream.commands.judge import CHRONICLE, SHIPPED
from stream.core.observe import Observer
from stream.core.statements import DAY, HOUR
from stream.evaluation.backtest import Trace, backtest, observe
from stream.evaluation.dated import (
    Fact,
    alone,
    failed_claims,
    families,
    lead_days,
    read_facts,
    unsupported_criticals,
)
from stream.evaluation.examples import failures
from stream.sources.jsonl import chronological

CATALOGUE = load()
FACTS = read_facts(SHIPPED / "facts.csv")
RECORDS = chronological(str(SHIPPED / "chronicle" / name) for name in CHRONICLE)
TIERS = {5.0, 1.6, 1.2, 0.8, 0.4}


@cache
def chronicle() -> Trace:
    return backtest(CATALOGUE, RECORDS, 12 * HOUR)


def fact(mark: str) -> Fact:
    return next(f for f in FACTS if f.mark == mark)


def rank(level: Level) -> int:
    return LEVELS.index(level)


def test_the_examples_read_as_their_files_say() -> None:
    count = sum(len(i.examples) for i in CATALOGUE.indicators.values())
    failed = list(failures(CATALOGUE))
    assert len(failed) <= 0.01 * count, failed


def test_weights_keep_to_five_tiers_and_only_the_entry_itself_can_warn_alone() -> None:
    weights = {i.id: i.weight for i in CATALOGUE.indicators.values()}
    assert set(weights.values()) <= TIERS
    assert [name for name, weight in weights.items() if weight == max(TIERS)] == ["border_crossing"]


def test_watch_holds_at_least_two_days_before_24_february() -> None:
    lead = lead_days(chronicle(), fact("T1").at)
    assert lead is not None
    assert lead >= 2.0


def test_warning_is_reached_and_left() -> None:
    entered = [level for level, _ in chronicle().spells()]
    assert Level.WARNING in entered
    assert rank(chronicle().ticks[-1].level) < rank(Level.WARNING)


def test_april_and_may_come_to_rest() -> None:
    quiet = chronicle().between(fact("T2").at, fact("T2").at + 55 * DAY)  # 6 April to 31 May
    assert max(a.index for a in quiet) < CATALOGUE.problem.levels[Level.WARNING].enter
    assert rank(quiet[-1].level) <= rank(Level.WATCH)


def test_no_family_makes_critical_alone() -> None:
    assert not unsupported_criticals(chronicle(), CATALOGUE)
    heard = list(observe(Observer(CATALOGUE), RECORDS, DAY))
    peaks = alone(CATALOGUE, heard, families(heard)[:5])
    assert max(peaks.values()) < CATALOGUE.problem.levels[Level.CRITICAL].enter


@pytest.mark.parametrize("mark", ["F1", "F2", "F3"])
def test_each_failed_claim_of_entry_costs_its_claimant(mark: str) -> None:
    costs = failed_claims(chronicle(), [fact(mark)], CATALOGUE)
    assert costs
    assert all(row.halved == row.reliability / 2 for row in costs)
