"""The page's parts: the trail's bounds, what health calls trouble, what moved an index, and the plot."""

from xml.etree import ElementTree as ET

import pytest
from made import assessed, evidence

from schemas.assessment import Assessment, Level
from stream.page.health import judge
from stream.page.plot import Point, svg
from stream.page.story import moves
from stream.page.trail import Entry, Trail

ENTER = {Level.WATCH: 22.0, Level.WARNING: 45.0, Level.CRITICAL: 70.0}


def entry(at: float, level: Level = Level.NORMAL, *, tick: bool = True) -> Entry:
    return Entry(at, 0, int(at), 5.0, 4.0, 6.0, level, tick)


def test_a_trail_is_bounded_and_keeps_every_change_of_level() -> None:
    trail = Trail(cap=100)
    levels = [Level.WATCH if 300 <= n < 310 else Level.NORMAL for n in range(1_000)]
    for n, level in enumerate(levels):
        trail.add(entry(n, level))
    assert len(trail) <= 100
    assert [(old.at, new.at) for old, new in trail.changes()] == [(299.0, 300.0), (309.0, 310.0)]
    assert trail.first
    assert trail.first.at == 0.0
    found = trail.at(999.5)
    assert found
    assert found.at == 999.0


def test_order_and_redelivery_leave_the_same_trail() -> None:
    one, other = Trail(), Trail()
    for n in range(20):
        one.add(entry(n))
    for n in [*reversed(range(20)), 3, 3, 19]:
        other.add(entry(n))
    assert list(one.between(0, 99, 50)) == list(other.between(0, 99, 50))


def test_a_long_span_is_thinned_for_the_eye_and_keeps_its_ends() -> None:
    trail = Trail()
    for n in range(5_000):
        trail.add(entry(n))
    found = trail.between(0, 4_999, 100)
    assert len(found) <= 101
    assert (found[0].at, found[-1].at) == (0.0, 4_999.0)


def test_batches_say_nothing_of_the_level() -> None:
    trail = Trail()
    for e in (entry(1), entry(2, Level.WATCH, tick=False), entry(3)):
        trail.add(e)
    assert not list(trail.changes())


def exposition(tick: float, clock: float) -> str:
    return (
        f"belwatch_tick_timestamp_seconds {tick}\nbelwatch_clock_timestamp_seconds {clock}\n"
        "belwatch_tick_interval_seconds 60\n"
        'belwatch_consumer_lag{topic="a",partition="0"} 2\nbelwatch_consumer_lag{topic="a",partition="1"} 3\n'
    )


@pytest.mark.parametrize(("age", "trouble"), [(0, False), (300, False), (301, True)])
def test_a_tick_that_is_late_is_trouble(age: float, *, trouble: bool) -> None:
    health = judge(exposition(1_000, 1_000 + age), replay=False)
    assert bool(health.trouble) is trouble
    assert health.lag == 5


def test_a_replay_waits_for_nobody() -> None:
    assert not judge(exposition(1_000, 9_000), replay=True).trouble


def test_moves_name_what_came_what_went_and_what_only_faded() -> None:
    def told(**points: float) -> Assessment:
        return assessed(Level.WATCH, 1.0, tuple(evidence(claim=name, points=p) for name, p in points.items()))

    found = moves(told(stays=5.0, went=3.0, faded=2.0), told(stays=5.01, came=-4.0, faded=1.0))
    named = [(m.evidence.claim, m.points) for m in found if m.evidence]
    assert named == [("came", -4.0), ("went", -3.0), ("faded", -1.0)]


def test_a_plot_has_no_style_and_no_script_and_a_name() -> None:
    points = [Point(n * 3_600.0, 10.0 + n, 5.0, 30.0 + n) for n in range(48)]
    drawn = svg(points, ENTER, 'index "rising" & <more>')
    root = ET.fromstring(drawn)  # noqa: S314 - what we just drew
    assert root.get("aria-label") == 'index "rising" & <more>'
    assert "style" not in drawn
    assert "<script" not in drawn
    assert drawn == svg(points, ENTER, 'index "rising" & <more>')
    ids = {e.get("id") for e in root.iter()}
    assert {"plot-index", "plot-band", *(f"plot-area-{level}" for level in Level)} <= ids


def test_one_point_is_a_plot_too() -> None:
    assert "<svg" in svg([Point(0.0, 5.0, 4.0, 6.0)], ENTER, "one")
