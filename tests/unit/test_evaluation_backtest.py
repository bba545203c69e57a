"""The back-test changes what it says it changes, and nothing else."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from scoring import DAY, START, catalogue, event

from schemas.assessment import Level
from schemas.catalogue import Catalogue
from stream.core.observe import Observer
from stream.core.pipeline import Inbound
from stream.evaluation.ablations import ABLATIONS, identity, relevant, swollen, thinned, without_counters
from stream.evaluation.backtest import WHOLE, Ablation, backtest, observe
from stream.evaluation.dated import Fact, alone, drift, failed_claims, families, lead_days, read_facts, seen
from stream.evaluation.plot import timeline
from stream.sources.files import FileProblem

CATALOGUE: Catalogue = catalogue()
EVERY = DAY / 2
MADE: list[Inbound] = [
    event("first", "calm", 0, grade="E5", summary="calm as ever, says one"),
    *(
        event(f"group-{n}", "group", 10 + n, grade="A1", publisher=p, summary=f"a group was seen from {n}")
        for n, p in enumerate(["Alpha", "Beta", "Gamma"])
    ),
    event("inbound", "buildup", 10, grade="A1", summary="trains come in", facts={"direction": "in"}),
    event("drill", "drill", 10, grade="A1", summary="one more drill as planned"),
    event("claim", "entry", 20, grade="B3", act="claimed", claimant="Beta", summary="they have entered now"),
    event("calm", "calm", 21, grade="A1", publisher="Wire", summary="nothing of the sort is seen"),
    event("last", "calm", 60, grade="E5", summary="calm as ever, says another"),
]
RECORDS = sorted(MADE, key=lambda record: record.received_at)
TRUTH = Fact(START + 14 * DAY, "group", "T1", "T1: it came", "https://example.org")
FAILED = Fact(START + 20 * DAY, "entry", "F1", "F1: it did not", "https://example.org")
WHOLE_TRACE = backtest(CATALOGUE, RECORDS, EVERY)
BY_NAME = {a.name: a for a in ABLATIONS}


def ablated(name: str) -> tuple[float, float]:
    return drift(backtest(CATALOGUE, RECORDS, EVERY, BY_NAME[name]), WHOLE_TRACE)


def test_nothing_taken_away_changes_nothing() -> None:
    assert drift(backtest(CATALOGUE, RECORDS, EVERY, WHOLE), WHOLE_TRACE) == (0.0, 0.0)
    speaking = relevant(RECORDS, WHOLE_TRACE.reports)
    assert drift(backtest(CATALOGUE, speaking, EVERY), WHOLE_TRACE)[0] < 1e-9


@pytest.mark.parametrize(
    "name", ["no grading", "no counter-indicators", "no routine rule", "no gate", "half-lives × 4"]
)
def test_a_rule_taken_away_shows(name: str) -> None:
    assert ablated(name)[0] > 0.5


def test_the_index_does_not_follow_volume() -> None:
    assert len(swollen(RECORDS)) == 5 * len(RECORDS)
    assert len({identity(r) for r in swollen(RECORDS)}) == 5 * len(RECORDS)
    assert ablated("volume × 5")[0] < 1.0  # a publisher's own repeat an hour later renews its claim


def test_kept_duplicates_let_volume_in() -> None:
    lone = [RECORDS[0], event("group", "group", 10, grade="C3"), RECORDS[-1]]
    plain = backtest(CATALOGUE, lone, EVERY)
    both = Ablation("", "", records=swollen, indication=BY_NAME["duplicates kept"].indication)
    more = Ablation("", "", records=swollen)
    assert drift(backtest(CATALOGUE, lone, EVERY, more), plain)[0] < 0.1
    assert drift(backtest(CATALOGUE, lone, EVERY, both), plain)[0] > 1.0


def test_thinning_keeps_the_bounds_and_looks_at_ids_only() -> None:
    kept = thinned(RECORDS)
    assert (kept[0], kept[-1]) == (RECORDS[0], RECORDS[-1])
    assert thinned(kept) == kept


def test_an_ablation_leaves_the_catalogue_it_was_given_alone() -> None:
    before = CATALOGUE.model_dump()
    assert "calm" not in without_counters(CATALOGUE).indicators
    assert CATALOGUE.model_dump() == before


def test_lead_is_counted_from_the_spell_that_holds_the_fact() -> None:
    assert lead_days(WHOLE_TRACE, TRUTH.at) == pytest.approx(4.0, abs=0.5)
    assert lead_days(WHOLE_TRACE, START + 5 * DAY) is None
    assert sum(WHOLE_TRACE.days().values()) == pytest.approx(60.0, abs=0.5)
    assert [level for level, _ in WHOLE_TRACE.spells()][:2] == [Level.NORMAL, Level.WATCH]


def test_a_failed_claim_costs_its_claimant() -> None:
    (row,) = failed_claims(WHOLE_TRACE, [TRUTH, FAILED], CATALOGUE)
    assert (row.claimant, row.indicator) == ("beta", "entry")
    assert row.halved == row.reliability / 2
    assert row.mass > 0


def test_one_family_alone_says_less_than_all() -> None:
    heard = list(observe(Observer(CATALOGUE), RECORDS, EVERY))
    peaks = alone(CATALOGUE, heard, families(heard))
    assert set(peaks) == {"alpha", "beta", "gamma", "wire"}
    assert max(peaks.values()) < max(a.index for a in WHOLE_TRACE.ticks)


def test_the_plot_has_every_fact_and_every_spell() -> None:
    root = ET.fromstring(timeline(WHOLE_TRACE, [TRUTH, FAILED], CATALOGUE, "t"))  # noqa: S314 - our own
    titles = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert {"2022-02-15: T1: it came", "2022-02-21: F1: it did not"} < set(titles)
    strips = [g for g in root.iter() if g.get("class", "").startswith("level-area-")]
    assert len(strips) == len(WHOLE_TRACE.spells())


def test_facts_are_seen_before_and_after() -> None:
    (row,) = seen(WHOLE_TRACE, [Fact(START + 9 * DAY, "group", "", "g", "u")])
    assert row.before < row.after


@pytest.mark.parametrize(
    ("row", "what"), [("2022-02-30|x|f|u", "no date"), ("2022-02-01|x||u", "no fact"), ("||f|u", "no date")]
)
def test_a_broken_fact_is_named(tmp_path: Path, row: str, what: str) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(f"date|indicator|fact|source\n{row}\n")
    with pytest.raises(FileProblem, match=rf"facts.csv:2: .*{what}"):
        read_facts(path)
