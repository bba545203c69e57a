"""Explain: an assessment in words and figures, for a person at three in the morning."""

from schemas.assessment import Assessment, Contribution, Evidence
from schemas.wire import rfc3339

WORTH = 0.05  # index points, or activation, below which a line is left out
NAMED = 3  # claims named under each indicator


def explain(assessment: Assessment) -> str:
    """Say level, index with band, and what moved it, heaviest first; ends with what only widens the band."""
    a = assessment
    lines = [
        f"{a.problem} at {rfc3339(a.at)}: {a.level.upper()} since {rfc3339(a.since)}",
        f"index {a.index:.1f} (band {a.low:.1f} to {a.high:.1f}; resting level {a.base:.1f}; not a probability)",
    ]
    if a.fragile:
        lines.append(f"critical withheld: without one family the index would be {a.robust:.1f}")
    if a.knockout is not None:
        lines.append(
            f"stands on {a.knockout} claim{'s' if a.knockout != 1 else ''}: without them the level would not be entered"
        )
    if a.silence > 0:
        lines.append(f"{a.silence:.0%} of the expected sources, by reliability, are silent")
    if a.attention:
        talk = a.attention
        lines.append(
            f"talk: {talk.share:.1%} of the day's articles mention it, usually {talk.usual:.1%}"
            f" ({talk.score:+.1f} standard deviations; no part of the index)"
        )
    for title, rows in (
        ("what moves it", [c for c in a.ledger if abs(c.points) >= WORTH]),
        ("what only widens the band", [c for c in a.ledger if not c.points and c.ambiguous >= WORTH]),
    ):
        if rows:
            lines += ["", f"{title}:", *(text for row in rows for text in _row(row))]
    lines.append(f"\ncatalogue {a.versions.catalogue}, code {a.versions.code}, formula {a.versions.formula}")
    return "\n".join(lines)


def _row(row: Contribution) -> list[str]:
    active = row.activation if row.points else row.ambiguous
    head = f"{row.points:+7.2f}  {row.indicator} ({row.kind}, activation {active:.2f})"
    more = len(row.claims) - NAMED + row.rest
    return [
        head,
        *(f"         {_claim(e)}" for e in row.claims[:NAMED]),
        *([f"         and {more} more"] if more > 0 else []),
    ]


def _claim(e: Evidence) -> str:
    where = f" {e.url}" if e.url else ""
    return f"{e.points:+.2f} [{e.grade} {e.act}, severity {e.severity}] {e.at:%d %b}: {e.title} ({e.publisher}){where}"
