"""Tables: what an evaluation found, as Markdown, and as plain values for JSON."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.assessment import Level
from stream.evaluation.backtest import Trace
from stream.evaluation.dated import Fact, Failed, Seen
from stream.evaluation.labels import Figures, Interval, Judged

NOTE = "An index of the evidence, not a probability: Belarus has not entered, so nothing here is calibrated."


class Ablated(NamedTuple):
    """One ablation's outcome: days by level, lead on the marked truth in days, and index drift (max, mean)."""

    name: str
    why: str
    days: Mapping[Level, float]
    lead: float | None
    peak: float
    drift: tuple[float, float]


class Findings(NamedTuple):
    """All that the back-test of dated facts found."""

    messages: int
    trace: Trace
    truth: Fact | None
    lead: float | None
    facts: Sequence[Seen]
    failed: Sequence[Failed]
    unsupported: int
    alone: Mapping[str, float]
    ablations: Sequence[Ablated]


def markdown(found: Findings) -> str:
    """Write the back-test down."""
    first, last = found.trace.ticks[0], found.trace.ticks[-1]
    days = ", ".join(f"{level} {spent:.1f}" for level, spent in found.trace.days().items())
    spells = ", ".join(f"{level} from {a.at:%d %b %Hh}" for level, a in found.trace.spells())
    lines = [
        NOTE,
        "",
        f"- {found.messages} messages, {first.at:%d %b %Y} to {last.at:%d %b %Y}, catalogue {last.versions.catalogue}.",
        f"- Days at each level: {days}.",
        f"- Levels: {spells}.",
        f"- Lead on {_truth(found)}.",
        f"- Critical entered on one family's word: {found.unsupported} times.",
        "- Highest index that one publisher family alone gives: " + _alone(found.alone) + ".",
        "",
        "## Dated facts",
        "",
        *_table(
            ("day", "mark", "indicator", "fact", "index before", "highest within two days", "level"),
            (
                (f"{s.fact.day}", s.fact.mark, s.fact.indicator, f"[{s.fact.text}]({s.fact.source})",
                 f"{s.before:.1f}", f"{s.after:.1f}", s.level)
                for s in found.facts
            ),
        ),
        "",
        "## Failed claims of entry",
        "",
        "What each claimant's reliability (R) was when the claim expired, and is for later claims of that indicator.",
        "",
        *_table(
            ("claim", "claimant", "indicator", "expired (UTC)", "heaviest mass", "R", "R after"),
            (
                (f.fact.mark, f.claimant, f.indicator, f"{datetime.fromtimestamp(f.expired, UTC):%d %b %H:%M}",
                 f"{f.mass:.3f}", f"{f.reliability:.2f}", f"{f.halved:.2f}")
                for f in found.failed
            ),
        ),
    ]  # fmt: skip
    if found.ablations:
        lines += ["", "## Ablations", "", *_table(
            ("without", "normal", "watch", "warning", "critical", "lead, days", "peak", "max change", "mean change"),
            (
                (a.name, *(f"{spent:.0f}" for spent in a.days.values()), "none" if a.lead is None else f"{a.lead:.1f}",
                 f"{a.peak:.0f}", f"{a.drift[0]:.1f}", f"{a.drift[1]:.2f}")
                for a in found.ablations
            ),
        )]  # fmt: skip
    return "\n".join(lines) + "\n"


def plain(found: Findings) -> dict[str, Any]:
    """The same as values for JSON; times in UTC, spans in days, index in points."""
    return {
        "messages": found.messages,
        "days": {level.value: spent for level, spent in found.trace.days().items()},
        "levels": [{"level": level.value, "at": a.at.isoformat()} for level, a in found.trace.spells()],
        "lead_days": found.lead,
        "unsupported_criticals": found.unsupported,
        "alone": dict(found.alone),
        "facts": [
            {"day": str(s.fact.day), "mark": s.fact.mark, "fact": s.fact.text, "before": s.before,
             "after": s.after, "level": s.level.value}
            for s in found.facts
        ],
        "failed_claims": [
            {"mark": f.fact.mark, "claimant": f.claimant, "indicator": f.indicator, "expired": f.expired,
             "mass": f.mass, "reliability": f.reliability, "reliability_after": f.halved}
            for f in found.failed
        ],
        "ablations": [
            {"name": a.name, "days": {level.value: spent for level, spent in a.days.items()},
             "lead_days": a.lead, "peak": a.peak, "largest": a.drift[0], "mean": a.drift[1]}
            for a in found.ablations
        ],
    }  # fmt: skip


def label_table(
    whole: Figures, intervals: Mapping[str, Interval], groups: Mapping[str, Figures], by: str
) -> str:
    """Write precision, recall and F1 down, with their intervals, then by group."""
    row = (f"**{getattr(whole, k):.3f}** [{i.low:.3f}, {i.high:.3f}]" for k, i in intervals.items())
    lines = [*_table(("", "precision", "recall", "F1", "right", "false alarms", "missed"),
                     [("all, 95 % interval", *row, *map(str, whole)),
                      *((name, f"{f.precision:.3f}", f"{f.recall:.3f}", f"{f.f1:.3f}", *map(str, f))
                        for name, f in groups.items())])]  # fmt: skip
    return "\n".join([f"By {by}; micro average over (text, indicator) pairs.", "", *lines]) + "\n"


def shown(judged: Iterable[Judged]) -> str:
    """Write each text with a false alarm or a miss in full."""
    blocks = []
    for item in judged:
        if item.false_alarms or item.missed:
            wrong = [f"false alarm: {name}" for name in sorted(item.false_alarms)]
            wrong += [f"missed: {name}" for name in sorted(item.missed)]
            head = f"{item.id} [{item.lang}, {item.source}] {'; '.join(wrong)}"
            blocks.append("\n".join([head, f"  {item.title}", *([f"  {item.text}"] if item.text else [])]))
    return "\n\n".join(blocks)


def _truth(found: Findings) -> str:
    if found.truth is None:
        return "a marked truth: none in the facts"
    if found.lead is None:
        return f"{found.truth.mark} ({found.truth.day}): not at watch when it came"
    return (
        f"{found.truth.mark} ({found.truth.day}): watch or higher for {found.lead:.1f} days before that day"
    )


def _alone(peaks: Mapping[str, float]) -> str:
    highest = sorted(peaks.items(), key=lambda row: -row[1])[:5]
    return ", ".join(f"{family} {peak:.1f}" for family, peak in highest) or "none"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
