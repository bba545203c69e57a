"""Sections: what a back-test found, as tables that Markdown and HTML both show."""

from collections.abc import Iterable, Sequence

from schemas.assessment import LEVELS
from stream.evaluation.bootstrap import Interval
from stream.evaluation.dated import Fact
from stream.evaluation.episodes import Episode, Raised
from stream.evaluation.history import Findings, Varied
from stream.evaluation.parts import Cell, Link, Section, day, lead, time
from stream.evaluation.record import Record

NAMED = 40  # rows of a table of sources
LEVEL_HEADS = tuple(f"{level}, days" for level in LEVELS)


def compared(found: Sequence[Findings]) -> Section:
    """The catalogues side by side."""
    first = found[0]
    alike = all(len(f.truths) == len(first.truths) for f in found)
    columns = [
        [
            f.catalogue.version,
            ", ".join(f"{n:,}" for n in f.messages.values()),
            f"{day(f.trace.ticks[0].at)} to {day(f.trace.ticks[-1].at)}",
            *(f"{spent:.1f}" for spent in f.trace.days().values()),
            f"{sum(d.mean for d in f.days) / len(f.days):.1f}",
            f"{max(p.index for p in f.trace.ticks):.1f}",
            *(f"{lead(t.watch)}, {lead(t.warning)}" for t in f.truths if alike),
            *(f"{a.outside} of {a.of_outside}" for a in f.false_alarms),
            *(str(len(fired)) for _, fired in f.firings),
            str(f.unsupported),
        ]
        for f in found
    ]
    names = [
        "catalogue version",
        "messages: matched, unmatched, rejected",
        "time covered",
        *(f"days at {level}" for level in LEVELS),
        "mean index",
        "highest index",
        *(f"lead on {t.fact.mark} ({t.fact.day}): watch, warning" for t in first.truths if alike),
        *(f"days at {a.level} or higher, of those far from a truth" for a in first.false_alarms),
        *(f"alerts: {rule.alert}" for rule, _ in first.firings),
        "critical on one family's word",
    ]
    rows = list(zip(names, *columns, strict=True))
    note = "One column a catalogue. A lead is the time a level had held, unbroken, when the day of the truth began."
    head = ("", *(f.catalogue.problem.id for f in found))
    return Section("figures", "Figures", note, head, rows, frozenset(range(1, len(found) + 1)))


def sections(found: Findings) -> list[Section]:
    """Everything about one catalogue; a part that was not asked for is left out."""
    made = [_facts(found), _false_alarms(found), _episodes(found), _alerts(found), _months(found)]
    made += [_failed(found), _sources(found), _records("families", "Families", found.families), _alone(found)]
    made += [
        _varied(
            "ablations", "Ablations", "What each rule is worth: the same stream without it.", found.ablations
        ),
        _varied(
            "robustness",
            "Robustness",
            "The same stream, shaken. Order within a second must change nothing.",
            found.robustness,
        ),
    ]
    return [section for section in made if section.rows]


def _facts(found: Findings) -> Section:
    rows = [
        (
            f"{s.fact.day}",
            s.fact.mark,
            s.fact.indicator,
            Link(s.fact.text, s.fact.source),
            f"{s.before:.1f}",
            f"{s.after:.1f}",
            s.level,
        )
        for s in found.facts
    ]
    note = "The index before the day of each fact, and the highest until two days after it began."
    head = ("day", "mark", "indicator", "fact", "index before", "highest after", "level")
    return Section("facts", "Dated facts", note, head, rows, frozenset({4, 5}))


def _false_alarms(found: Findings) -> Section:
    rows = [
        (
            f"{a.level} or higher",
            f"{a.days} of {a.of}",
            f"{a.outside} of {a.of_outside}",
            *_share(a.outside, a.of_outside, a.interval),
        )
        for a in found.false_alarms
    ]
    note = (
        "Belarus never entered, so by the question itself every day at watch or higher was a false alarm (second "
        f"column). The third leaves out the days within {found.plan.margin:g} days of a marked truth, when such "
        "things did happen. Interval: 95 %, circular block bootstrap by weeks; it knows this stretch of time only."
    )
    head = ("level", "all days", "far from a truth", "share", "interval")
    return Section("false-alarms", "False-alarm days", note, head, rows, frozenset({1, 2, 3, 4}))


def _episodes(found: Findings) -> Section:
    rows = [_episode(e) for held in found.episodes.values() for e in held]
    note = "Spells at a level or higher, and what had risen most in the three days up to their begin."
    head = ("level", "begin (UTC)", "end (UTC)", "days", "peak", "raised by")
    return Section("episodes", "Episodes", note, head, rows, frozenset({3, 4}))


