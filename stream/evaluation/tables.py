"""Tables: what an evaluation found, as Markdown, and as plain values for JSON."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.wire import instant, rfc3339
from stream.evaluation.bootstrap import Interval
from stream.evaluation.history import Findings, Varied
from stream.evaluation.labels import Figures, Judged
from stream.evaluation.parts import NOTE, Cell, Link, Section
from stream.evaluation.sections import compared, sections
from stream.sinks.plain import link, plain

CELL = 400  # characters


def markdown(found: Sequence[Findings]) -> str:
    """Write the back-test of one or more catalogues down."""
    parts = [NOTE, *_section(compared(found), 2)]
    for one in found:
        if len(found) > 1:
            parts.append(f"## Catalogue {one.catalogue.problem.id}, {one.catalogue.version}")
        for section in sections(one):
            parts += _section(section, 2 if len(found) == 1 else 3)
    return "\n\n".join(parts) + "\n"


def summary(found: Sequence[Findings]) -> str:
    """The catalogues side by side, no more."""
    return "\n\n".join([NOTE, *_section(compared(found), 2)])


def values(found: Sequence[Findings]) -> dict[str, Any]:
    """The same as values for JSON; times in UTC, spans in days, index in points."""
    return {"note": NOTE, "catalogues": [_values(one) for one in found]}


def _values(found: Findings) -> dict[str, Any]:
    return {
        "problem": found.catalogue.problem.id,
        "catalogue": found.catalogue.version,
        "messages": dict(found.messages),
        "days": {level.value: spent for level, spent in found.trace.days().items()},
        "levels": [{"level": level.value, "at": _stamp(p.at)} for level, p in found.trace.spells()],
        "leads": [
            {"mark": t.fact.mark, "day": str(t.fact.day), "watch_days": t.watch, "warning_days": t.warning}
            for t in found.truths
        ],
        "false_alarms": [
            {"level": a.level.value, "days": a.days, "of": a.of, "outside": a.outside, "of_outside": a.of_outside,
             "margin_days": found.plan.margin, "interval_95": list(a.interval) if a.interval else None}
            for a in found.false_alarms
        ],
        "episodes": [
            {"level": e.level.value, "begin": _stamp(e.begin), "end": None if e.end is None else _stamp(e.end),
             "peak": e.peak, "peak_at": _stamp(e.peak_at),
             "raised": [{"indicator": r.indicator, "points": r.points,
                         "message_id": r.claim.message_id if r.claim else None} for r in e.raised]}
            for held in found.episodes.values() for e in held
        ],
        "alerts": [
            {"alert": rule.alert, "for_seconds": rule.wait, "keep_firing_for_seconds": rule.keep,
             "fired": [{"begin": _stamp(f.begin), "end": None if f.end is None else _stamp(f.end)} for f in fired]}
            for rule, fired in found.firings
        ],
        "months": [
            {"month": m.name, "mean": m.mean, "peak": m.peak, "watch_days": m.watch, "warning_days": m.warning,
             "facts": [f.text for f in m.facts]}
            for m in found.months
        ],
        "unsupported_criticals": found.unsupported,
        "alone": dict(found.alone),
        "facts": [
            {"day": str(s.fact.day), "mark": s.fact.mark, "fact": s.fact.text, "before": s.before,
             "after": s.after, "level": s.level.value}
            for s in found.facts
        ],
        "failed_claims": [
            {"mark": f.fact.mark, "claimant": f.claimant, "indicator": f.indicator, "expired": _stamp(f.expired),
             "mass": f.mass, "reliability": f.reliability, "reliability_after": f.halved}
            for f in found.failed
        ],
        "sources": [r._asdict() for r in found.sources],
        "families": [r._asdict() for r in found.families],
        "ablations": [_varied(v) for v in found.ablations],
        "robustness": [_varied(v) for v in found.robustness],
        "ticks": [
            {"at": _stamp(p.at), "index": p.index, "low": p.low, "high": p.high, "level": p.level.value}
            for p in found.trace.ticks
        ],
    }  # fmt: skip


def _varied(v: Varied) -> dict[str, Any]:
    days = {level.value: spent for level, spent in v.days.items()}
    return {"name": v.name, "days": days, "lead_days": v.lead, "peak": v.peak, "largest": v.drift[0],
            "mean": v.drift[1]}  # fmt: skip


def _stamp(at: float) -> str:
    return rfc3339(instant(at))


def _section(section: Section, depth: int) -> list[str]:
    rows = ([_cell(cell) for cell in row] for row in section.rows)
    return [f"{'#' * depth} {section.title}", section.note, "\n".join(_table(section.head, rows))]


def _cell(cell: Cell) -> str:
    """Foreign text as Markdown shows it: one line, and nothing in it marks up."""
    if isinstance(cell, Link):
        text, address = _cell(cell.text), link(cell.url, 2_000)
        return f"[{text}](<{address}>)" if address else text
    return (
        re.sub(r"([\\`*_\[\]<>|])", r"\\\1", plain(cell, CELL))
        if re.search(r"[\\`*\[\]<>|]", cell)
        else plain(cell, CELL)
    )


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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
