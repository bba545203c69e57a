"""Committed dashboards equal their code, follow the mixin rules, and ask only what is exported."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from jsonschema.validators import validator_for
from made import assessed, bare_catalogue

from dashboards.build import BOARDS, HERE, encode
from deploy.render import durations
from schemas.assessment import Level
from stream.settings import Settings
from stream.sinks.health import Health, Vitals
from stream.sinks.metrics import Metrics, Published

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"
NOT_OURS = {
    "up",
    "ALERTS",
    "alertmanager_notifications_failed_total",
    "prometheus_rule_evaluation_failures_total",
}


def _board(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return found


def _panels(name: str) -> list[dict[str, Any]]:
    return [panel for panel in _board(name)["panels"] if panel["type"] != "row"]


def _queries(name: str) -> Iterator[str]:
    for panel in _panels(name):
        yield from (target["expr"] for target in panel["targets"])
    yield from (note["expr"] for note in _board(name)["annotations"]["list"] if note.get("expr"))


def _exported() -> set[str]:
    metrics = Metrics(Settings(run="r"), bare_catalogue(), lambda: 1.0)
    metrics.publish(
        Published(
            assess=lambda at: assessed(Level.WATCH, at),
            tick_at=1.0,
            every=60.0,
            newest_at=1.0,
            committed_at=1.0,
        )
    )
    vitals = Vitals(Settings(), "p", Health(lambda: 0.0, 0.0), dict)
    families = [*metrics.collect(), *vitals.collect()]
    return {family.name + ("_total" if family.type == "counter" else "") for family in families}


def _names(expr: str) -> set[str]:
    return set(re.findall(r"\b(?:[a-z]+_[a-z_]+(?=[\[{])|up(?={)|ALERTS)", expr))


@pytest.mark.parametrize("name", BOARDS)
def test_the_committed_json_is_what_the_code_builds(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == encode(BOARDS[name]()), (
        "run: python -m dashboards.build"
    )


GRAFANA = json.loads(Path(__file__).with_name("grafana-dashboard.schema.json").read_text(encoding="utf-8"))
PROVISIONING = RULES.parents[1] / "grafana" / "provisioning"


@pytest.mark.parametrize("name", BOARDS)
def test_grafanas_own_schema_takes_it(name: str) -> None:
    faults = validator_for(GRAFANA)(GRAFANA).iter_errors(_board(name))
    assert [(list(fault.absolute_path), fault.message) for fault in faults] == []


def test_grafanas_schema_refuses_what_is_none() -> None:
    grafana = validator_for(GRAFANA)(GRAFANA)
    board = _board("pipeline.json")
    board["panels"][1]["gridPos"]["w"] = "wide"
    assert not grafana.is_valid(board)
    board = _board("pipeline.json")
    board["templating"]["list"][0]["type"] = "bogus"
    assert not grafana.is_valid(board)


def test_provisioning_names_the_datasource_and_where_compose_puts_the_dashboards() -> None:
    [source] = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert (source["type"], source["access"], source["editable"]) == ("prometheus", "proxy", False)
    assert source["jsonData"]["timeInterval"] == durations("live")["scrape_interval"]
    [provider] = yaml.safe_load((PROVISIONING / "dashboards" / "belwatch.yml").read_text())["providers"]
    assert (provider["type"], provider["allowUiUpdates"], provider["disableDeletion"]) == (
        "file",
        False,
        True,
    )
    compose = yaml.safe_load((RULES.parents[1] / "compose.yaml").read_text())
    grafana, prometheus = (compose["services"][name] for name in ("grafana", "prometheus"))
    mounted = dict(volume.split(":")[:2] for volume in grafana["volumes"])
    assert mounted["../dashboards"] == provider["options"]["path"]
    assert mounted["./grafana/provisioning"] == "/etc/grafana/provisioning"
    assert source["url"] == "http://prometheus:9090"
    assert any(port.endswith(":9090") for port in prometheus["ports"])


@pytest.mark.parametrize("name", BOARDS)
def test_mixin_rules(name: str) -> None:
    board = _board(name)
    assert re.fullmatch(r"belwatch-[a-z-]+", board["uid"])
    assert board["tags"] == ["belwatch"]
    assert board["timezone"] == "utc"
    assert board["editable"] is False
    assert [v["name"] for v in board["templating"]["list"]] == [
        "datasource",
        "environment",
        "problem",
        "page",
        "runbooks",
    ]
    for panel in _panels(name):
        assert panel["title"], panel
        assert len(panel["description"]) > len(panel["title"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        for asked in [panel, *panel["targets"]]:
            assert asked["datasource"]["uid"] == "${datasource}", panel["title"]


@pytest.mark.parametrize("name", BOARDS)
def test_titles_differ_and_no_panel_covers_another(name: str) -> None:
    titles = [panel["title"] for panel in _panels(name)]
    assert len(titles) == len(set(titles))
    cells: dict[tuple[int, int], str] = {}
    for panel in _board(name)["panels"]:
        place = panel["gridPos"]
        for x in range(place.get("x", 0), place.get("x", 0) + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24
                assert cells.setdefault((x, y), panel["title"]) == panel["title"]


@pytest.mark.parametrize("name", BOARDS)
def test_every_query_parses_and_asks_for_what_is_exported(name: str) -> None:
    known = _exported() | NOT_OURS
    queries = list(_queries(name))
    assert queries
    for expr in queries:
        promql_parser.parse(expr.replace("$__rate_interval", "5m"))
        names = {re.sub(r"_bucket$", "", found) for found in _names(expr)}
        assert names, expr
        assert names <= known, expr
        for selector in re.findall(r"(belwatch_\w+|up)({[^}]*})?", expr):
            assert 'environment="$environment"' in selector[1], expr


def test_alerts_link_to_dashboards_that_exist() -> None:
    source = (RULES.parents[1] / "render.py").read_text(encoding="utf-8")
    linked = set(re.findall(r'_dashboard\(delivery, "([a-z-]+)"', source))
    assert linked == {_board(name)["uid"].removeprefix("belwatch-") for name in BOARDS}


def test_rules_ask_for_what_is_exported_or_recorded() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*.yml")))
    recorded = set(re.findall(r"record: (\S+)", text))
    asked = set(re.findall(r"\b(?:\w+:)*belwatch_\w+(?::\w+)?", text))
    assert asked - recorded <= _exported()


def test_recording_rules_are_named_level_metric_operations() -> None:
    for path in RULES.glob("*.yml"):
        for name in re.findall(r"record: (\S+)", path.read_text(encoding="utf-8")):
            level, metric, operations = name.split(":")
            assert set(level.split("_")) <= {"environment", "problem", "level", "edge", "outcome"}
            assert metric in _exported() | {"belwatch_messages"}, "a counter's rate drops _total"
            assert operations in {"max", "rise", "held", "rate"}


def test_shipped_rules_read_as_yaml_once_filled() -> None:
    for path in RULES.glob("*.yml"):
        text = re.sub(r"@\{\w+\}", "1m", path.read_text(encoding="utf-8"))
        assert yaml.safe_load(text)["groups"]
