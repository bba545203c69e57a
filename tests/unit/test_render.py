"""Configuration is rendered whole, safely, or not at all with a sentence that says why."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy import render as module
from deploy.render import PORTS, Delivery, Mode, commands, durations, main, render

MODES: tuple[Mode, ...] = ("demo", "live")


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_left_to_fill_in(tmp_path: Path, mode: Mode) -> None:
    render(mode, tmp_path, ports=PORTS)
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert names == [
        "alertmanager.yml",
        "belwatch.tmpl",
        "prometheus.yml",
        "receiver.url",
        "rules/levels.yml",
        "rules/pipeline.yml",
        "rules/reviews.yml",
        "rules/signs.yml",
    ]
    for name in names:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "@{" not in text.replace("named @{…}", "")
        if name.endswith(".yml"):
            yaml.safe_load(text)


def test_files_that_may_hold_a_secret_are_private_even_when_they_were_not(tmp_path: Path) -> None:
    (tmp_path / "receiver.url").write_text("old")
    (tmp_path / "receiver.url").chmod(0o666)
    render("demo", tmp_path, ports=PORTS)
    assert (tmp_path / "receiver.url").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "alertmanager.yml").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "receiver.url").read_text() == "http://127.0.0.1:9094/slack"


def test_paths_are_absolute_wherever_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    render("live", Path("a b"), ports=PORTS)
    config = yaml.safe_load((tmp_path / "a b" / "alertmanager.yml").read_text())
    paths = [c["api_url_file"] for r in config["receivers"] for c in r.get("slack_configs", [])]
    assert [*paths, *config["templates"]] == [
        *[str(tmp_path / "a b" / "receiver.url")] * 3,
        str(tmp_path / "a b" / "*.tmpl"),
    ]


def test_the_demo_heeds_no_slack_and_no_heartbeat(tmp_path: Path) -> None:
    secret = tmp_path / "slack.url"
    secret.write_text("https://hooks.slack.example/services/T0/B0/x")
    delivery = Delivery(slack_url_file=secret, heartbeat_url="https://dead.man.example/ping")
    render("demo", tmp_path / "demo", ports=PORTS, delivery=delivery)
    text = (tmp_path / "demo" / "alertmanager.yml").read_text()
    assert str(secret) not in text
    assert "dead.man" not in text
    render("live", tmp_path / "live", ports=PORTS, delivery=delivery)
    config = yaml.safe_load((tmp_path / "live" / "alertmanager.yml").read_text())
    receivers = {r["name"]: r for r in config["receivers"]}
    assert receivers["heartbeat"]["webhook_configs"][0]["url"] == "https://dead.man.example/ping"
    assert receivers["analysts"]["slack_configs"][0]["api_url_file"] == str(secret)
    # even where somebody's Slack is configured, the demo's route leads to the local receiver
    assert receivers["demo"]["slack_configs"][0]["api_url_file"] == str(tmp_path / "live" / "receiver.url")


def test_the_environment_says_where_slack_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "slack.url"
    secret.write_text("https://hooks.slack.example/services/T0/B0/x")
    monkeypatch.setenv("BELWATCH_SLACK_URL_FILE", str(secret))
    render("live", tmp_path / "out", ports=PORTS)
    assert str(secret) in (tmp_path / "out" / "alertmanager.yml").read_text()


def test_a_slack_file_without_a_url_is_refused_without_showing_it(tmp_path: Path) -> None:
    secret = tmp_path / "slack.url"
    secret.write_text("xoxb-a-token")
    with pytest.raises(ValueError, match="BELWATCH_SLACK_URL_FILE") as refused:
        render("live", tmp_path / "out", ports=PORTS, delivery=Delivery(slack_url_file=secret))
    assert "xoxb" not in str(refused.value)


def test_a_missing_port_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="receiver"):
        render("live", tmp_path, ports={k: v for k, v in PORTS.items() if k != "receiver"})


def test_dashboard_links_lead_to_grafana_where_there_is_one(tmp_path: Path) -> None:
    render("live", tmp_path, ports=PORTS, delivery=Delivery(grafana_url="http://127.0.0.1:3000"))
    levels = yaml.safe_load((tmp_path / "rules" / "levels.yml").read_text())
    [link] = {r["annotations"]["dashboard_url"] for r in levels["groups"][0]["rules"] if "alert" in r}
    assert link.startswith("http://127.0.0.1:3000/d/belwatch-belarus-entry?var-environment={{ $labels.env")


def test_evidence_leads_to_the_status_page_wherever_it_is(tmp_path: Path) -> None:
    def links(delivery: Delivery) -> set[str]:
        render("live", tmp_path, ports=PORTS, delivery=delivery)
        rules = yaml.safe_load((tmp_path / "rules" / "levels.yml").read_text())["groups"][0]["rules"]
        return {
            r["annotations"]["evidence_url"].splitlines()[1].partition("/{{")[0]
            for r in rules
            if "alert" in r
        }

    assert links(Delivery()) == {"http://127.0.0.1:9810"}
    assert links(Delivery(page_port=9999)) == {"http://127.0.0.1:9999"}
    assert links(Delivery(page_url="https://watch.example/")) == {"https://watch.example"}


def test_both_columns_are_there_and_the_demo_is_never_slower() -> None:
    live, demo = durations("live"), durations("demo")
    assert live.keys() == demo.keys()
    seconds = {
        name: (_seconds(live[name]), _seconds(demo[name])) for name in live if live[name][-1].isalpha()
    }
    assert not {name: pair for name, pair in seconds.items() if pair[1] > pair[0]}


@given(st.text(max_size=10).filter(lambda t: not re.fullmatch(r"\d+(ms|s|m|h|d)|\d+(\.\d+)?", t)))
def test_what_is_no_duration_is_refused(duration: str) -> None:
    with pytest.raises(ValueError, match="needs a live column"):
        module.column({"scrape_interval": {"live": duration}}, "live")


def test_every_duration_is_used() -> None:
    sources = "".join(
        p.read_text(encoding="utf-8") for p in module.HERE.rglob("*") if p.suffix in {".yml", ".py", ".tmpl"}
    )
    rows = tomllib.loads((module.HERE / "durations.toml").read_text(encoding="utf-8"))
    assert not [name for name in rows if f"@{{{name}}}" not in sources and f'"{name}"' not in sources]


@pytest.mark.parametrize("mode", MODES)
def test_everything_listens_on_loopback(tmp_path: Path, mode: Mode) -> None:
    for arguments in commands(mode, tmp_path, tmp_path, PORTS).values():
        assert [a for a in arguments if a.startswith("--web.listen-address=127.0.0.1:")]


def test_the_command_line_moves_roles_and_refuses_what_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--mode", "live", "--out", str(tmp_path), "--set", "metrics=worker:9808"])
    assert "worker:9808" in (tmp_path / "prometheus.yml").read_text()
    with pytest.raises(SystemExit):
        main(["--mode", "live", "--out", str(tmp_path), "--set", "worker=9808"])
    assert "expected ROLE=HOST:PORT" in capsys.readouterr().err


def test_the_command_line_says_which_setting_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELWATCH_SLACK_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit, match="slack_url_file"):
        main(["--mode", "live", "--out", str(tmp_path)])


def _seconds(duration: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|[smhd])", duration)
    assert match
    return int(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