def _episode(e: Episode) -> tuple[Cell, ...]:
    length = "lasts" if e.end is None else f"{(e.end - e.begin) / 86_400:.1f}"
    end = "" if e.end is None else time(e.end)
    raised = "; ".join(_raised(r) for r in e.raised)
    return f"{e.level} or higher", time(e.begin), end, length, f"{e.peak:.1f} on {day(e.peak_at)}", raised


def _raised(r: Raised) -> str:
    said = f" ({r.claim.publisher}: {r.claim.title})" if r.claim else ""
    return f"{r.indicator} {r.points:+.1f}{said}"


def _alerts(found: Findings) -> Section:
    rows = [
        (
            rule.alert,
            f"{rule.wait:g} s",
            f"{rule.keep:g} s",
            str(len(fired)),
            "; ".join(f"{time(f.begin)} to {time(f.end) if f.end else 'the end'}" for f in fired),
        )
        for rule, fired in found.firings
    ]
    note = (
        "As the alert rules would have fired: each one's condition at the ticks, which stands until the next, then its "
        "for and keep_firing_for."
    )
    head = ("alert", "for", "kept", "fired", "from and to (UTC)")
    return Section("alerts", "Alerts", note, head, rows, frozenset({3}))


def _months(found: Findings) -> Section:
    rows = [
        (
            m.name,
            f"{m.mean:.1f}",
            f"{m.peak:.1f}",
            str(m.watch),
            str(m.warning),
            "; ".join(_marked(f) for f in m.facts),
        )
        for m in found.months
    ]
    note = "Highest mean index first. Days at watch or higher, and at warning or higher."
    head = ("month", "mean", "peak", "watch, days", "warning, days", "facts")
    return Section("months", "Months, ranked", note, head, rows, frozenset({1, 2, 3, 4}))


def _failed(found: Findings) -> Section:
    rows = [
        (
            f.fact.mark,
            f.claimant,
            f.indicator,
            time(f.expired),
            f"{f.mass:.3f}",
            f"{f.reliability:.2f}",
            f"{f.halved:.2f}",
        )
        for f in found.failed
    ]
    note = "What each claimant's reliability (R) was when the claim expired, and is for later claims of that indicator."
    head = ("claim", "claimant", "indicator", "expired (UTC)", "heaviest mass", "R", "R after")
    return Section("failed-claims", "Failed claims of entry", note, head, rows, frozenset({4, 5, 6}))


def _sources(found: Findings) -> Section:
    return _records("sources", "Sources", found.sources)


def _records(name: str, title: str, records: Sequence[Record]) -> Section:
    rows = [
        (
            r.name,
            str(r.said),
            str(r.timed),
            str(r.expired),
            f"{r.factor:g}",
            ", ".join(f"{grade} × {count}" for grade, count in r.grades.items()),
        )
        for r in records[:NAMED]
    ]
    more = f" The first {NAMED} of {len(records)}." if len(records) > NAMED else ""
    note = (
        "By whose word it is. Timed: claims that time can refute; expired: refuted, reports of one claim counted once; "
        f"R left: what its reliability is multiplied by where it failed most often.{more}"
    )
    head = (
        "family" if name == "families" else "source",
        "said",
        "timed",
        "expired",
        "R left",
        "grades given",
    )
    return Section(name, title, note, head, rows, frozenset({1, 2, 3, 4}))


def _alone(found: Findings) -> Section:
    ordered = sorted(found.alone.items(), key=lambda row: -row[1])
    rows = [(name, f"{peak:.1f}") for name, peak in ordered[:10]]
    note = "The highest index that one publisher family gives when it alone is heard."
    return Section("alone", "One family alone", note, ("family", "highest index"), rows, frozenset({1}))


def _varied(name: str, title: str, note: str, runs: Iterable[Varied]) -> Section:
    rows = [
        (
            r.name,
            r.why,
            *(f"{spent:.1f}" for spent in r.days.values()),
            lead(r.lead),
            f"{r.peak:.1f}",
            f"{r.drift[0]:.2f}",
            f"{r.drift[1]:.3f}",
        )
        for r in runs
    ]
    head = ("run", "what it is", *LEVEL_HEADS, "lead", "peak", "max change", "mean change")
    return Section(name, title, note, head, rows, frozenset(range(2, 10)))


def _share(days: int, of: int, interval: Interval | None) -> tuple[str, str]:
    if not of:
        return "", "no day so far from a truth"
    if interval is None:
        return "0 %", "none seen, so none can be drawn"
    return f"{100 * days / of:.1f} %", f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %"


def _marked(fact: Fact) -> str:
    return f"{fact.day.day}. {fact.mark or fact.indicator}"
