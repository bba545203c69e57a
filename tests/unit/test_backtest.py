"""What a back-test counts: episodes, alerts, false-alarm days, leads, and how far shaking moves the index."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scoring import DAY, START, catalogue, event

from schemas.assessment import LEVELS, Level, rank
from schemas.report import Report
from stream.cli import cli
from stream.core.observe import Observer
from stream.core.pipeline import Inbound
from stream.evaluation import tables
from stream.evaluation.alerts import Firing, Rule, firings
from stream.evaluation.backtest import Point, Trace, assess, observe, rearranged
from stream.evaluation.bootstrap import share
from stream.evaluation.calm import daily, false_alarms, months
from stream.evaluation.dated import Fact, drift, lead_days
from stream.evaluation.episodes import episodes
from stream.evaluation.history import Plan, study
from stream.evaluation.parts import NOTE
from stream.evaluation.record import by_family, by_source
from stream.evaluation.robustness import exchanged, jittered, shakes, shuffled, thinned, without
from stream.sources.files import FileProblem

CATALOGUE = catalogue()
EDGES = CATALOGUE.problem.levels
STEPS = {"n": Level.NORMAL, "w": Level.WATCH, "W": Level.WARNING, "C": Level.CRITICAL}


def made(levels: str, every: float = DAY, began: float = START) -> Trace:
    """A trace with one level a letter; the index is ten times its rank."""
    ticks = [
        Point(began + n * every, 10.0 * rank(STEPS[c]), 0, 100, STEPS[c], 0, {"drill": float(n)}, {}, {})
        for n, c in enumerate(levels)
    ]
    return Trace(tuple(ticks), {}, {})


@given(st.text("nwWC", min_size=1, max_size=40), st.sampled_from(LEVELS[1:]))
def test_episodes_are_the_time_at_the_level_or_higher(levels: str, level: Level) -> None:
    trace = made(levels)
    found = episodes(trace, level)
    end = trace.ticks[-1].at
    spent = sum((end if e.end is None else e.end) - e.begin for e in found) / DAY
    assert spent == sum(d for name, d in trace.days().items() if rank(name) >= rank(level))
    assert all(a.end is not None and a.end < b.begin for a, b in pairwise(found))
    assert all(e.peak >= 10 * rank(level) for e in found)


def test_an_episode_says_what_had_risen_in_three_days() -> None:
    (episode,) = episodes(made("nnnnnwW"), Level.WATCH)
    assert (episode.end, episode.peak) == (None, 20.0)
    assert [(r.indicator, r.points) for r in episode.raised] == [("drill", 3.0)]


@pytest.mark.parametrize(
    ("levels", "wait", "keep", "expected"),
    [
        ("nwwn", 0.0, 0.0, [(1, 3)]),
        ("nwwn", 1.5, 0.0, [(2.5, 3)]),  # only once it has held
        ("nwnw", 1.5, 0.0, []),  # never held long enough; the last one only begins
        ("nwwnwwn", 0.0, 0.5, [(1, 3.5), (4, 6.5)]),
        ("nwwnwwn", 0.0, 1.0, [(1, 7)]),  # back within what it is kept: the same alert goes on
        ("nwwwnwn", 2.0, 1.0, [(3, 7)]),  # and needs no second wait
        ("nwCwn", 0.0, 0.0, [(1, 4)]),  # higher is no other alert
        ("nww", 0.0, 9.0, [(1, None)]),  # it still fires
    ],
)
def test_alerts_fire_as_the_rules_would(
    levels: str, wait: float, keep: float, expected: list[tuple[float, float | None]]
) -> None:
    found = firings(made(levels), Rule("watch", wait * DAY, keep * DAY), EDGES)
    assert found == [Firing(START + a * DAY, b if b is None else START + b * DAY) for a, b in expected]


def test_the_interval_covers_what_is_true_of_dependent_days() -> None:
    """Days that resemble their neighbours: a two-state chain with runs of about four days, 30 % so."""
    rng = random.Random(1)  # noqa: S311 - a test's draws
    covered = alone = 0
    for _ in range(120):
        held, days = rng.random() < 0.3, []
        for _ in range(280):
            held = (rng.random() < 0.75) if held else (rng.random() < 0.107)
            days.append((held, True))
        weekly, daily_ = share(days, draws=200), share(days, block=1, draws=200)
        assert weekly is not None
        assert daily_ is not None
        covered += weekly.low <= 0.3 <= weekly.high
        alone += daily_.low <= 0.3 <= daily_.high
    assert covered >= 0.8 * 120  # nominally 95 %, less in series so short
    assert covered > alone + 10  # what days taken one by one would claim to know


def test_the_interval_is_seeded_and_leaves_out_what_does_not_count() -> None:
    days = [(n % 9 == 0, n % 3 == 0) for n in range(200)]
    assert share(days) == share(days)
    assert share(days, seed=1) != share(days, seed=2)
    found = share([(False, False), (True, True)] * 50)
    assert found == (1.0, 1.0)


def test_false_alarms_near_a_truth_are_counted_apart() -> None:
    days = daily(made("nnwwWWnnnnwnn"))
    truth = Fact(START + 5 * DAY, "x", "T1", "T1: it came", "u")
    other = Fact(START + 10 * DAY, "x", "", "no truth", "u")
    watch, warning = false_alarms(days, [truth, other], margin=2)
    # a day on which a level ends still began at it
    assert (watch.days, watch.of, watch.outside, watch.of_outside) == (7, 13, 3, 8)
    assert (warning.days, warning.outside, warning.interval) == (3, 0, None)
    assert watch.interval is not None


def test_months_are_ranked_by_their_mean() -> None:
    trace = made("n" * 28 + "W" * 31 + "w" * 30)
    ranked = months(daily(trace), [Fact(START + 30 * DAY, "x", "T1", "in March", "u")])
    assert [m.name for m in ranked] == ["2022-03", "2022-04", "2022-02"]
    assert (ranked[0].mean, ranked[0].warning, len(ranked[0].facts)) == (20.0, 31, 1)


def test_a_lead_counts_only_the_spell_that_reaches_the_truth() -> None:
    trace = made("wwnnwWWWn")
    assert lead_days(trace, START + 7 * DAY) == 3.0
    assert lead_days(trace, START + 7 * DAY, Level.WARNING) == 2.0
    assert lead_days(trace, START + 8 * DAY) is None


RECORDS: list[Inbound] = sorted(
    (
        event(
            f"e{n}", name, day, grade="B2", publisher=p, summary=f"{name} seen by {p} on {day}",
            act="claimed" if name == "entry" else "observed",
        )
        for n, (name, day, p) in enumerate(
            (name, day, p)
            for name in ("group", "entry", "calm")
            for day in (3, 4, 11, 18)
            for p in ("Alpha", "Beta", "Gamma")
        )
    ),
    key=lambda r: r.received_at,
)  # fmt: skip
HEARD = list(observe(Observer(CATALOGUE), RECORDS, DAY / 2))
WHOLE = assess(CATALOGUE, HEARD)


def reports() -> list[Report]:
    return [one.report for one in HEARD if one.report]


def test_order_among_equal_times_changes_nothing() -> None:
    assert len({r.received_at for r in reports()}) < len(reports())
    assert shuffled(reports()) != reports()
    assert drift(assess(CATALOGUE, rearranged(HEARD, shuffled)), WHOLE)[0] < 1e-9


def test_a_family_left_out_and_a_stream_thinned_show() -> None:
    assert {i.family for r in without(reports(), "alpha") for i in r.indications} == {"beta", "gamma"}
    few = thinned(reports(), 1)
    assert len(few) == -(-len(reports()) // 5)
    assert few != thinned(reports(), 2)
    assert drift(assess(CATALOGUE, rearranged(HEARD, lambda r: thinned(r, 1))), WHOLE)[0] > 1.0


def test_shaking_keeps_each_message_within_its_day() -> None:
    late = [r.model_copy(update={"at": r.at.replace(hour=23, minute=59, second=59)}) for r in reports()]
    late = [r.model_copy(update={"received_at": r.at}) for r in late]
    for change in (jittered, exchanged):
        for before, after in zip(
            late, sorted(change(late), key=lambda r: late.index(_same(r, late))), strict=True
        ):
            assert after.at.date() == before.at.date()
            assert after.received_at.date() == before.received_at.date()
            assert after.received_at >= after.at
    assert jittered(late) != late
    assert jittered(reports()) == reports()  # their times are known to the second


def _same(report: Report, among: list[Report]) -> Report:
    return next(r for r in among if r.message_id == report.message_id)


def test_every_family_is_left_out_once() -> None:
    names = [shake.name for shake in shakes(["alpha", "beta"])]
    assert names[-2:] == ["without alpha", "without beta"]


def test_the_record_counts_refuted_claims_once() -> None:
    families = {r.name: r for r in by_family(WHOLE, CATALOGUE)}
    alpha = families["alpha"]
    assert (alpha.said, alpha.timed) == (12, 4)
    assert alpha.expired == 2  # of days 3 and 4 together, of day 11; the last is still open
    assert alpha.factor == 0.25
    assert sum(alpha.grades.values()) == alpha.said
    assert {r.name for r in by_source(WHOLE, CATALOGUE)} == set(families)


def test_every_form_begins_with_what_it_is_not() -> None:
    found = [study(CATALOGUE, RECORDS, [], Plan(DAY, ablations=False, robustness=False))]
    assert tables.markdown(found).startswith(NOTE)
    assert next(iter(tables.values(found).items())) == ("note", NOTE)
    assert "Zero positives" in NOTE


def test_the_command_writes_three_reports_and_says_what_is_wrong(tmp_path: Path) -> None:
    news = tmp_path / "news.jsonl"
    row = {"publisher": "reuters.com", "lang": "en", "title": "Russian troops arrive in Belarus for drills"}
    news.write_text(
        "".join(
            json.dumps({**row, "id": f"x{n}", "published_at": f"2022-02-{n:02}", "url": "https://e.org"})
            + "\n"
            for n in (18, 20, 24)
        )
    )
    short = ["--every", "1d", "--no-ablations", "--no-robustness", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(cli, ["backtest", str(news), *short])
    assert done.exit_code == 0, done.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f"backtest.{x}" for x in ("html", "md", "json")}
    assert json.loads(done.stdout)["catalogues"][0]["messages"]["matched"] == 3
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    failed = CliRunner().invoke(cli, ["backtest", str(empty), *short])
    assert isinstance(failed.exception, FileProblem)
    assert "nothing to judge" in str(failed.exception)
