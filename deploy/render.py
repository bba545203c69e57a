"""Render: the configuration of Prometheus and Alertmanager, for `live` and for `demo`, from one source.

Sources are what stands in deploy/prometheus and deploy/alertmanager, with @{name} where a duration, an
address or a path goes. Example: `python -m deploy.render --mode demo --out .data/alerting`.
"""

import argparse
import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Literal, get_args

from pydantic import AnyHttpUrl, Field, FilePath, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).resolve().parent
Mode = Literal["demo", "live"]
PORTS = {"prometheus": 9090, "alertmanager": 9093, "receiver": 9094, "metrics": 9808}
_DURATION = re.compile(r"\d+(ms|s|m|h|d)|\d+(\.\d+)?")  # or a limit, which has no unit


class Delivery(BaseSettings):
    """Where notifications go and links lead, from `BELWATCH_*`; `demo` heeds links only."""

    model_config = SettingsConfigDict(
        env_prefix="BELWATCH_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    slack_url_file: FilePath | None = Field(
        None, description="file holding the Slack webhook URL; unset: alerts go to the local receiver"
    )
    heartbeat_url: AnyHttpUrl | None = Field(
        None,
        description="webhook that raises the alarm when the watchdog falls silent; unset: local receiver",
    )
    grafana_url: AnyHttpUrl | None = Field(
        None, description="Grafana; unset: dashboard links open Prometheus"
    )
    page_url: AnyHttpUrl | None = Field(
        None, description="status page, where links to evidence lead; unset: loopback, its port"
    )
    page_port: int = Field(9810, ge=0, le=65535, description="port of the status page")
    runbooks_url: str = Field(
        (HERE.parent / "dashboards" / "runbooks").as_uri(), description="folder of runbooks, as links begin"
    )
    problem: str = Field(
        "belarus_entry",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="id of the warning problem the worker watches, for alerts about a worker that is gone",
    )


class _Source(Template):
    """A source file: `@{name}`, since `$` belongs to Prometheus's own templates."""

    delimiter = "@"


def durations(mode: Mode) -> dict[str, str]:
    """Read one column of durations.toml.

    >>> durations("demo")["scrape_interval"]
    '1s'
    """
    return column(tomllib.loads((HERE / "durations.toml").read_text(encoding="utf-8")), mode)


def column(rows: Mapping[str, Mapping[str, str]], mode: Mode) -> dict[str, str]:
    """Pick the mode's column.

    Raises
    ------
    ValueError
        where a row lacks it, or holds no duration of Prometheus's.
    """
    for name, row in rows.items():
        if not _DURATION.fullmatch(row.get(mode, "")):
            msg = f'durations.toml: {name} needs a {mode} column like "30s", not {row.get(mode)!r}'
            raise ValueError(msg)
    return {name: row[mode] for name, row in rows.items()}


def render(
    mode: Mode,
    out: Path,
    *,
    ports: Mapping[str, int],
    hosts: Mapping[str, str] | None = None,
    delivery: Delivery | None = None,
) -> None:
    """Write prometheus.yml, rules/, alertmanager.yml, its template and the receiver's URL file under `out`.

    `ports` and `hosts` are by role: prometheus, alertmanager, receiver, metrics; hosts are 127.0.0.1 unless
    given. Files that hold or may hold a secret have mode 0600.

    Raises
    ------
    ValueError
        where a port is missing, or the Slack file holds no URL.
    """
    missing = sorted(PORTS.keys() - ports.keys())
    if missing:
        msg = f"ports lacks {', '.join(missing)}"
        raise ValueError(msg)
    out = out.resolve()
    addresses = {role: f"{(hosts or {}).get(role, '127.0.0.1')}:{ports[role]}" for role in PORTS}
    values = _values(mode, out, addresses, delivery or Delivery())
    _write(out / "receiver.url", values.pop("receiver_slack_url"), secret=True)
    for folder, source in (("prometheus", HERE / "prometheus"), ("alertmanager", HERE / "alertmanager")):
        for path in sorted(source.rglob("*.yml")):
            text = _Source(path.read_text(encoding="utf-8")).substitute(values)
            _write(out / path.relative_to(source), text, secret=folder == "alertmanager")
    # Alertmanager's own template language, which has no durations but as numbers.
    template = _Source((HERE / "alertmanager" / "belwatch.tmpl").read_text(encoding="utf-8"))
    covered = str(_nanoseconds(values["group_interval"]))
    _write(out / "belwatch.tmpl", template.substitute(group_interval_ns=covered))


