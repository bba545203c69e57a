"""The back-test's report in a browser: one file, no script, no request, legible to all."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import HOSTILE
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from scoring import DAY, START, catalogue, event

from stream.evaluation.dated import Fact
from stream.evaluation.history import Plan, study
from stream.evaluation.html import page
from stream.evaluation.parts import NOTE

OpenTab = Callable[..., Tab]
Keep = Callable[[Tab, str], None]
FACTS = [
    Fact(START + 14 * DAY, "group", "T1", f"T1: it came {HOSTILE}", "javascript:alert(1)"),
    Fact(START + 20 * DAY, "entry", "F1", "F1: it did not", "https://example.org/f1"),
]
RECORDS = [
    event("first", "calm", 0, grade="E5", summary="calm as ever, says one"),
    event("inbound", "buildup", 10, grade="A1", summary="trains come in", facts={"direction": "in"}),
    *(
        event(f"group-{n}", "group", 10 + n, grade="A1", publisher=p, summary=f"a group was seen from {n}")
        for n, p in enumerate(["Alpha", "Beta", "Gamma"])
    ),
    event("hostile", "group", 13, grade="A1", publisher=HOSTILE, summary=HOSTILE, url="javascript:alert(1)"),
    event("claim", "entry", 20, grade="B3", act="claimed", claimant="Beta", summary="they have entered now"),
    event("last", "calm", 60, grade="E5", summary="calm as ever, says another"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on two catalogues: the same, and one without what raises most."""
    whole = catalogue()
    fewer = {name: i for name, i in whole.indicators.items() if name != "buildup"}
    other = whole.model_copy(update={"version": "fewer", "indicators": fewer})
    plan = Plan(DAY / 2)
    found = [study(one, RECORDS, FACTS, plan) for one in (whole, other.model_copy())]
    path = tmp_path_factory.mktemp("report") / "backtest.html"
    path.write_text(page(found, FACTS), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_script_or_network(report: Path, tab: OpenTab, keep: Keep, scheme: str) -> None:
    shown = tab(scheme=scheme, script=False)
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(report.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    assert shown.locator("main").inner_text().startswith(NOTE)
    assert shown.title() == "Back-test · belwatch"
    for name in ("Figures", "Index and band", "Indicators", "Evidence", "Ablations", "Robustness", "Sources"):
        expect(shown.get_by_role("heading", name=name, exact=True).first).to_be_visible()
    assert shown.locator("article").count() == 2
    ground = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 248)", "dark": "rgb(17, 22, 28)"}[scheme]
    keep(shown, f"backtest-{scheme}")


def test_every_part_has_a_name_and_every_id_is_its_own(report: Path, tab: OpenTab) -> None:
    shown = tab()
    shown.goto(report.as_uri())
    ids = shown.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert shown.evaluate("[...document.querySelectorAll('svg')].every(s => s.ariaLabel && s.role === 'img')")
    assert shown.evaluate("[...document.querySelectorAll('table')].every(t => t.caption.textContent.trim())")
    assert shown.evaluate(
        "[...document.querySelectorAll('figure')].every(f => f.querySelector('figcaption'))"
    )
    levels = shown.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    broken = (
        "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.querySelector(a.hash)).length"
    )
    assert shown.evaluate(broken) == 0


def test_every_coloured_part_takes_its_colour_from_the_palette(report: Path, tab: OpenTab) -> None:
    shown = tab(scheme="dark")
    shown.goto(report.as_uri())
    for part in ("index", "dot-raise", "fill-raise", "bar-most", "band", "truth"):
        drawn = shown.locator(f".plot .{part} :is(path, use)").first
        fill, stroke = (drawn.evaluate(f"e => getComputedStyle(e).{name}") for name in ("fill", "stroke"))
        assert not {fill, stroke} & {"rgb(31, 119, 180)", "rgb(0, 0, 0)"}, part  # matplotlib's own
    # no rule reaches what is drawn by <use>: it must bring no colour of its own
    reused = "[...document.querySelectorAll('defs > path')].filter(p => p.matches('[fill], [stroke]')).length"
    assert shown.evaluate(reused) == 0


def test_foreign_text_stays_text(report: Path, tab: OpenTab) -> None:
    shown = tab()
    shown.goto(report.as_uri())
    assert shown.title() == "Back-test · belwatch"
    assert shown.evaluate("document.querySelectorAll('script, img, [onerror]').length") == 0
    assert shown.evaluate("[...document.links].every(a => ['https:', 'http:', 'file:'].includes(a.protocol))")
    expect(shown.locator("#c1-facts")).to_contain_text("<script>")


def test_a_narrow_screen_scrolls_tables_and_not_the_page(report: Path, tab: OpenTab) -> None:
    shown = tab(width=360)
    shown.goto(report.as_uri())
    assert shown.evaluate("document.documentElement.scrollWidth") <= 360
