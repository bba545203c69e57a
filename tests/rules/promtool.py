"""Rules under promtool: the tests' moments, and one run."""

import re
import subprocess
from functools import cache
from pathlib import Path
from string import Template

from conftest import binary

from deploy.render import Mode, durations

HERE = Path(__file__).parent
RISE, FALL = 10, 60  # steps at which the tests' series change
STEP = {"demo": "1s", "live": "1m"}  # of the tests; every duration is a multiple of it
LIMIT = 1_645_671_600  # the tests' last tick; their grid is 100 s
RULES = ("levels.yml", "signs.yml", "reviews.yml", "pipeline.yml")
UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Test(Template):
    delimiter = "@"


def seconds(duration: str) -> int:
    """Read a duration of Prometheus's with one unit."""
    return int(duration[:-1]) * UNIT[duration[-1]]


@cache
def version() -> int:
    """Major version of promtool: from 3 on, a range no longer includes its left edge."""
    said = subprocess.run([binary("promtool"), "--version"], capture_output=True, text=True, check=True)
    return int(re.findall(r"version (\d+)", said.stdout)[0])


def moments(mode: Mode) -> dict[str, str]:
    """What test files name: so long after the start, the rise or the fall, and one step before that; and series."""
    rows = durations(mode)
    lengths = {name: seconds(value) for name, value in rows.items() if re.fullmatch(r"\d+[smhd]", value)}
    limits = {name: float(value) for name, value in rows.items() if value[-1].isdigit()}
    step = seconds(STEP[mode])
    lengths |= {f"step_{n}": n * step for n in range(4)}
    early = step if version() >= 3 else 0
    for level in ("watch", "warning", "critical"):  # the last sample is one step before the fall
        lengths[f"level_memory_{level}_keep"] = lengths["level_memory"] + lengths[f"{level}_keep"] - early
    lengths["rise_window_keep"] = lengths["rise_window"] + lengths["sign_keep"] - early
    lengths["rate_window_lag_for"] = lengths["rate_window"] + lengths["lag_for"] - step - early
    lengths["rate_window"] -= early
    found = {}
    for event, at in (("start", step), ("rise", RISE * step), ("fall", FALL * step)):
        for name, length in lengths.items():
            found[f"{event}_{name}"] = f"{at + length}s"
            found[f"{event}_{name}_before"] = f"{at + length - step}s"
    return rows | found | _series(limits, step) | {"mode": mode, "step": STEP[mode]}


def _series(limits: dict[str, float], step: int) -> dict[str, str]:
    """Values at a limit, and just beyond it from the rise to the fall."""

    def beside_time(at: float, beyond: float) -> str:
        """Write a time that is so many seconds off the test's own."""
        parts = (0, at, 9), (RISE * step, beyond, 49), (FALL * step, at, 100)
        return " ".join(f"{begin + off:g}+{step}x{times}" for begin, off, times in parts)

    ticks, lag = limits["tick_stale_ticks"], limits["lag_seconds"]
    age, skew = limits["commit_age_seconds"], limits["clock_skew_seconds"]
    attention = limits["attention_score"]
    rejected = round(limits["rejections_ratio"] * 100)
    return {
        "just_before_rise": str((RISE - 1) * step),
        "just_before_fall": str((FALL - 1) * step),
        "clock_at_limit": f"{LIMIT + 100 * ticks:.0f}",
        "clock_beyond_limit": f"{LIMIT + 100 * ticks + 50:.0f}",
        "step_seconds": str(step),
        "half_step": f"{step / 2:g}",
        "quarter_step": f"{step / 4:g}",
        "counted": str(step * 59),
        "lag_half": f"{lag / 2:g}",
        "lag_half_and_one": f"{lag / 2 + 1:g}",
        "attention_beside": "{0}x9 {1:g}x49 {0}x100".format(attention - 0.1, attention),
        "commit_ages": beside_time(-age, -age - 1),
        "clock_ahead": beside_time(skew, skew + 1),
        "clock_behind": beside_time(-skew, -skew - 1),
        "rejected_at_limit": str(rejected),
        "taken_at_limit": str(100 - rejected),
    }


def run(folder: Path, mode: Mode, file: str) -> subprocess.CompletedProcess[str]:
    """Test the rules rendered to `folder` with one of our test files."""
    test = folder / f"test_{file}"
    text = (HERE / file).read_text(encoding="utf-8")
    test.write_text(_Test(text).substitute(moments(mode)), encoding="utf-8")
    command = [binary("promtool"), "test", "rules", test.name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