def commands(mode: Mode, out: Path, data: Path, ports: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return the arguments of `prometheus` and `alertmanager` that go with what `render` wrote to `out`.

    Their data goes under `data`. Everything listens on loopback; links they write lead there.
    """

    def web(role: str) -> tuple[str, str]:
        address = f"127.0.0.1:{ports[role]}"
        return f"--web.listen-address={address}", f"--web.external-url=http://{address}"

    length = durations(mode)
    return {
        "prometheus": (
            f"--config.file={out / 'prometheus.yml'}",
            f"--storage.tsdb.path={data / 'prometheus'}",
            "--storage.tsdb.retention.time=" + length["retention"],
            "--rules.alert.resend-delay=" + length["resend_delay"],
            *web("prometheus"),
        ),
        "alertmanager": (
            f"--config.file={out / 'alertmanager.yml'}",
            f"--storage.path={data / 'alertmanager'}",
            "--cluster.listen-address=",  # one node: no gossip port
            *web("alertmanager"),
        ),
    }


def _values(mode: Mode, out: Path, addresses: Mapping[str, str], delivery: Delivery) -> dict[str, str]:
    local = out / "receiver.url"
    live = mode == "live"
    slack = _slack(delivery.slack_url_file) if live and delivery.slack_url_file else local
    heartbeat = delivery.heartbeat_url if live and delivery.heartbeat_url else None
    # Links are opened by people, on the host, where every port is published on loopback.
    prometheus_url = f"http://127.0.0.1:{addresses['prometheus'].rpartition(':')[2]}"
    return durations(mode) | {
        "environment": mode,
        "problem": delivery.problem,
        "worker": addresses["metrics"],
        "prometheus": addresses["prometheus"],
        "alertmanager": addresses["alertmanager"],
        "templates": json.dumps(str(out / "*.tmpl")),
        "local_url_file": json.dumps(str(local)),
        "slack_url_file": json.dumps(str(slack)),
        "receiver_slack_url": f"http://{addresses['receiver']}/slack",
        "heartbeat_url": json.dumps(str(heartbeat or f"http://{addresses['receiver']}/heartbeat")),
        "prometheus_url": prometheus_url,
        "page_url": str(delivery.page_url or f"http://127.0.0.1:{delivery.page_port}").rstrip("/"),
        "runbooks_url": delivery.runbooks_url.rstrip("/"),
        "dashboard_url": _dashboard(delivery, "belarus-entry", prometheus_url, "belwatch_index"),
        "pipeline_dashboard_url": _dashboard(delivery, "pipeline", prometheus_url, "belwatch_messages_total"),
    }


def _nanoseconds(duration: str) -> int:
    """Write a duration of Prometheus's as Go counts it.

    >>> _nanoseconds("500ms"), _nanoseconds("1m")
    (500000000, 60000000000)
    """
    number, unit = re.fullmatch(r"(\d+)(ms|[smhd])", duration).groups()  # type: ignore[union-attr]  # `column` saw to it
    return (
        int(number)
        * {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9, "d": 86_400 * 10**9}[unit]
    )


def _slack(path: Path) -> Path:
    """Check the file early: Alertmanager opens it only when the first alert is due."""
    url = path.read_text(encoding="utf-8").strip()
    if not re.fullmatch(r"https?://\S+", url):
        msg = f"BELWATCH_SLACK_URL_FILE: {path} must hold one line, the URL of a Slack incoming webhook"
        raise ValueError(msg)
    return path.resolve()


def _dashboard(delivery: Delivery, uid: str, prometheus_url: str, metric: str) -> str:
    """Link to a dashboard about the alert's environment and problem: in Grafana, or a graph in Prometheus."""
    if delivery.grafana_url:
        variables = "var-environment={{ $labels.environment }}&var-problem={{ $labels.problem }}"
        return f"{str(delivery.grafana_url).rstrip('/')}/d/belwatch-{uid}?{variables}"
    selector = f'(printf "{metric}{{environment=%q,problem=%q}}" $labels.environment $labels.problem)'
    return f"{prometheus_url}{{{{ graphLink {selector} }}}}"


def _write(path: Path, text: str, *, secret: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a new file: an old one's mode must not survive
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600 if secret else 0o644), "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments: list[str] | None = None) -> None:
    """Render from the command line; `--set metrics=worker:9808` moves a role to another host and port."""
    parser = argparse.ArgumentParser(prog="python -m deploy.render", description=__doc__)
    parser.add_argument("--mode", choices=get_args(Mode), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", metavar="ROLE=HOST:PORT", action="append", default=[], dest="moved")
    options = parser.parse_args(arguments)
    hosts: dict[str, str] = {}
    ports = dict(PORTS)
    for moved in options.moved:
        match = re.fullmatch(r"(\w+)=([\w.-]+):(\d+)", moved)
        if not match or match[1] not in PORTS:
            parser.error(f"--set {moved}: expected ROLE=HOST:PORT with a role of {', '.join(PORTS)}")
        hosts[match[1]], ports[match[1]] = match[2], int(match[3])
    try:
        render(options.mode, options.out, ports=ports, hosts=hosts)
    except (ValidationError, ValueError, OSError) as error:
        sys.exit(f"deploy.render: {error}")


if __name__ == "__main__":
    main()
