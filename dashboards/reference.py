"""Reference: every alert, metric, setting and command on one page, from where each is defined.

Example: `python -m dashboards.reference`; a test keeps page and definitions equal, and refuses what lacks a
description.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import yaml
from pydantic_settings import BaseSettings

from deploy.local.ports import Ports
from deploy.render import HERE as DEPLOY
from deploy.render import Delivery
from schemas.assessment import Assessment, Attention, Level, Versions
from stream.catalogue.load import load
from stream.cli import cli
from stream.settings import Settings
from stream.sinks.health import Health, Vitals
from stream.sinks.metrics import Metrics, Published
from stream.sinks.web import Web

PAGE = Path(__file__).with_name("reference.md")
RUNBOOKS = Path(__file__).with_name("runbooks")
SETTINGS: tuple[tuple[str, type[BaseSettings]], ...] = (
    ("Programs", Settings),
    ("Delivery of alerts (`deploy/render.py`)", Delivery),
    ("Ports of the local stack", Ports),
)


def alerts() -> Iterator[dict[str, Any]]:
    """Yield every alert as its rule has it."""
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        text = re.sub(r"@\{(\w+)\}", r"\1", path.read_text(encoding="utf-8"))
        for group in yaml.safe_load(text)["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


def metrics() -> list[tuple[str, str, str]]:
    """List every metric that is shown, with its type and what it says."""
    now = datetime(2022, 2, 24, tzinfo=UTC)
    shown = Metrics(Settings(run="spring"), load(), now.timestamp)
    assessment = Assessment(
        id="", problem="", at=now, known_at=now, cause="tick", upto={}, index=5, base=5, low=5, high=5,
        level=Level.NORMAL, since=now, fragile=False, robust=5, silence=0, newest_at=now, knockout=1, ledger=(),
        versions=Versions(catalogue="", code="", formula=""), attention=Attention(share=0, usual=0, score=0),
    )  # fmt: skip
    shown.publish(Published(assess=lambda _: assessment, tick_at=1, every=60, newest_at=1, committed_at=1))
    health = Health(lambda: 0.0, began=0.0)
    served = Web(Settings(metrics_port=0), health)
    served.close()
    return sorted(
        (family.name + ("_total" if family.type == "counter" else ""), family.type, family.documentation)
        for collector in (shown, Vitals(Settings(), "", health, dict), served)
        for family in collector.collect()
    )


def settings() -> Iterator[tuple[str, str, str, str]]:
    """Yield every setting: what it is for, its variable, what it says, what it is unless set."""
    for part, model in SETTINGS:
        for name, field in model.model_fields.items():
            variable = field.validation_alias or f"{model.model_config.get('env_prefix', '')}{name}".upper()
            default = field.default if isinstance(field.default, str | int | float | Path) else ""
            text = "" if str(default).startswith("file:") else str(default)  # a path of this machine
            yield part, str(variable), field.description or "", text


def commands(group: click.Group = cli, before: str = "belwatch") -> Iterator[tuple[str, str]]:
    """Yield every command with the first sentence of its help."""
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        said = " ".join(((command and command.help) or "").split("\n\n")[0].split())
        yield f"{before} {name}", said
        if isinstance(command, click.Group):
            yield from commands(command, f"{before} {name}")


def limits() -> Iterator[tuple[str, str, str]]:
    """Yield every row of durations.toml: its name, live, demo."""
    for name, row in tomllib.loads((DEPLOY / "durations.toml").read_text(encoding="utf-8")).items():
        yield name, row["live"], row["demo"]


def write() -> str:
    """Write the page."""
    parts = [
        "# Reference\n\nWritten by `python -m dashboards.reference`. Words are in the [glossary](glossary.md).",
        _table(
            "Alerts",
            ("alert", "severity", "team"),
            (
                (f"[{a['alert']}](runbooks/{a['alert']}.md)", a["labels"]["severity"], a["labels"]["team"])
                for a in alerts()
            ),
        ),
        _table("Metrics", ("metric", "type", "what it says"), ((f"`{n}`", t, d) for n, t, d in metrics())),
        _table("Durations and limits (`deploy/durations.toml`)", ("name", "live", "demo"), limits()),
    ]
    found = list(settings())
    for part, _ in SETTINGS:
        rows = ((f"`{variable}`", text, default) for p, variable, text, default in found if p == part)
        parts.append(_table(f"Settings: {part}", ("variable", "what it says", "unless set"), rows))
    parts.append(
        _table("Commands", ("command", "what it does"), ((f"`{n}`", said) for n, said in commands()))
    )
    return "\n\n".join(parts) + "\n"


def _table(title: str, columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    head = [f"## {title}\n", f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *(f"| {' | '.join(cell.replace('|', '¦') for cell in row)} |" for row in rows)])


def main() -> None:
    """Write the page beside this file."""
    PAGE.write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
