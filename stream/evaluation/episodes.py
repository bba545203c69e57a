"""Episodes: spells at or above a level with what raised them, and the alerts that the rules would have made of them."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.assessment import Level, rank
from stream.core.statements import DAY
from stream.evaluation.backtest import Cited, Point, Trace
from stream.sources.files import FileProblem

BEFORE = 3 * DAY  # reports of one claim follow each other within 72 h: what raised a level began no earlier
NAMED = 3
LEVELS = (Level.WATCH, Level.WARNING, Level.CRITICAL)
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY}


class Raised(NamedTuple):
    """By how many index points an indicator rose in the three days up to the entry, and its heaviest claim then."""

    indicator: str
    points: float
    claim: Cited | None


class Episode(NamedTuple):
    """A spell at `level` or higher: begin and end in epoch seconds; `end` None where it lasts to the end of the run."""

    level: Level
    begin: float
    end: float | None
    peak: float
    peak_at: float
    raised: Sequence[Raised]


class Rule(NamedTuple):
    """How an alert on a level behaves: seconds it must hold first (`for`), and is kept after (`keep_firing_for`)."""

    level: Level
    wait: float
    keep: float


class Firing(NamedTuple):
    """One alert: from when to when it fired, epoch seconds; `end` None where it still fires."""

    begin: float
    end: float | None


def episodes(trace: Trace, level: Level) -> list[Episode]:
    """Each spell at `level` or higher, in order."""
    found: list[Episode] = []
    spell: list[Point] = []
    for point in trace.ticks:
        if rank(point.level) >= rank(level):
            spell.append(point)
        elif spell:
            found.append(_episode(trace, level, spell, point.at))
            spell = []
    return [*found, _episode(trace, level, spell, None)] if spell else found


def firings(trace: Trace, rule: Rule) -> list[Firing]:
    """The alerts that the rule makes of the spells at its level or higher.

    As Prometheus does it: an alert fires once its condition has held for `for`; when it ends, the alert is kept for
    `keep_firing_for`, and a condition that comes back meanwhile continues it. Between ticks the level stands.
    https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
    """
    found: list[Firing] = []
    for spell in episodes(trace, rule.level):
        held = (trace.ticks[-1].at if spell.end is None else spell.end) - spell.begin
        end = None if spell.end is None else spell.end + rule.keep
        if found and found[-1].end is not None and spell.begin <= found[-1].end:
            found[-1] = found[-1]._replace(end=end)
        elif held >= rule.wait:
            found.append(Firing(spell.begin + rule.wait, end))
    return found


def read_rules(path: Path, mode: str = "live") -> list[Rule]:
    """Read each level's `for` and `keep_firing_for` from a file of durations, as deploy/durations.toml is.

    Raises
    ------
    FileProblem
        where one is missing or no duration: it names it.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise FileProblem(f"{path}: no file of durations ({wrong})") from None
    return [
        Rule(level, *(_seconds(path, rows, f"{level}_{part}", mode) for part in ("for", "keep")))
        for level in LEVELS
    ]


def _seconds(path: Path, rows: dict[str, dict[str, str]], name: str, mode: str) -> float:
    try:
        amount, unit = _DURATION.fullmatch(rows[name][mode]).groups()  # type: ignore[union-attr] # caught below
    except (KeyError, TypeError, AttributeError):
        raise FileProblem(
            f'{path}: {name} needs a duration for "{mode}", such as {{ {mode} = "2m" }}'
        ) from None
    return int(amount) * _SECONDS[unit]


def _episode(trace: Trace, level: Level, spell: Sequence[Point], end: float | None) -> Episode:
    first, top = spell[0], max(spell, key=lambda p: p.index)
    before = trace.at(first.at - BEFORE)
    rises = {
        name: points - (before.points.get(name, 0.0) if before else 0.0)
        for name, points in first.points.items()
    }
    most = sorted(((rise, name) for name, rise in rises.items() if rise > 0), reverse=True)[:NAMED]
    raised = [Raised(name, rise, _lead(trace, first, name)) for rise, name in most]
    return Episode(level, first.at, end, top.index, top.at, raised)


def _lead(trace: Trace, point: Point, indicator: str) -> Cited | None:
    return trace.claims.get(point.leads.get(indicator, ""))
