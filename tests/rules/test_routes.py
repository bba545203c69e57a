"""Who is told what: Alertmanager's routes, as amtool reads them."""

import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import binary

from deploy.render import PORTS, Delivery, Mode, render


def _amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary("amtool"), *arguments], capture_output=True, text=True, check=False)


def _alerts(folder: Path) -> dict[str, dict[str, str]]:
    """Labels of each alert as its rule gives them."""
    groups = [yaml.safe_load(path.read_text())["groups"][0] for path in (folder / "rules").glob("*.yml")]
    return {rule["alert"]: rule["labels"] for group in groups for rule in group["rules"] if "alert" in rule}


def _receiver(folder: Path, alertname: str, environment: str) -> str:
    given = {"alertname": alertname} | _alerts(folder)[alertname] | {"environment": environment}
    labels = [f"{name}={value}" for name, value in given.items()]
    run = _amtool("config", "routes", "test", f"--config.file={folder}/alertmanager.yml", *labels)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_the_configuration_is_valid(rendered: tuple[Mode, Path]) -> None:
    _, folder = rendered
    run = _amtool("check-config", f"{folder}/alertmanager.yml")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 templates" in run.stdout  # a glob that matches nothing passes too


@pytest.mark.parametrize(
    ("environment", "analysts", "ops"),
    [
        ("live", "analysts", "ops"),
        ("demo", "demo", "demo"),
        ("replay", "quiet", "quiet"),
        ("anything-else", "quiet", "quiet"),
    ],
)
def test_each_team_hears_of_live_only_and_the_demo_stays_local(
    rendered: tuple[Mode, Path], environment: str, analysts: str, ops: str
) -> None:
    _, folder = rendered
    told = {"analysts": analysts, "ops": ops}
    for name, labels in _alerts(folder).items():
        if name == "BelwatchWatchdog":
            continue
        silent = environment == "demo" and labels["team"] == "ops" and labels["severity"] == "info"
        assert _receiver(folder, name, environment) == ("quiet" if silent else told[labels["team"]]), name


def test_nothing_that_is_wrong_with_the_pipeline_mutes_anything_about_risk(
    rendered: tuple[Mode, Path],
) -> None:
    _, folder = rendered
    team = {name: labels["team"] for name, labels in _alerts(folder).items()}
    muted = {
        (source, target)
        for rule in yaml.safe_load((folder / "alertmanager.yml").read_text())["inhibit_rules"]
        for source in _named(rule["source_matchers"])
        for target in _named(rule["target_matchers"])
    }
    assert ("BelwatchCritical", "BelwatchWarning") in muted
    assert {team[source] for source, target in muted if team[target] == "analysts"} == {"analysts"}


def _named(matchers: list[str]) -> list[str]:
    [matcher] = matchers
    return matcher.partition("=")[2].strip('~"').split("|")


def test_the_watchdog_goes_to_the_heartbeat_wherever_it_runs(rendered: tuple[Mode, Path]) -> None:
    mode, folder = rendered
    assert _receiver(folder, "BelwatchWatchdog", mode) == "heartbeat"


def test_prometheus_takes_its_configuration(rendered: tuple[Mode, Path]) -> None:
    _, folder = rendered
    for check in (
        ["check", "config", "prometheus.yml"],
        [
            "check",
            "rules",
            "--lint=all",
            "--lint-fatal",
            "rules/levels.yml",
            "rules/signs.yml",
            "rules/pipeline.yml",
        ],
    ):
        run = subprocess.run(
            [binary("promtool"), *check], cwd=folder, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_a_slack_url_of_the_users_own_stays_where_it_is(tmp_path: Path) -> None:
    secret = tmp_path / "slack.url"
    secret.write_text("https://hooks.slack.example/services/T0/B0/0th3r\n")
    render("live", tmp_path / "out", ports=PORTS, delivery=Delivery(slack_url_file=secret))
    assert _amtool("check-config", f"{tmp_path}/out/alertmanager.yml").returncode == 0
    written = "".join(p.read_text() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert "0th3r" not in written
    assert str(secret) in written
