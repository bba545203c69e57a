"""Results: a trial's summary, as a table, as JSON, and as the page that keeps the last recorded run."""

import json
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from chaos.trial import Outcome, Plan
from oracle import Log

HERE = Path(__file__).parent
INPUTS = ("articles", "events", "reviews")


@dataclass
class Summary:
    """Everything that is told of a run; times in seconds."""

    seed: int
    plan: str
    commit: str
    date: str
    machine: str
    seconds: float
    faults: dict[str, int]
    records: dict[str, int]
    recoveries: dict[str, dict[str, float]]
    ended_by_themselves: dict[str, int]
    did_not_stop: int
    failures: list[str]
    complaints: list[str]

    @property
    def passed(self) -> bool:
        """Nothing lost, nothing doubled, nothing stuck or left out."""
        return not self.complaints and not self.failures


def summary(seed: int, plan: Plan, outcome: Outcome, seconds: float) -> Summary:
    """Sum up a trial."""
    return Summary(
        seed=seed,
        plan=plan.name,
        commit=_commit(),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        seconds=round(seconds, 1),
        faults=dict(sorted(outcome.counts.items())),
        records=_records(outcome.log) if outcome.log else {},
        recoveries={
            kind: {"times": len(times), "p50": round(median(times), 1), "max": round(max(times), 1)}
            for kind, times in sorted(outcome.recoveries.items())
        },
        ended_by_themselves={f"exit code {code}": n for code, n in sorted(outcome.endings.items())},
        did_not_stop=outcome.hung,
        failures=outcome.failures,
        complaints=outcome.complaints,
    )


def _records(log: Log) -> dict[str, int]:
    counted = {role: len(log.of(role)) for role in (*INPUTS, "indications", "rejections", "assessments")}
    return counted | {"changelog rows": len(log.of("assess-changelog"))}


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def table(found: Summary) -> str:
    """Lay a summary out for a terminal and a page alike."""
    return "\n".join(_lines(found))


def _lines(found: Summary) -> Iterator[str]:
    yield "| what | |"
    yield "|---|---:|"
    yield from (f"| {name} | {n} |" for name, n in found.faults.items())
    yield from (f"| {name}, records | {n} |" for name, n in found.records.items())
    yield f"| **lost, doubled or wrong, by the oracle** | **{len(found.complaints)}** |"
    yield f"| workers that ended by themselves and were started again | {sum(found.ended_by_themselves.values())} |"
    yield f"| workers that did not stop when asked to | {found.did_not_stop} |"
    yield ""
    yield "| caught up after | times | p50, s | max, s |"
    yield "|---|---:|---:|---:|"
    for kind, row in found.recoveries.items():
        yield f"| {kind} | {row['times']:g} | {row['p50']} | {row['max']} |"
    yield from (f"\nWRONG: {line}" for line in (*found.complaints, *found.failures))


def write(found: Summary) -> None:
    """Keep a run: results.json, and RESULTS.md made of it."""
    (HERE / "results.json").write_text(json.dumps(asdict(found), indent=2) + "\n")
    page = (HERE / "RESULTS.md.in").read_text().format(found=found, table=table(found))
    (HERE / "RESULTS.md").write_text(page)
