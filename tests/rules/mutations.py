"""Mutants of the rules: each threshold, comparison, aggregation, label and duration changed in turn.

Run by itself it tries them all and writes MUTATIONS.md: `PYTHONPATH=.:tests .venv/bin/python tests/rules/mutations.py`.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from conftest import render_to
from promtool import RULES, STEP, run, seconds

from deploy.render import Mode

ROOT = Path(__file__).parents[2]
MODE: Mode = "demo"  # the live rules are the same text with other durations; a second round would say nothing
NOTHING = "nothing"  # the control: it must pass, or the mutants fail for another reason

# Each comparison, aggregation, label and set operation, and what a slip of the pen would make of it.
SLIPS = (
    (r">=", ">", "<"),
    (r'>=(?=[^"]*"w)', "=="),  # nothing is above critical
    (r"<=", "<", ">"),
    (r"(?<![<>=])> ", ">= ", "< "),
    (r"(?<![<>=])< ", "<= ", "> "),
    (r"== ", "!= "),
    (r"== on", ">= on"),
    (r"\bmax by", "min by"),
    (r"\bmin by", "max by"),
    (r"\bsum by", "min by"),
    (r"\bmin_over_time", "max_over_time"),
    (r"\babs", ""),
    (r"(?<=\n)  *- ", "+ "),
    (r"(?<=\n)  *\+ ", "- "),
    (r'level="watch"', 'level="normal"', 'level="warning"'),
    (r'level="warning"', 'level="watch"', 'level="critical"'),
    (r'level="critical"', 'level="warning"', 'level="watch"'),
    (r'level=~"warning\|critical"', 'level="warning"', 'level="critical"', 'level=~".+"'),
    (r'edge="enter"', 'edge="leave"'),
    (r'edge="leave"', 'edge="enter"'),
    (r'outcome="rejected"', 'outcome="unmatched"', 'outcome=~".+"'),
    (r"_index_high", "_index_low"),
    (r"_index_low", "_index_high"),
    (r"\bunless\b", "and"),
    (r"\band\b", "unless"),
    (r"\bor\b", "and"),
    (r'job="belwatch"', 'job=~".+"'),
    (r"_clock_", "_tick_"),
)
# What can't be told apart, because all that is aggregated is equal, or one.
SAME = (
    (r"max by \([\w, ]+\) \((last_over_time\()?belwatch_level_code", "every worker exports the same codes"),
    (r"max by \([\w, ]+\) \(belwatch_tick_interval", "every worker exports the same grid"),
    (r"max by \([\w, ]+\) \(belwatch_level_threshold", "every worker exports the same thresholds"),
    (r"max by \([\w, ]+\) \(belwatch_(source_expected|heartbeat)_interval", "every worker exports the same"),
    (r"max by \([\w, ]+\) \(belwatch_commit", "one series an instance"),
    (r"sum by \([\w, ]+\) \(environment_problem_outcome:\S+rate\{", "one series a problem"),
    (r"max by \([\w, ]+\) \(\n\s*environment_problem_level_edge", "one edge a problem"),
    (r"max by \([\w, ]+\) \(belwatch_retraction_share", "only whether it is there counts"),
    (r"max by \([\w, ]+\) \(belwatch_tick_timestamp_seconds\)\n\s*unless", "only whether it is there counts"),
)


class Mutant(NamedTuple):
    """A rule with one thing changed."""

    what: str
    rule: dict[str, Any]


def named() -> list[tuple[str, str]]:
    """Every rule as (file, its name)."""
    folder = ROOT / "deploy" / "prometheus" / "rules"
    return [
        (file, name)
        for file in RULES
        for name in re.findall(r"- (?:alert|record): (\S+)", (folder / file).read_text(encoding="utf-8"))
    ]


def mutants(rule: dict[str, Any]) -> Iterator[Mutant]:
    """Yield every rule with one thing changed."""
    expr, step = rule["expr"], seconds(STEP[MODE])
    same = {match.start() for pattern, _ in SAME for match in re.finditer(pattern, expr)}
    for pattern, *slips in SLIPS:
        for match in re.finditer(pattern, expr):
            if match.start() in same:
                continue
            for slip in slips:
                changed = expr[: match.start()] + slip + expr[match.end() :]
                yield Mutant(_what(expr, match, slip), rule | {"expr": changed})
    for match in re.finditer(
        r"\[(\w+)\]|(?<![\w.])(?<!vector\()(\d+)(\.\d+)?(?= \*|\n|$| *\)|\s+(and|or|unless))", expr
    ):
        for by in (-1, 1):
            changed = expr[: match.start()] + _moved(match, by, step) + expr[match.end() :]
            yield Mutant(_what(expr, match, _moved(match, by, step)), rule | {"expr": changed})
    for name in sorted({"for", "keep_firing_for"} & rule.keys()):
        for by in (-1, 1):
            moved = f"{seconds(rule[name]) + by * step}s"
            yield Mutant(f"{name}: {rule[name]} → {moved}", rule | {name: moved})


def _moved(match: re.Match[str], by: int, step: int) -> str:
    if match[1]:
        return f"[{seconds(match[1]) + by * step}s]"
    return f"{float(match[0]) + by / 100:g}" if match[3] else str(int(match[2]) + by)


def _what(expr: str, match: re.Match[str], slip: str) -> str:
    """Name a change by its place: line and column of the expression."""
    line = expr.count("\n", 0, match.start()) + 1
    column = match.start() - expr.rfind("\n", 0, match.start())
    return f"{line}:{column} {match[0].strip()} → {slip.strip() or 'gone'}"


def _rules(folder: Path, file: str) -> dict[str, Any]:
    (group,) = yaml.safe_load((folder / "rules" / file).read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]:
        rule.pop("annotations", None)  # no mutant is in them, and they take most of the time
    found: dict[str, Any] = group
    return found


def _at(group: dict[str, Any], name: str) -> int:
    [at] = [i for i, rule in enumerate(group["rules"]) if name in (rule.get("alert"), rule.get("record"))]
    return at


def trial(folder: Path, file: str, name: str) -> list[tuple[Mutant, bool]]:
    """Try every mutant of a rule, and the rule itself: whether each passes all tests of its file."""
    group = _rules(render_to(folder / "as_shipped", MODE), file)
    at = _at(group, name)
    tried = [Mutant(NOTHING, group["rules"][at]), *mutants(group["rules"][at])]

    def survives(number: int) -> bool:
        place = folder / str(number)
        (place / "rules").mkdir(parents=True)
        rules = [*group["rules"][:at], tried[number].rule, *group["rules"][at + 1 :]]
        text = yaml.safe_dump({"groups": [group | {"rules": rules}]}, allow_unicode=True)
        (place / "rules" / file).write_text(text, encoding="utf-8")
        return run(place, MODE, file).returncode == 0

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(zip(tried, pool.map(survives, range(len(tried))), strict=True))


def row(file: str, name: str) -> str:
    """Write a rule's row of the table, as it is when no mutant survives."""
    with tempfile.TemporaryDirectory() as folder:
        group = _rules(render_to(Path(folder), MODE), file)
    rule = group["rules"][_at(group, name)]
    made = [mutant.what.replace("|", "\\|") for mutant in mutants(rule)]
    same = [why for pattern, why in SAME for _ in re.finditer(pattern, rule["expr"])]
    return f"| {name} | {len(made)} | {'; '.join(f'`{what}`' for what in made)} | {'; '.join(same)} |"


