"""The status page in a browser: what it says, and that eyes, fingers, keyboards and screen readers all get it."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from conftest import CALM, HOSTILE, TENSE, Served
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from schemas.assessment import Assessment
from stream.page.views import SPANS

Serve = Callable[..., Served]
OpenTab = Callable[..., Tab]
Keep = Callable[[Tab, str], None]
PROBLEM = "/belarus_entry"


def test_calm_weather(serve: Serve, tab: OpenTab, keep: Keep) -> None:
    page = tab()
    page.goto(serve(CALM).url)
    page.get_by_role("link", name="belarus entry").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("How close is Belarus")
    expect(page.locator(".status .level")).to_have_text("normal")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("contentinfo")).to_contain_text("not a probability")
    keep(page, "normal")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_warning_with_its_ledger(
    serve: Serve, tab: OpenTab, keep: Keep, told: list[Assessment], scheme: str
) -> None:
    shown = [a for a in told if f"{a.at:%Y-%m-%d}" <= TENSE][-1]
    page = tab(scheme=scheme)
    page.goto(serve(TENSE).url + PROBLEM)
    expect(page.locator(".status .level")).to_have_text(shown.level)
    expect(page.locator(".status .value")).to_have_text(f"{shown.index:.1f}")
    rows = page.locator("table.ledger tbody tr")
    points = [float(row.replace("−", "-")) for row in rows.locator("td:last-child").all_inner_texts()]
    assert sum(points) == pytest.approx(shown.index, abs=0.005 * len(points))
    for text in (shown.versions.catalogue, shown.versions.code, shown.versions.formula):
        expect(page.get_by_role("contentinfo")).to_contain_text(text)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(245, 246, 248)", "dark": "rgb(17, 22, 28)"}[scheme]
    keep(page, f"warning-{scheme}")


def test_a_dead_pipeline_is_loud_and_the_index_is_not_believed(
    serve: Serve, tab: OpenTab, keep: Keep
) -> None:
    page = tab()
    page.goto(serve(TENSE, alive=False, run=None).url + PROBLEM)
    expect(page.get_by_role("alert")).to_contain_text("Unknown is not calm")
    expect(page.locator(".status.untrusted")).to_have_count(1)
    expect(page.locator(".status")).to_contain_text("Last known, not now")
    keep(page, "dead-pipeline")


def test_any_past_time_can_be_asked_for(serve: Serve, tab: OpenTab, told: list[Assessment]) -> None:
    page = tab()
    page.goto(serve().url + PROBLEM)
    page.get_by_label("As of (UTC)").fill("2022-02-20T12:00")
    page.get_by_label("Span").select_option("7d")
    page.get_by_role("button", name="Show").click()
    then = [a for a in told if f"{a.at:%Y-%m-%d}" <= "2022-02-20"][-1]
    expect(page.locator(".status .value")).to_have_text(f"{then.index:.1f}")
    expect(page.locator(".status")).to_contain_text("Shown as of")
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator(".status .value")).to_have_text(f"{told[-1].index:.1f}")


def test_a_claim_has_a_page_that_leads_to_its_source(serve: Serve, tab: OpenTab, keep: Keep) -> None:
    page = tab()
    page.goto(serve(TENSE).url + PROBLEM)
    page.locator("details.indicator[open] .claims th[scope=row] > a").first.click()
    expect(page.locator("dl.facts")).to_contain_text("half-life")
    expect(page.locator("dl.facts")).to_contain_text("Admiralty")
    link = page.locator("dl.facts a").first
    assert re.match(r"https?://", link.get_attribute("href") or "")
    keep(page, "claim")


def test_changes_say_what_moved_the_index_and_by_which_version(
    serve: Serve, tab: OpenTab, keep: Keep, told: list[Assessment]
) -> None:
    page = tab()
    page.goto(serve().url + PROBLEM + "/changes")
    changes = sum(1 for a, b in pairwise(told) if a.level != b.level)
    expect(page.locator("tbody tr")).to_have_count(changes)
    expect(page.locator("tbody")).to_contain_text(told[-1].versions.formula)
    page.locator("tbody th a").first.click()
    expect(page.locator(".status")).to_contain_text("Shown as of")
    keep(page, "changes")


def test_hostile_titles_are_text_and_hostile_links_are_none(serve: Serve, tab: OpenTab) -> None:
    page = tab()
    page.goto(serve(CALM).url + PROBLEM)
    expect(page.locator("body")).to_contain_text("<script>document.title='owned'</script>")
    assert page.title() != "owned"
    assert page.locator("main script, main img").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0
    page.get_by_role("link", name=HOSTILE[:20]).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.title() != "owned"


# A line of 2 px or more around what has the focus, in the colour whose contrast test_contrast.py computes.
OUTLINED = """() => {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = 'var(--focus)';
  const focus = getComputedStyle(probe).color, style = getComputedStyle(document.activeElement);
  probe.remove();
  return style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2 && style.outlineColor === focus;
}"""


def test_a_keyboard_gets_everywhere(serve: Serve, tab: OpenTab) -> None:
    page = tab()
    page.goto(serve(TENSE).url + PROBLEM)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("id", "main")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        tag = page.evaluate("document.activeElement.tagName")
        if tag == "BODY":
            break  # the page's end
        reached.add(tag)
        assert page.evaluate(OUTLINED), page.evaluate("document.activeElement.outerHTML")
    assert {"INPUT", "SELECT", "BUTTON", "A", "SUMMARY"} <= reached


def test_a_screen_reader_finds_its_way(serve: Serve, tab: OpenTab) -> None:
    page = tab()
    page.goto(serve(TENSE).url + PROBLEM)
    for role in ("banner", "navigation", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type] # the roles of landmarks
    assert page.locator("html").get_attribute("lang") == "en"
    levels = [
        int(h[1]) for h in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => h.tagName)")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels)), "no heading level is skipped"
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    assert "Index from" in (page.locator("svg.plot").get_attribute("aria-label") or "")
    assert page.locator("svg:not([aria-hidden]):not([aria-label])").count() == 0
    unnamed = "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter(i => !i.labels.length)"
    assert page.evaluate(f"{unnamed}.length") == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_a_phone_needs_no_sideways_scrolling(serve: Serve, tab: OpenTab, keep: Keep) -> None:
    page = tab(width=360)
    url = serve(TENSE).url
    for path in ("/", PROBLEM, PROBLEM + "/changes"):
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(url + PROBLEM)
    keep(page, "phone")


# Of each text in a plot: its height in CSS pixels, and whether it lies inside the plot and off every other.
TEXTS = """svg => {
  const texts = [...svg.querySelectorAll('text')], frame = svg.getBoundingClientRect();
  const boxes = texts.map(t => t.getBoundingClientRect());
  const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
  return texts.map((t, n) => ({
    text: t.textContent,
    pixels: parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a,
    inside: boxes[n].left >= frame.left - 1 && boxes[n].right <= frame.right + 1,
    apart: boxes.every((b, m) => m === n || apart(b, boxes[n])),
  }));
}"""


@pytest.mark.parametrize("width", [390, 500, 700, 1200])
def test_a_plot_can_be_read_on_every_screen(serve: Serve, tab: OpenTab, keep: Keep, width: int) -> None:
    page = tab(width=width)
    url = serve(TENSE).url + PROBLEM
    for span in SPANS:
        page.goto(f"{url}?span={span}")
        texts = page.locator("svg.plot").evaluate(TEXTS)
        assert len(texts) >= 9
        assert [t for t in texts if not (t["pixels"] >= 11 and t["inside"] and t["apart"])] == []
    keep(page, f"plot-{width}")


def test_it_works_without_any_script_and_without_the_internet(serve: Serve, tab: OpenTab) -> None:
    page = tab(script=False)
    served = serve(TENSE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(served.url + PROBLEM)
    assert response
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert all(url.startswith(served.url) for url in asked)
    expect(page.locator("svg.plot")).to_be_visible()
