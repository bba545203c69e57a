"""Plot: index and band over time with levels and dated facts, as SVG.

Written by hand, in less than a page: a plotting library would be the project's largest dependency, for one
picture, and would not give the same bytes twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

from schemas.assessment import LEVELS, Level
from schemas.catalogue import Catalogue
from stream.core.statements import DAY
from stream.evaluation.backtest import Trace
from stream.evaluation.dated import Fact

WIDTH, HEIGHT = 1120, 460
LEFT, RIGHT, TOP, BOTTOM = 46, 96, 66, 400
COLOURS = {
    Level.NORMAL: "#dfe7ec",
    Level.WATCH: "#f4d35e",
    Level.WARNING: "#ee964b",
    Level.CRITICAL: "#b3261e",
}
INK, FAINT, BLUE = "#222", "#777", "#1f5a99"


def svg(trace: Trace, facts: Sequence[Fact], catalogue: Catalogue, title: str = "") -> str:
    """Draw a run; hovering over a fact's mark shows what it was."""
    begin, end = trace.ticks[0].at, trace.ticks[-1].at

    def x(at: float) -> float:
        return round(LEFT + (at - begin) / (end - begin) * (WIDTH - LEFT - RIGHT), 1)

    def y(index: float) -> float:
        return round(BOTTOM - index / 100 * (BOTTOM - TOP), 1)

    size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "font-family": "sans-serif", "font-size": "12"}
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    _add(root, "rect", width="100%", height="100%", fill="white")
    _text(root, LEFT, 22, title, fill=INK, size=15)
    _text(root, LEFT, 40, "Line: index (0 to 100, not a probability). Shade: band. Strip: level in force.")
    edges = [0.0, *(t.enter for t in catalogue.problem.levels.values()), 100.0]
    for level, (low, high) in zip(LEVELS, pairwise(edges), strict=True):
        area = {"x": LEFT, "y": y(high), "width": x(end) - LEFT, "height": y(low) - y(high)}
        _add(root, "rect", **area, fill=COLOURS[level], opacity=0.22)
        name = level if low == 0 else f"{level} ≥ {low:g}"
        _text(root, x(end) + 6, y(low) - 5, name)
    for value in range(0, 101, 20):
        _text(root, LEFT - 6, y(value) + 4, str(value), anchor="end")
    for at in _months(begin, end):
        _add(root, "line", x1=x(at), x2=x(at), y1=TOP, y2=BOTTOM + 22, stroke="#ccc")
        _text(root, x(at) + 4, BOTTOM + 38, f"{datetime.fromtimestamp(at, UTC):%b %Y}")
    times = [x(a.at) for a in trace.ticks]
    lows = [f"{t},{y(a.low)}" for t, a in zip(times, trace.ticks, strict=True)]
    highs = [f"{t},{y(a.high)}" for t, a in zip(times, trace.ticks, strict=True)]
    line = [f"{t},{y(a.index)}" for t, a in zip(times, trace.ticks, strict=True)]
    _add(root, "polygon", points=" ".join(highs + lows[::-1]), fill=BLUE, opacity=0.18)
    _add(root, "polyline", points=" ".join(line), fill="none", stroke=BLUE, stroke_width=1.8)
    spells = trace.spells()
    ends = [*(a.at for _, a in spells[1:]), end]
    for (level, a), until in zip(spells, ends, strict=True):
        left = x(a.at)
        _add(root, "rect", x=left, y=BOTTOM + 6, width=x(until) - left, height=12, fill=COLOURS[level])
    for fact in (f for f in facts if begin - DAY <= f.at <= end):
        at = max(x(fact.at), LEFT)
        mark = _add(root, "g")
        ET.SubElement(mark, "title").text = f"{fact.day:%d %b %Y}: {fact.text}"
        dash = {"stroke_dasharray": "3 3"} if fact.mark else {"stroke_dasharray": "1 5"}
        _add(mark, "line", x1=at, x2=at, y1=TOP, y2=BOTTOM, stroke=INK if fact.mark else FAINT, **dash)
        if fact.mark:
            _text(mark, at, TOP - 6, fact.mark, fill=INK, anchor="middle")
    return ET.tostring(root, encoding="unicode") + "\n"


def _months(begin: float, end: float) -> list[float]:
    """First moments of the months that begin between two times."""
    days = (
        datetime.fromtimestamp(begin, UTC) + timedelta(days=n) for n in range(int((end - begin) / DAY) + 1)
    )
    return [d.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() for d in days if d.day == 1]


def _add(parent: ET.Element, tag: str, **given: object) -> ET.Element:
    return ET.SubElement(parent, tag, {k.replace("_", "-"): str(v) for k, v in given.items()})


def _text(parent: ET.Element, x: float, y: float, text: str, **given: object) -> None:
    style = {"fill": given.get("fill", FAINT), "text_anchor": given.get("anchor", "start")}
    _add(parent, "text", x=x, y=y, font_size=given.get("size", 12), **style).text = text
