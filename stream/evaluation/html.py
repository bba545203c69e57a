"""The back-test's report as one HTML page that needs nothing else: no script, no network, no other file."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from stream import __version__
from stream.core.statements import HOUR
from stream.evaluation import plot
from stream.evaluation.dated import Fact
from stream.evaluation.history import Findings
from stream.evaluation.parts import NOTE, Cell, Link, Section
from stream.evaluation.sections import compared, sections
from stream.evaluation.svg import alone
from stream.page.render import STATIC, environment
from stream.sinks.plain import link, plain

OURS = Path(__file__).with_name("static") / "backtest.css"
PALETTE = r"^:root \{.*?^\}|^@media \(prefers-color-scheme: dark\) \{.*?^\}"  # of the page's style sheet
TEXT, ADDRESS = 500, 2_000  # characters of a cell and of a link
BARS = "Change of the index in points: at most (pale) and on average (full)."
INDEX = (
    "Line: index. Shade: band. Strip below zero: the level in force. "
    "Dashed: marked truths (T) and failed claims (F); dotted: other dated facts."
)
CLAIMS = "Each claim at the time of its event; the larger, the more index points it gave or took at most."
KEY = "Red raises, green lowers, violet only widens the band."


class Picture(NamedTuple):
    """An SVG and what stands below it."""

    svg: Markup
    caption: str


def page(found: Sequence[Findings], facts: Sequence[Fact]) -> str:
    """Write the report."""
    template = environment("stream.evaluation").get_template("backtest.html")
    return template.render(
        note=NOTE,
        question=found[0].catalogue.problem.question,
        style=Markup(_page_style() + _own_style()),  # noqa: S704 - our own style sheets
        figures=_section(compared(found), "figures", ()),
        catalogues=[_catalogue(f"c{n}", one, facts) for n, one in enumerate(found, 1)],
        code=__version__,
        formula=found[0].catalogue.problem.formula,
        every=f"{found[0].plan.every / HOUR:g} h",
        shown=_shown,
    )


def picture(found: Findings, facts: Sequence[Fact]) -> str:
    """The index over time as an SVG file of its own."""
    palette = re.findall(
        r"^:root \{.*?^\}|^@media \(prefers-color-scheme: dark\) \{.*?^\}",
        _page_style(),
        re.MULTILINE | re.DOTALL,
    )
    return alone(plot.timeline(found.trace, facts, found.catalogue, "run"), "".join(palette) + _own_style())


def _catalogue(name: str, found: Findings, facts: Sequence[Fact]) -> dict[str, object]:
    trace, catalogue = found.trace, found.catalogue
    index = plot.timeline(trace, facts, catalogue, name)
    drawn = {
        "ablations": (_picture(plot.bars(found.ablations, name, "Ablations"), f"Without each rule. {BARS}"),),
        "robustness": (_picture(plot.bars(found.robustness, name, "Robustness"), f"Shaken. {BARS}"),),
    }
    multiples, evidence = plot.multiples(trace, catalogue, name), plot.evidence(trace, catalogue, name)
    own = [
        _drawn(name, "index", "Index and band", index, INDEX),
        _drawn(name, "indicators", "Indicators", multiples, f"Activation of each indicator, 0 to 1. {KEY}"),
        _drawn(name, "evidence", "Evidence", evidence, f"{CLAIMS} {KEY}"),
    ]
    tables = [_section(s, f"{name}-{s.id}", drawn.get(s.id, ())) for s in sections(found)]
    return {
        "id": name,
        "name": catalogue.problem.id,
        "version": catalogue.version,
        "sections": [s for s in own if s["figures"]] + tables,
    }


def _drawn(name: str, part: str, title: str, svg: str, caption: str) -> dict[str, object]:
    empty = Section(part, title, "", (), ())
    return _section(empty, f"{name}-{part}", (_picture(svg, caption),))


def _section(section: Section, name: str, pictures: Sequence[Picture | None]) -> dict[str, object]:
    return {**section._asdict(), "id": name, "figures": [p for p in pictures if p is not None]}


def _picture(svg: str, caption: str) -> Picture | None:
    return Picture(Markup(svg), caption) if svg else None  # noqa: S704 - escaped as it was drawn


def _shown(cell: Cell) -> str | Markup:
    """A cell: foreign text made plain, and escaped by the template or here."""
    if isinstance(cell, Link) and (address := link(cell.url, ADDRESS)):
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, plain(cell.text, TEXT))
    return plain(cell.text if isinstance(cell, Link) else cell, TEXT)


def _page_style() -> str:
    return (STATIC / "page.css").read_text(encoding="utf-8")


def _own_style() -> str:
    return OURS.read_text(encoding="utf-8")
