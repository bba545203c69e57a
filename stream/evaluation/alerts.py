"""Alerts: what the alerting rules would have made of a run, with their `for` and `keep_firing_for`.

The conditions are those of deploy/prometheus/rules, read at the run's ticks; between ticks what was said stands.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from schemas.assessment import Level, rank
from schemas.catalogue import Threshold
from stream.core.statements import DAY
from stream.evaluation.backtest import Point, Trace
from stream.sources.files import FileProblem

_NUMBER = re.compile(r"(\d+)(ms|s|m|h|d|)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY, "": 1.0}

Edges = Mapping[Level, Threshold]
Condition = Callable[[Sequence[Point], Edges, float], Iterable[bool]]


class Rule(NamedTuple):
    """How an alert behaves: seconds it must hold first (`for`), and is kept after (`keep_firing_for`).

    `limit` is the number its condition compares with: seconds of a window, or thresholds inside the band.
    """

    alert: str
    wait: float
    keep: float
    limit: float = 0.0


class Firing(NamedTuple):
    """One alert: from when to when it fired, epoch seconds; `end` None where it still fires."""

    begin: float
    end: float | None


def _reached(level: Level, ticks: Sequence[Point], _edges: Edges, _limit: float) -> Iterator[bool]:
    return (rank(p.level) >= rank(level) for p in ticks)


def _rises(ticks: Sequence[Point], edges: Edges, window: float) -> Iterator[bool]:
    """By as much as lies between watch and warning, above the lowest of the window."""
    much = edges[Level.WARNING].enter - edges[Level.WATCH].enter
    begin = 0
    for n, point in enumerate(ticks):
        while ticks[begin].at < point.at - window:
            begin += 1
        yield point.index - min(p.index for p in ticks[begin : n + 1]) >= much


def _wide(ticks: Sequence[Point], edges: Edges, count: float) -> Iterator[bool]:
    """So many thresholds lie inside the band."""
    return (sum(p.low < edge.enter <= p.high for edge in edges.values()) >= count for p in ticks)


def _single(ticks: Sequence[Point], edges: Edges, _limit: float) -> Iterator[bool]:
    """Without one family a level from warning up would not have been entered; or, below that edge, not be held."""
    for p in ticks:
        edge = edges[p.level] if rank(p.level) >= rank(Level.WARNING) else None
        yield edge is not None and p.robust < (edge.enter if p.index >= edge.enter else edge.leave)


# Each with the names in deploy/durations.toml of its `for`, its `keep_firing_for` and what it compares with.
CONDITIONS: Mapping[str, tuple[Condition, tuple[str, ...]]] = {
    **{
        str(level): (partial(_reached, level), (f"{level}_for", f"{level}_keep"))
        for level in (Level.WATCH, Level.WARNING, Level.CRITICAL)
    },
    "rapid rise": (_rises, ("rise_for", "sign_keep", "rise_window")),
    "wide band": (_wide, ("band_for", "sign_keep", "wide_band_levels")),
    "single family": (_single, ("family_for", "sign_keep")),
}


def firings(trace: Trace, rule: Rule, edges: Edges) -> list[Firing]:
    """The alerts that the rule makes of a run, with the catalogue's `edges` of levels.

    As Prometheus does it: an alert fires once its condition has held for `for`; when it ends, the alert is kept for
    `keep_firing_for`, and a condition that comes back meanwhile continues it.
    https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
    """
    condition, _ = CONDITIONS[rule.alert]
    found: list[Firing] = []
    for begin, ended in _spells(trace.ticks, condition(trace.ticks, edges, rule.limit)):
        held = (trace.ticks[-1].at if ended is None else ended) - begin
        end = None if ended is None else ended + rule.keep
        if found and found[-1].end is not None and begin <= found[-1].end:
            found[-1] = found[-1]._replace(end=end)
        elif held >= rule.wait:
            found.append(Firing(begin + rule.wait, end))
    return found


def _spells(ticks: Sequence[Point], holds: Iterable[bool]) -> Iterator[tuple[float, float | None]]:
    """From when to when it holds; None where it still does at the end."""
    begin: float | None = None
    for so, run in groupby(zip(holds, ticks, strict=True), itemgetter(0)):
        at = next(run)[1].at
        if begin is not None:
            yield begin, at
        begin = at if so else None
    if begin is not None:
        yield begin, None


def read_rules(path: Path, mode: str = "live") -> list[Rule]:
    """Read each rule's numbers from a file of durations, as deploy/durations.toml is.

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
        Rule(alert, *(_number(path, rows, name, mode) for name in names))
        for alert, (_, names) in CONDITIONS.items()
    ]


def _number(path: Path, rows: dict[str, dict[str, str]], name: str, mode: str) -> float:
    """Seconds of a duration, or a bare number."""
    try:
        amount, unit = _NUMBER.fullmatch(rows[name][mode]).groups()  # type: ignore[union-attr] # caught below
    except (KeyError, TypeError, AttributeError):
        raise FileProblem(
            f'{path}: {name} needs a duration for "{mode}", such as {{ {mode} = "2m" }}'
        ) from None
    return int(amount) * _SECONDS[unit]
