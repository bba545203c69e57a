"""Plots of a back-test, as SVG to stand inside a page or by itself.

Matplotlib draws; the style sheet colours each part for a light or a dark screen by its class. What can be pointed at
has a title, so that no script is needed to say what it is.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from schemas.assessment import LEVELS
from schemas.catalogue import Catalogue
from schemas.wire import instant
from stream.core.statements import DAY
from stream.evaluation.backtest import Cited, Trace
from stream.evaluation.dated import Fact
from stream.evaluation.history import Varied
from stream.evaluation.parts import day, time
from stream.evaluation.svg import finished
from stream.page.plot import DRAWN, STYLE
from stream.page.render import words
from stream.sinks.plain import plain

WIDTH = 11.0  # inches
COLUMNS = 4
CROWDED = 0.025  # of the width: marks nearer than this would print over each other
DOTS = 300  # claims on the evidence timeline, those that moved the index most
KINDS = {"warning": "raise", "counter": "lower", "ambiguous": "open"}


@dataclass
class Drawing:
    """A figure being drawn: `marks` holds class and title by the id under which a part was drawn."""

    figure: Figure
    marks: dict[str, tuple[str, str]] = field(default_factory=dict)
    svg: str = ""

    def mark(self, kind: str, title: str = "") -> str:
        """An id for a part of class `kind`."""
        name = f"part{len(self.marks)}-"
        self.marks[name] = kind, title
        return name


@contextmanager
def _drawing(name: str, height: float, label: str) -> Iterator[Drawing]:
    with mpl.rc_context({**STYLE, "svg.hashsalt": name, "axes.titlesize": 9.5}):
        drawing = Drawing(Figure(figsize=(WIDTH, height), layout="constrained"))
        yield drawing
        drawn = BytesIO()
        drawing.figure.savefig(drawn, format="svg", transparent=True, metadata=DRAWN)
    drawing.svg = finished(drawn.getvalue(), name, label, drawing.marks)


def timeline(trace: Trace, facts: Sequence[Fact], catalogue: Catalogue, name: str) -> str:
    """Index and band over time, the levels behind them, the level in force below, and the dated facts."""
    ticks = trace.ticks
    begin, end = ticks[0].at, ticks[-1].at
    top = max(ticks, key=lambda p: p.index)
    label = (
        f"Index and band from {day(begin)} to {day(end)}: highest {top.index:.0f} on {day(top.at)}, "
        f"at the end {ticks[-1].index:.0f}; level bands behind, dated facts as lines."
    )
    with _drawing(f"{name}-index", 4.4, label) as drawing:
        axes = drawing.figure.add_subplot()
        edges = [0.0, *(t.enter for t in catalogue.problem.levels.values()), 100.0]
        for level, (low, high) in zip(LEVELS, pairwise(edges), strict=True):
            axes.axhspan(low, high, gid=drawing.mark(f"area-{level}"), linewidth=0)
            axes.annotate(level, (1.005, (low + high) / 2), xycoords=("axes fraction", "data"), va="center")
        labelled, raised = -math.inf, False
        for fact in (f for f in facts if begin - DAY <= f.at <= end):
            at = max(_date(fact.at), _date(begin))
            kind = "truth" if fact.mark else "fact"
            title = f"{fact.day}: {plain(fact.text, 300)}"
            axes.axvline(at, gid=drawing.mark(kind, title), linewidth=1.4 if fact.mark else 0.9,
                         linestyle=(0, (4, 3)) if fact.mark else (0, (1, 3)))  # fmt: skip
            if fact.mark:
                crowded = at - labelled < CROWDED * (_date(end) - _date(begin)) and not raised
                raised, labelled = crowded, at
                axes.annotate(
                    fact.mark, (at, 107 if crowded else 101), ha="center", va="bottom", annotation_clip=False
                )
        times = [_date(p.at) for p in ticks]
        axes.fill_between(
            times, [p.low for p in ticks], [p.high for p in ticks], gid=drawing.mark("band"), linewidth=0
        )
        axes.plot(times, [p.index for p in ticks], gid=drawing.mark("index"), linewidth=1.7)
        _strip(axes, trace, drawing)
        axes.set_ylim(-7, 100)
        axes.set_yticks(edges)
        axes.set_ylabel("index (no probability)")
        _time_axis(axes, times)
    return drawing.svg


def multiples(trace: Trace, catalogue: Catalogue, name: str) -> str:
    """Each indicator's activation over time, the most active first, all on one scale."""
    peaks = {key: max(p.activations.get(key, 0.0) for p in trace.ticks) for key in catalogue.indicators}
    active = sorted((key for key, peak in peaks.items() if peak > 0), key=lambda key: -peaks[key])
    if not active:
        return ""
    label = "Activation of each indicator over time, 0 to 1: " + ", ".join(
        f"{words(key)} up to {peaks[key]:.2f}" for key in active
    )
    rows = -(-len(active) // COLUMNS)
    times = [_date(p.at) for p in trace.ticks]
    with _drawing(f"{name}-indicators", 0.4 + 1.15 * rows, label) as drawing:
        grid = drawing.figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for axes, key in zip(grid.flat, active, strict=False):
            kind = KINDS[catalogue.indicators[key].kind]
            values = [p.activations.get(key, 0.0) for p in trace.ticks]
            part = drawing.mark(f"fill-{kind}", f"{words(key)}, highest {peaks[key]:.2f}")
            axes.fill_between(times, values, gid=part, linewidth=0)
            axes.axhspan(0, 1, gid=drawing.mark("track"), linewidth=0, zorder=0)
            axes.set_title(words(key), loc="left")
            axes.set_ylim(0, 1)
            axes.set_yticks([0, 1])
            _time_axis(axes, times, 3)
        for axes in grid.flat[len(active) :]:
            axes.set_axis_off()
        for axes in grid.flat[max(0, len(active) - COLUMNS) : len(active)]:  # the lowest of each column
            axes.tick_params(labelbottom=True)
    return drawing.svg


def evidence(trace: Trace, catalogue: Catalogue, name: str) -> str:
    """Each claim at its event time in its indicator's row; the larger, the more points it gave or took at most."""
    claims = sorted(trace.claims.values(), key=lambda c: -abs(c.points))[:DOTS]
    if not claims:
        return ""
    rows: dict[str, float] = {}
    for claim in claims:
        rows[claim.indicator] = rows.get(claim.indicator, 0.0) + abs(claim.points)
    order = sorted(rows, key=lambda key: rows[key])
    label = (
        f"Evidence over time: the {len(claims)} claims that moved the index most, by indicator; the largest: "
        + "; ".join(_said(c) for c in claims[:3])
    )
    with _drawing(f"{name}-evidence", 0.8 + 0.26 * len(order), label) as drawing:
        axes = drawing.figure.add_subplot()
        for claim in claims:
            kind = KINDS[catalogue.indicators[claim.indicator].kind]
            at, size = (_date(claim.at), order.index(claim.indicator)), 3 + 2.2 * abs(claim.points) ** 0.5
            part = drawing.mark(f"dot-{kind}", _said(claim))
            axes.plot(*at, "o", markeredgewidth=0.6, markersize=size, gid=part)
        axes.set_yticks(range(len(order)), [words(key) for key in order])
        axes.set_ylim(-0.8, len(order) - 0.2)
        axes.grid(axis="y", gid=drawing.mark("grid"), linewidth=0.6)
        _time_axis(axes, [_date(trace.ticks[0].at), _date(trace.ticks[-1].at)])
    return drawing.svg


def bars(runs: Sequence[Varied], name: str, what: str) -> str:
    """How far each run lies from the whole: largest change of the index as a bar, the mean inside it."""
    shown = [run for run in runs if run.drift[0] > 0]
    if not shown:
        return ""
    label = f"{what}, largest and mean change of the index in points: " + "; ".join(
        f"{run.name} {run.drift[0]:.1f} and {run.drift[1]:.2f}" for run in shown
    )
    with _drawing(f"{name}-{what.split(maxsplit=1)[0].lower()}", 0.7 + 0.3 * len(shown), label) as drawing:
        axes = drawing.figure.add_subplot()
        for n, run in enumerate(reversed(shown)):
            title = f"{run.name}: at most {run.drift[0]:.2f}, {run.drift[1]:.3f} on average"
            axes.barh([n], [run.drift[0]], height=0.62, gid=drawing.mark("bar-most", title), linewidth=0)
            axes.barh([n], [run.drift[1]], height=0.62, gid=drawing.mark("bar-mean", title), linewidth=0)
            axes.annotate(
                f"{run.drift[0]:.1f}",
                (run.drift[0], n),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(range(len(shown)), [plain(run.name) for run in reversed(shown)])
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.set_xlabel("index points")
        axes.margins(x=0.06)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    return drawing.svg


def _strip(axes: Axes, trace: Trace, drawing: Drawing) -> None:
    """The level in force, below zero."""
    spells = trace.spells()
    ends = [*(p.at for _, p in spells[1:]), trace.ticks[-1].at]
    for (level, point), end in zip(spells, ends, strict=True):
        title = f"{level} from {time(point.at)} to {time(end)}"
        axes.broken_barh([(_date(point.at), _date(end) - _date(point.at))], (-6, 4),
                         gid=drawing.mark(f"level-area-{level}", title), linewidth=0)  # fmt: skip


def _time_axis(axes: Axes, times: Sequence[Any], most: int = 9) -> None:
    axes.set_xlim(times[0], max(times[-1], times[0] + 1e-6))
    locator = AutoDateLocator(minticks=2, maxticks=most)  # type: ignore[no-untyped-call] # matplotlib's dates
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=most > COLUMNS))  # type: ignore[no-untyped-call] # as above
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _date(at: float) -> Any:  # noqa: ANN401 - matplotlib's dates are untyped
    return date2num(instant(at))  # type: ignore[no-untyped-call] # as above


def _said(claim: Cited) -> str:
    said = plain(f"{claim.publisher}: {claim.title}", 200)
    return f"{time(claim.at)} {words(claim.indicator)}, {claim.points:+.1f} points at most. {said}"