def table() -> str:
    """Write the page."""
    rows = [row(file, name) for file, name in named()]
    total = sum(int(line.split(" | ")[1]) for line in rows)
    return f"""# Mutants of the rules

Written by `PYTHONPATH=.:tests .venv/bin/python tests/rules/mutations.py`; `make rules` tries them all again. Each of
the {total} changes below, made by itself, fails a test of its rule. A change is named by line and column of the
expression, or by the rule's own key. The last column says what was left out because it can't make a difference.

| rule | mutants, all found | changes | left out, since |
|---|---|---|---|
""" + "".join(f"{line}\n" for line in rows)


def main() -> None:
    """Try all mutants and write the table; a survivor ends it with exit code 1."""
    survivors = []
    for file, name in named():
        with tempfile.TemporaryDirectory() as folder:
            tried = trial(Path(folder), file, name)
        survivors += [f"{name}: {mutant.what}" for mutant, survived in tried[1:] if survived]
        survivors += [] if tried[0][1] else [f"{name}: fails its tests as shipped"]
        print(f"{name}: {len(tried) - 1} mutants", flush=True)  # noqa: T201 - a command
    if survivors:
        sys.exit("\n".join(["These survived; no table is written.", *survivors]))
    (Path(__file__).parent / "MUTATIONS.md").write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    main()
