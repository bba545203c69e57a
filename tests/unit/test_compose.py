"""The Compose file is valid, pinned, closed to the outside, and in step with what it runs."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.render import PORTS, Delivery, commands
from stream.cli import MODULES
from stream.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {
    name
    for service in SERVICES.values()
    for name, how in service.get("depends_on", {}).items()
    if how["condition"] == "service_completed_successfully"
}


def test_it_follows_the_compose_schema() -> None:
    schema = json.loads(
        files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()
    )
    jsonschema.validate(COMPOSE, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(COMPOSE | {"services": {"kafka": {"imagine": "this"}}}, schema)


def test_every_image_is_pinned_by_version() -> None:
    images = {service["image"] for service in SERVICES.values()}
    images |= set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert not [image for image in images if not re.search(r":v?\d+\.\d+\.\d+(-|$)", image)]


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert not [port for port in ports if not port.startswith("127.0.0.1:")]


def test_what_runs_on_is_restarted_and_watched_and_what_runs_once_is_waited_for() -> None:
    assert sorted(ONE_SHOT) == ["configuration", "topics"]
    for name, service in SERVICES.items():
        assert ("restart" in service) == (name not in ONE_SHOT), name
        # the clock listens nowhere: it ends at any error, and its ticks' age is an alert
        assert ("healthcheck" in service) == (name not in ONE_SHOT | {"clock"}), name
        assert service.get("depends_on", {}).keys() <= SERVICES.keys(), name


def test_settings_exist() -> None:
    known = {f"BELWATCH_{field.upper()}" for model in (Settings, Delivery) for field in model.model_fields}
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "Dockerfile").read_text()
    assert set(re.findall(r"BELWATCH_[A-Z_]+", text)) <= known


def test_commands_exist() -> None:
    for name, service in SERVICES.items():
        if service["image"].startswith("belwatch:") and "entrypoint" not in service:
            assert service["command"][0] in MODULES, name
    for service in SERVICES.values():
        if service.get("entrypoint", [])[:2] == ["python", "-m"]:
            module = DEPLOY.parent.joinpath(*service["entrypoint"][2].split(".")).with_suffix(".py")
            assert module.is_file()


def test_prometheus_and_alertmanager_run_with_the_flags_of_the_local_stack() -> None:
    for name, arguments in commands("live", Path("/alerting"), Path("/"), PORTS).items():
        # In a container they listen on all of its own addresses; the file's `ports` publish them on loopback.
        expected = [
            re.sub(r"(listen-address=)127\.0\.0\.1(:\d)", r"\1\2", argument) for argument in arguments
        ]
        assert sorted(SERVICES[name]["command"]) == sorted(expected)


def test_the_configuration_renders_as_the_container_renders_it(tmp_path: Path) -> None:
    arguments = [a for a in SERVICES["configuration"]["command"] if not a.startswith("--out")]
    run = subprocess.run(
        [sys.executable, "-m", "deploy.render", *arguments, f"--out={tmp_path}"],
        cwd=DEPLOY.parent,
        env={"BELWATCH_SLACK_URL_FILE": "", "BELWATCH_HEARTBEAT_URL": ""},  # as Compose sets what is unset
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "worker:9808" in (tmp_path / "prometheus.yml").read_text()


def test_what_is_mounted_and_copied_is_there() -> None:
    mounts = [v for service in SERVICES.values() for v in service.get("volumes", [])]
    for mount in mounts:
        source = mount.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount
    for copied in re.findall(r"^COPY (.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE):
        for source in copied.split():
            assert (DEPLOY.parent / source).exists(), source


def test_grafana_finds_what_is_provisioned() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    [source] = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert source["uid"] == "belwatch-prometheus"
    [provider] = yaml.safe_load((provisioning / "dashboards" / "belwatch.yml").read_text())["providers"]
    assert f"../dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]
    assert not (provisioning / "alerting").exists()  # Alertmanager alone notifies
