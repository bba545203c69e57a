"""History in a real Prometheus: the panels' queries, asked at times of 2022, give what the score says in process."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import binary
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from deploy.local.ports import free_port
from schemas.assessment import LEVELS, Assessment
from stream.catalogue.load import load
from stream.core.pipeline import Run, with_ticks
from stream.sinks import history
from stream.sources.jsonl import chronological

CHRONICLE = Path(str(files("stream.catalogue") / "belarus_entry" / "chronicle"))
SIX_HOURS = 6 * 3_600.0
UNTIL = 1_646_870_400.0  # 2022-03-10: two months' files, four levels' worth of history
BLOCKS = ("tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics")
BOARD = Path(__file__).parents[2] / "dashboards" / "belarus-entry.json"
# What only a worker that runs can answer, or what depends on what happened to be said then.
NEEDS_WORKER = (
    "up{", "up{job", "ALERTS", "belwatch_consumer_lag", "belwatch_commit_", "belwatch_messages_total",
    "belwatch_rejections_total", "belwatch_source_last_seen", "belwatch_processing", "belwatch_replay_info",
    "belwatch_claim_deadline", "belwatch_heartbeat_missed", "belwatch_attention", "retraction",
    "review", "belwatch_knockout",
)  # fmt: skip


class Backfilled(NamedTuple):
    url: str
    told: list[Assessment]

    def ask(self, query: str, at: float) -> list[dict[str, Any]]:
        asked = urllib.parse.urlencode({"query": query, "time": at})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{asked}", timeout=20) as answer:  # noqa: S310 - loopback
            body = json.load(answer)
        assert body["status"] == "success", query
        return list(body["data"]["result"])

    def value(self, query: str, at: float) -> float:
        [row] = self.ask(query, at)
        return float(row["value"][1])


@pytest.fixture(scope="module")
def told() -> list[Assessment]:
    records = chronological(str(path) for path in sorted(CHRONICLE.glob("*.jsonl")))
    return [a for a in Run(load(), with_ticks(records, SIX_HOURS, UNTIL)) if a.cause == "tick"]


@pytest.fixture(scope="module")
def backfilled(told: list[Assessment], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backfilled]:
    folder = tmp_path_factory.mktemp("history")
    for month, held in history.months(told):
        text = folder / f"{month}.om"
        with text.open("w") as out:
            history.write(out, load(), ("replay", "test"), held, 300)
        subprocess.run(
            [
                binary("promtool"),
                "tsdb",
                "create-blocks-from",
                "--max-block-duration=744h",
                "openmetrics",
                text,
                folder / "data",
            ],
            check=True,
            capture_output=True,
        )
    port = free_port()
    (folder / "prometheus.yml").write_text("")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                binary("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield Backfilled(ready(f"http://127.0.0.1:{port}", server), told)
    finally:
        server.terminate()
        server.wait(30)


def ready(url: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(300):
        assert server.poll() is None
        try:
            urllib.request.urlopen(f"{url}/-/ready", timeout=1).close()  # noqa: S310 - loopback
        except OSError:
            time.sleep(0.1)  # it says only when asked
        else:
            return url
    raise AssertionError("Prometheus was never ready")


def test_every_assessment_is_there_at_its_own_time(backfilled: Backfilled) -> None:
    label = '{environment="replay",problem="belarus_entry"}'
    for a in backfilled.told[1::9]:
        at = a.at.timestamp()
        for name in ("index", "low", "high"):
            metric = "belwatch_index" if name == "index" else f"belwatch_index_{name}"
            assert backfilled.value(metric + label, at) == pytest.approx(getattr(a, name), abs=1e-9)
        assert backfilled.value("belwatch_level" + label, at) == LEVELS.index(a.level)
        # between two assessments the first one holds, as a scrape would have found it
        assert backfilled.value("belwatch_index" + label, at + 3_000) == pytest.approx(a.index, abs=1e-9)
        points = {
            r["metric"]["indicator"]: float(r["value"][1])
            for r in backfilled.ask("belwatch_indicator_contribution_points" + label, at)
        }
        assert points == pytest.approx({row.indicator: row.points for row in a.ledger}, abs=1e-9)
    assert {a.level for a in backfilled.told} >= {"normal", "watch", "warning"}


def panels() -> list[Any]:
    board = json.loads(BOARD.read_text())
    return [
        pytest.param(target["expr"], id=f"{panel['title']}-{n}")
        for panel in board["panels"]
        for n, target in enumerate(panel.get("targets", ()))
    ]


@pytest.mark.parametrize("expr", panels())
def test_every_panel_of_the_problem_shows_2022(backfilled: Backfilled, expr: str) -> None:
    chosen = {
        "$environment": "replay",
        "$problem": "belarus_entry",
        "$__rate_interval": "10m",
        "$__range": "7d",
    }
    for name, value in chosen.items():
        expr = expr.replace(name, value)
    found = backfilled.ask(expr, backfilled.told[-1].at.timestamp() + 60)
    assert found or any(name in expr for name in NEEDS_WORKER), f"nothing to show for {expr}"


def test_what_is_written_is_openmetrics(told: list[Assessment], tmp_path: Path) -> None:
    month, held = next(history.months(told))
    text = tmp_path / "month.om"
    with text.open("w") as out:
        count = history.write(out, load(), ("replay", 'a "version"\\\n'), held[:2], 300)
    families = list(text_string_to_metric_families(text.read_text()))
    assert month == "2022-02"
    assert sum(len(family.samples) for family in families) == count
    assert len({family.name for family in families}) == len(families)
    [info] = {s.labels["version"] for f in families for s in f.samples if f.name == "belwatch_build_info"}
    assert info == 'a "version"\\\n'
