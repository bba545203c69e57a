"""Run the test stages, time each, and print the table: `python -m deploy.local.stages [STAGE...]`.

All stages run even when one fails, so that one run tells everything; the exit code is 1 then.
"""

import os
import subprocess
import sys
import time
from typing import NamedTuple

from deploy.local.paths import ROOT

BIN = ROOT / ".venv" / "bin"
STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "lint": (("ruff", "check"), ("ruff", "format", "--check")),
    "types": (("mypy",),),
    "unit": (("pytest", "tests/unit", "tests/catalogue", "tests/agents", "stream", "schemas", "deploy"),),
    "rules": (("pytest", "tests/rules"),),
    "integration": (("pytest", "tests/integration"),),
}
FETCHED = {"rules", "integration", "unit"}  # they run programs that `deploy.local fetch` brings


class Result(NamedTuple):
    """How a stage went."""

    stage: str
    seconds: float
    passed: bool


def run(names: list[str]) -> list[Result]:
    """Run stages in order; downloads go on beside the first ones, which need none."""
    fetching = subprocess.Popen(  # noqa: S603 - ourselves
        [BIN / "python", "-m", "deploy.local", "fetch"], cwd=ROOT, stdin=subprocess.DEVNULL
    )
    try:
        results = []
        for name in names:
            began = time.monotonic()
            ready = name not in FETCHED or fetching.wait() == 0
            outcomes = [_run(command) for command in STAGES[name]] if ready else [False]
            results.append(Result(name, time.monotonic() - began, all(outcomes)))
        return results
    finally:
        fetching.terminate()
        fetching.wait()


def _run(command: tuple[str, ...]) -> bool:
    print(f"\n$ {' '.join(command)}", flush=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    program = [str(BIN / command[0]), *command[1:]]
    if command[0] == "pytest":
        program = [str(BIN / "python"), "-m", *command]  # -m: the clone's root is importable
    return subprocess.run(program, cwd=ROOT, env=environment, check=False).returncode == 0  # noqa: S603 - STAGES


def table(results: list[Result]) -> str:
    """Lay out the stages with their times.

    >>> print(table([Result("lint", 1.26, True), Result("unit", 61.0, False)]))
    stage          seconds
    lint               1.3  passed
    unit              61.0  FAILED
    total             62.3
    """
    rows = ["stage          seconds"]
    rows += [f"{r.stage:12}{r.seconds:10.1f}  {'passed' if r.passed else 'FAILED'}" for r in results]
    return "\n".join([*rows, f"{'total':12}{sum(r.seconds for r in results):10.1f}"])


def main() -> None:
    """Run the stages named on the command line, or all."""
    names = sys.argv[1:] or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(STAGES)}")
    results = run(names)
    print(f"\n{table(results)}")
    sys.exit(0 if all(r.passed for r in results) else 1)


if __name__ == "__main__":
    main()
