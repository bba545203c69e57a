"""View: an assessment and the pipeline's health, live in a terminal."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.assessment import Assessment, Contribution, Evidence, Level

COLOUR = {Level.NORMAL: "green", Level.WATCH: "yellow", Level.WARNING: "dark_orange", Level.CRITICAL: "red"}
SCALE = 60  # characters for 0..100 of the index
BAR = 24  # characters for an activation of 1
ROWS = 10


class Health(NamedTuple):
    """How the pipeline does: messages sent and accounted for, and what is still under way."""

    sent: int = 0
    matched: int = 0
    unmatched: int = 0
    rejected: int = 0
    lag: int = 0
    note: str = ""

    @property
    def accounted(self) -> int:
        """Messages that ended as matched, unmatched or rejected."""
        return self.matched + self.unmatched + self.rejected


def view(assessment: Assessment | None, health: Health, news: Sequence[str] = ()) -> RenderableType:
    """Draw it all; `news` are lines about what Slack received, newest last."""
    if assessment is None:
        return Panel("waiting for the first assessment", title="belwatch")
    a = assessment
    title = Text.assemble(
        (f" {a.level.upper()} ", f"bold reverse {COLOUR[a.level]}"),
        f"  {a.at:%d %b %Y %H:%M}Z, since {a.since:%d %b}",
        "  fragile: critical withheld" if a.fragile else "",
    )
    return Panel(
        Group(title, _gauge(a), _activations(a.ledger), _evidence(a.ledger), _health(health), *_news(news)),
        title=f"belwatch: {a.problem}",
        subtitle="the index is not a probability",
    )


def _gauge(a: Assessment) -> Text:
    low, index, high = (min(SCALE - 1, int(v / 100 * SCALE)) for v in (a.low, a.index, a.high))
    cells = ["█" if n == index else "▒" if low <= n <= high else "·" for n in range(SCALE)]
    return Text(f"{a.index:5.1f}  {''.join(cells)}  band {a.low:.0f} to {a.high:.0f}", style=COLOUR[a.level])


def _activations(ledger: Sequence[Contribution]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    for row in ledger[:ROWS]:
        strength, colour = (row.activation, "red") if row.points > 0 else (row.activation, "green")
        if not row.points:
            strength, colour = row.ambiguous, "blue"
        table.add_row(
            row.indicator, Text("█" * round(strength * BAR) or "▏", style=colour), f"{row.points:+.1f}"
        )
    return table


def _evidence(ledger: Sequence[Contribution]) -> Table:
    newest = sorted((e for row in ledger for e in row.claims), key=lambda e: e.at, reverse=True)[:3]
    table = Table(box=None, show_header=False, padding=(0, 1), title="newest evidence", title_justify="left")
    for e in newest:
        table.add_row(f"{e.at:%d %b}", e.grade, Text(_line(e), overflow="ellipsis", no_wrap=True))
    return table


def _line(e: Evidence) -> str:
    return "".join(
        c if c.isprintable() else " " for c in f"{e.title} ({e.publisher}, {e.act}: {e.indicator})"
    )


def _health(h: Health) -> Text:
    if not h.sent:  # nothing counted: a replay's own view
        return Text(h.note, style="dim")
    lost = h.sent - h.accounted - h.lag
    text = (
        f"{h.sent} sent = {h.matched} matched + {h.unmatched} unmatched + {h.rejected} rejected"
        + (f" + {h.sent - h.accounted} under way" if h.sent != h.accounted else "")
        + (f"   {h.note}" if h.note else "")
    )
    return Text(text, style="dim" if lost <= 0 else "yellow")


def _news(news: Sequence[str]) -> list[Text]:
    return [Text(f"slack  {line}", style="cyan", overflow="ellipsis", no_wrap=True) for line in news[-3:]]
