"""Plot: index and band over time with the levels behind them, as SVG to stand inside a page.

Matplotlib draws; its inline styles become plain attributes, since the page's security policy takes no inline
styles, and so that the page's own style sheet can colour each part for a dark or a light screen by its id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

from schemas.assessment import LEVELS, Level
from schemas.wire import instant

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
SIZE = (9.6, 4.2)  # inches of 72 units
# Units high: what a phone needs. The plot is laid out for it, and the style sheet sets smaller text on wider screens.
TEXT = 23.0
# Text stays text (it can be read aloud, selected, coloured); ids are the same each time.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "belwatch",
    "font.size": 10.0,
    "path.simplify_threshold": 0.3,
}
DRAWN = {"Date": None, "Creator": None, "Format": None, "Type": None}
# Ids the style sheet colours.
BAND, INDEX, LEVEL_AREA, NOW = "plot-band", "plot-index", "plot-area-", "plot-now"


@dataclass(frozen=True, slots=True)
class Point:
    """One moment: epoch seconds and index points."""

    at: float
    index: float
    low: float
    high: float


def svg(points: Sequence[Point], enter: Mapping[Level, float], label: str) -> str:
    """Draw index and band; `enter`: where each level begins; `label`: what a screen reader says of it."""
    with mpl.rc_context({**STYLE, "font.size": TEXT}):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        times = [date2num(instant(p.at)) for p in points]  # type: ignore[no-untyped-call] # matplotlib's dates
        edges = [0.0, *enter.values(), 100.0]
        for level, (low, high) in zip(LEVELS, pairwise(edges), strict=True):
            axes.axhspan(low, high, gid=f"{LEVEL_AREA}{level}", linewidth=0)
            axes.annotate(level, (1.005, (low + high) / 2), xycoords=("axes fraction", "data"), va="center")
        axes.fill_between(times, [p.low for p in points], [p.high for p in points], gid=BAND, linewidth=0)
        axes.plot(times, [p.index for p in points], gid=INDEX, linewidth=1.8)
        axes.plot(times[-1:], [points[-1].index], "o", gid=NOW, markersize=6)
        axes.set_ylim(0, 100)
        axes.set_xlim(times[0], max(times[-1], times[0] + 1e-6))
        axes.set_yticks(edges)
        locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call] # as above
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.tick_params(axis="x", pad=18)  # clear of the lowest level's edge, whatever the reader's font
        axes.xaxis.OFFSETTEXTPAD = 8
        drawn = BytesIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata=DRAWN)
    return inline(drawn.getvalue(), label)


def inline(drawn: bytes, label: str) -> str:
    """Make it stand inside a page: no styles, no metadata, a name for screen readers."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(drawn)  # noqa: S314 - what matplotlib just drew
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}:
                parent.remove(child)
        for part in parent.attrib.pop("style", "").split(";"):
            name, _, value = part.partition(":")
            if name.strip() and name.strip() != "font":
                parent.set(name.strip(), value.strip())
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", label)
    root.set("class", "plot")
    return ET.tostring(root, encoding="unicode")


def described(points: Sequence[Point]) -> str:
    """Say in words what the plot shows.

    >>> described([Point(0.0, 5.0, 4.0, 9.0), Point(86_400.0, 40.0, 30.0, 55.0)])
    'Index from 1 Jan 1970 to 2 Jan 1970: lowest 5, highest 40 (on 2 Jan 1970 00:00), at the end 40, band 30 to 55.'
    """
    top = max(points, key=lambda p: p.index)
    end = points[-1]
    return (
        f"Index from {_day(points[0].at)} to {_day(end.at)}: lowest {min(p.index for p in points):.0f}, "
        f"highest {top.index:.0f} (on {_day(top.at)} {instant(top.at):%H:%M}), "
        f"at the end {end.index:.0f}, band {end.low:.0f} to {end.high:.0f}."
    )


def _day(at: float) -> str:
    when: datetime = instant(at)
    return f"{when.day} {when:%b %Y}"
