"""Run the test stages, time each, and print the table: `python -m deploy.local.stages [STAGE...]`.

Two run at a time, on two cores; what a stage says is printed when it is done. All run even when one fails,
so that one run tells everything; the exit code is 1 then.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

from deploy.local.paths import ROOT

BIN = ROOT / ".venv" / "bin"
REPORT = ".data/artefacts/backtest"
UNRAISABLE = "ignore::pytest.PytestUnraisableExceptionWarning"
# The long ones begin first, but what fails at a glance before them.
STAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "lint": (("ruff", "check"), ("ruff", "format", "--check")),
    "integration": (("pytest", "-o", "faulthandler_timeout=300", "tests/integration"),),
    "unit": (("pytest", "tests/unit", "tests/catalogue", "tests/agents", "stream", "schemas", "deploy"),),
    # Screenshots, and the chronicle's back-test as a report, stay in .data/artefacts.
    "page": (("pytest", "tests/page"), ("belwatch", "backtest", "--no-robustness", "--out", REPORT)),
    "types": (("mypy",),),
    "rules": (("pytest", "tests/rules"),),
    # One test of two to three minutes, longer than the others may take; kafka-python leaves the sockets of a broker
    # that was killed to the garbage collector, which says so.
    "chaos": (("pytest", "-o", "faulthandler_timeout=400", "-W", UNRAISABLE, "tests/chaos"),),
}
LANES = 2


class Result(NamedTuple):
    """How a stage went, and what it said."""

    stage: str
    seconds: float
    passed: bool
    said: str = ""


def run(names: list[str]) -> list[Result]:
    """Run stages, two at a time, and print what each says when it is done; results in order of `names`."""
    with ThreadPoolExecutor(LANES) as lanes:
        results = {}
        for done in as_completed([lanes.submit(_stage, name) for name in names]):
            result = done.result()
            results[result.stage] = result
            print(
                f"\n=== {result.stage}: {'passed' if result.passed else 'FAILED'}\n{result.said}", flush=True
            )
    return [results[name] for name in names]


def _stage(name: str) -> Result:
    began = time.monotonic()
    runs = [_run(command) for command in STAGES[name]]
    said = "\n".join(f"$ {' '.join(run.args)}\n{run.stdout}" for run in runs)
    return Result(name, time.monotonic() - began, not any(run.returncode for run in runs), said)


def _run(command: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    # -m: pytest then finds the clone's packages.
    program = (
        [str(BIN / "python"), "-m", *command]
        if command[0] == "pytest"
        else [str(BIN / command[0]), *command[1:]]
    )
    done = subprocess.run(  # noqa: S603 - one of STAGES
        program,
        cwd=ROOT,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return subprocess.CompletedProcess(command, done.returncode, done.stdout)


def table(results: list[Result], seconds: float) -> str:
    """Lay out the stages with their times; `seconds` is what all took, two at a time.

    >>> print(table([Result("lint", 1.26, True), Result("unit", 61.0, False)], 61.2))
    stage          seconds
    lint               1.3  passed
    unit              61.0  FAILED
    all               61.2
    """
    rows = ["stage          seconds"]
    rows += [f"{r.stage:12}{r.seconds:10.1f}  {'passed' if r.passed else 'FAILED'}" for r in results]
    return "\n".join([*rows, f"{'all':12}{seconds:10.1f}"])


def main() -> None:
    """Run the stages named on the command line, or all; fetch first what they run."""
    names = sys.argv[1:] or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(STAGES)}")
    began = time.monotonic()
    # Before the stages: two of them need it, and would fetch the same at once.
    fetched = subprocess.run([BIN / "python", "-m", "deploy.local", "fetch"], cwd=ROOT, check=False)  # noqa: S603
    if fetched.returncode:
        sys.exit(fetched.returncode)
    print(f"Running {', '.join(names)} ...", flush=True)
    results = run(names)
    print(f"\n{table(results, time.monotonic() - began)}")
    sys.exit(0 if all(r.passed for r in results) else 1)


if __name__ == "__main__":
    main()
