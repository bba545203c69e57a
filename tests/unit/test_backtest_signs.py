"""The signs beside the level as a back-test counts them: each at its limit, with the numbers that are deployed."""

from pathlib import Path

import pytest
from scoring import START, catalogue

from schemas.assessment import Level
from stream.commands.backtest import DURATIONS
from stream.evaluation.alerts import CONDITIONS, Rule, firings, read_rules
from stream.evaluation.backtest import Point, Trace
from stream.sources.files import FileProblem

HOUR = 3_600.0
EDGES = catalogue().problem.levels
SIGNS = ("rapid rise", "wide band", "single family")
STEPS = {"n": Level.NORMAL, "w": Level.WATCH, "W": Level.WARNING}
WATCH, WARNING = EDGES[Level.WATCH].enter, EDGES[Level.WARNING].enter
RISE = WARNING - WATCH


@pytest.mark.parametrize(
    ("alert", "limit", "points", "expected"),
    [
        # (index, low, high, level, robust), hour by hour; which hours fire
        ("rapid rise", 3.0, [(5, 0, 9, "n", 5), (5 + RISE, 0, 9, "n", 5), (5 + RISE, 0, 9, "n", 5)], [1, 2]),
        ("rapid rise", 3.0, [(5, 0, 9, "n", 5), (4.9 + RISE, 0, 9, "n", 5)], []),
        ("rapid rise", 2.0, [(5, 0, 9, "n", 5), (6, 0, 9, "n", 5), (5 + RISE, 0, 9, "n", 5)], [2]),
        ("rapid rise", 1.0, [(5, 0, 9, "n", 5), (6, 0, 9, "n", 5), (5 + RISE, 0, 9, "n", 5)], []),  # too slow
        ("wide band", 2.0, [(30, WATCH - 1, WARNING, "w", 30), (30, WATCH, WARNING, "w", 30)], [0]),
        ("wide band", 2.0, [(30, WATCH - 1, WARNING - 1, "w", 30)], []),
        ("single family", 0.0, [(WARNING, 0, 99, "W", WARNING), (WARNING, 0, 99, "W", WARNING - 0.1)], [1]),
        (
            "single family",
            0.0,
            [(WARNING - 0.1, 0, 99, "W", EDGES[Level.WARNING].leave)],
            [],
        ),  # held, not entered
        ("single family", 0.0, [(WARNING - 0.1, 0, 99, "W", EDGES[Level.WARNING].leave - 0.1)], [0]),
        ("single family", 0.0, [(30, 0, 99, "w", 0)], []),  # only from warning up
    ],
)
def test_signs_fire_exactly_at_their_limits(
    alert: str, limit: float, points: list[tuple[float, float, float, str, float]], expected: list[int]
) -> None:
    ticks = [
        Point(START + n * HOUR, index, low, high, STEPS[level], robust, {}, {}, {})
        for n, (index, low, high, level, robust) in enumerate([*points, (0.0, 0.0, 0.0, "n", 0.0)])
    ]
    found = firings(
        Trace(tuple(ticks), {}, {}), Rule(alert, 0.0, 0.0, limit * HOUR if "rise" in alert else limit), EDGES
    )
    hours = [n for n in range(len(points)) if any(f.begin <= START + n * HOUR < (f.end or 0) for f in found)]
    assert hours == expected


def test_the_rules_are_those_that_are_deployed(tmp_path: Path) -> None:
    rules = {rule.alert: rule for rule in read_rules(DURATIONS)}
    assert set(rules) == {"watch", "warning", "critical", *SIGNS} == set(CONDITIONS)
    assert all(rule.wait > 0 and rule.keep > 0 for rule in rules.values())
    assert (rules["rapid rise"].limit, rules["wide band"].limit) == (6 * HOUR, 2)
    broken = tmp_path / "durations.toml"
    broken.write_text('watch_for = { live = "soon" }\n')
    with pytest.raises(FileProblem, match='watch_for needs a duration for "live"'):
        read_rules(broken)
