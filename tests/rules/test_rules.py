"""Rules under promtool, as shipped and mutated: a rule that is changed must fail a test."""

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from conftest import binary, render_to

from deploy.render import Mode, durations

HERE = Path(__file__).parent
RISE, FALL = 10, 60  # steps at which the tests' series change
STEP = {"demo": "1s", "live": "1m"}  # of the tests; every duration is a multiple of it
LIMIT = 1_645_671_600  # the tests' last tick; their grid is 100 s
RULES = ("levels.yml", "pipeline.yml")


class _Test(Template):
    delimiter = "@"


def _seconds(duration: str) -> int:
    number, unit = re.fullmatch(r"(\d+)([smhd])", duration).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit]


def _times(mode: Mode) -> dict[str, str]:
    """Moments the tests name: so long after the rise or the fall, and one step before that."""
    rows = durations(mode)
    ticks = int(rows.pop("tick_stale_ticks"))
    step = _seconds(STEP[mode])
    lengths = {name: _seconds(value) for name, value in rows.items()}
    lengths |= {f"step_{n}": n * step for n in range(4)}
    # The last sample is one step before the fall; from version 3 on a range no longer includes its left edge.
    version = subprocess.run(
        [binary("promtool"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    early = step if int(re.findall(r"version (\d+)", version)[0]) >= 3 else 0
    for level in ("watch", "warning", "critical"):
        lengths[f"level_memory_{level}_keep"] = lengths["level_memory"] + lengths[f"{level}_keep"] - early
    moments = {}
    for event, at in (("rise", RISE * step), ("fall", FALL * step)):
        for name, length in lengths.items():
            moments[f"{event}_{name}"] = f"{at + length}s"
            moments[f"{event}_{name}_before"] = f"{at + length - step}s"
    limits = {"clock_at_limit": LIMIT + 100 * ticks, "clock_beyond_limit": LIMIT + 100 * ticks + 50}
    return (
        durations(mode)
        | moments
        | {k: str(v) for k, v in limits.items()}
        | {"mode": mode, "step": STEP[mode]}
    )


def _promtool(folder: Path, mode: Mode, file: str) -> subprocess.CompletedProcess[str]:
    test = folder / f"test_{file}"
    test.write_text(
        _Test((HERE / file).read_text(encoding="utf-8")).substitute(_times(mode)), encoding="utf-8"
    )
    return subprocess.run(
        [binary("promtool"), "test", "rules", test.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", [*RULES, "messages.yml"])
def test_rules_do_what_they_say(rendered: tuple[Mode, Path], file: str) -> None:
    mode, folder = rendered
    run = _promtool(folder, mode, file)
    assert run.returncode == 0, run.stdout + run.stderr


# Each comparison, aggregation, label and set operation, and what a slip of the pen would make of it.
SLIPS = (
    (r">=", ">"),
    (r'>=(?=[^"]*"w)', "=="),  # nothing is above critical
    (r"> on", ">= on", "< on"),
    (r"== 0", "!= 0", "== 1"),
    (r"== 1", "!= 1", "== 0"),
    # not before codes and the grid: all workers export the same ones, so either would do
    (
        r"\bmax by(?! \(environment, problem\) \((last_over_time\(belwatch_level_code|belwatch_tick_i))",
        "min by",
    ),
    (r'level="watch"', 'level="normal"', 'level="warning"'),
    (r'level="warning"', 'level="watch"', 'level="critical"'),
    (r'level="critical"', 'level="warning"', 'level="watch"'),
    (r"\bunless\b", "and"),
    (r"\bor\b", "and"),
    (r'job="belwatch"', 'job=~".+"'),
    (r"_clock_", "_tick_"),
)


def _mutants(rule: dict[str, Any], step: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every (what was done, rule with that one thing changed)."""
    expr = rule["expr"]
    for pattern, *slips in SLIPS:
        for match in re.finditer(pattern, expr):
            for slip in slips:
                changed = expr[: match.start()] + slip + expr[match.end() :]
                yield f"{match[0]} at {match.start()} -> {slip}", rule | {"expr": changed}
    for match in re.finditer(r"\[(\w+)\]|(\d+) \*", expr):  # ranges and multiples
        for by in (-1, 1):
            moved = f"[{_seconds(match[1]) + by * step}s]" if match[1] else f"{int(match[2]) + by} *"
            changed = expr[: match.start()] + moved + expr[match.end() :]
            yield f"{match[0]} at {match.start()} -> {moved}", rule | {"expr": changed}
    for name in {"for", "keep_firing_for"} & rule.keys():
        for by in (-1, 1):
            moved = f"{_seconds(rule[name]) + by * step}s"
            yield f"{name} {rule[name]} -> {moved}", rule | {name: moved}


def _named() -> list[tuple[str, str]]:
    """Every rule as (file, its name)."""
    sources = {
        file: (HERE.parents[1] / "deploy/prometheus/rules" / file).read_text(encoding="utf-8")
        for file in RULES
    }
    return [
        (file, name)
        for file, text in sources.items()
        for name in re.findall(r"- (?:alert|record): (\S+)", text)
    ]


@pytest.mark.parametrize(("file", "name"), _named())
def test_every_mutant_of_a_rule_fails_a_test(tmp_path: Path, file: str, name: str) -> None:
    mode: Mode = (
        "demo"  # the live rules are the same text with other durations; a second round would say nothing
    )
    folder = render_to(tmp_path / "as_shipped", mode)
    (group,) = yaml.safe_load((folder / "rules" / file).read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]:
        rule.pop("annotations", None)  # no mutant is in them, and they take most of the time
    [at] = [i for i, rule in enumerate(group["rules"]) if name in (rule.get("alert"), rule.get("record"))]
    as_shipped = (
        "nothing",
        group["rules"][at],
    )  # the control: it must pass, or the mutants fail for another reason
    mutants = [as_shipped, *_mutants(group["rules"][at], _seconds(STEP[mode]))]
    folders = [tmp_path / str(number) for number in range(len(mutants))]
    for place, (_, mutant) in zip(folders, mutants, strict=True):
        (place / "rules").mkdir(parents=True)
        changed = {"groups": [group | {"rules": [*group["rules"][:at], mutant, *group["rules"][at + 1 :]]}]}
        (place / "rules" / file).write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda place: _promtool(place, mode, file), folders))
    survivors = [what for (what, _), run in zip(mutants, runs, strict=True) if run.returncode == 0]
    assert survivors == ["nothing"]
    assert len(mutants) > 1 or name == "BelwatchWatchdog"  # whose expression is a constant
