"""Nothing goes undocumented: alerts, metrics, settings, commands, and where links lead."""

import re
import shlex
from pathlib import Path

import click
import pytest

from dashboards import reference
from stream.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*(ROOT / "dashboards").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"],
    key=lambda path: path.name,
)
RUNBOOKS = sorted(reference.RUNBOOKS.glob("*.md"))


def test_the_reference_is_what_the_definitions_say() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.write(), (
        "run: python -m dashboards.reference"
    )


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    alerts = [alert["alert"] for alert in reference.alerts()]
    assert len(alerts) == len(set(alerts)) > 1
    assert sorted(alerts) == [path.stem for path in RUNBOOKS]


@pytest.mark.parametrize("alert", list(reference.alerts()), ids=lambda alert: str(alert["alert"]))
def test_every_alert_says_how_bad_for_whom_what_why_and_where_to_look(
    alert: dict[str, dict[str, str]],
) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info", "none"}
    assert alert["labels"]["team"] in {"analysts", "ops"}
    wanted = {"summary", "description", "runbook_url", "dashboard_url", "evidence_url"}
    assert not {name for name in wanted if not alert["annotations"].get(name, "").strip()}
    assert alert["annotations"]["runbook_url"].endswith(f"/{alert['alert']}.md")


def test_every_metric_and_setting_says_what_it_is() -> None:
    assert not [name for name, _, said in reference.metrics() if not said]
    # a port's name says it all
    assert not [name for _, name, said, _ in reference.settings() if not said and not name.endswith("_PORT")]


def test_every_command_says_what_it_does() -> None:
    assert not [name for name, said in reference.commands() if not said]


def _commands(page: Path) -> list[str]:
    """Command lines of a page, as its blocks and inline code have them."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines += re.findall(r"`((?:belwatch|python -m|make) [^`]*)`", text)
    return [
        re.sub(r"^((BELWATCH|PYTHONPATH)\S+ )*(\.venv/bin/)?", "", line).partition(" #")[0] for line in lines
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_on_a_page_exist(page: Path) -> None:
    for line in _commands(page):
        if line.startswith("belwatch "):
            _exists(line)
        elif match := re.match(r"python -m ([\w.]+)", line):
            module = ROOT / match[1].replace(".", "/")
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), line
        elif match := re.match(r"make (\w+)", line):
            assert re.search(rf"^(\w+ )*{match[1]}( \w+)*:", (ROOT / "Makefile").read_text(), re.MULTILINE), (
                line
            )


def _exists(line: str) -> None:
    """See that a command line's words lead to a command, and that it knows the options."""
    command: click.Command = cli
    for word in shlex.split(re.split(r"[|<>&;]", line.replace("…", ""))[0])[1:]:
        if word.startswith("--"):
            known = {name for option in command.params for name in option.opts} | {"--help", "--version"}
            assert word.partition("=")[0] in known or word == "--", f"{line}: no {word}"
        elif isinstance(command, click.Group) and word != "COMMAND":
            found = command.get_command(click.Context(command), word)
            assert found, f"{line}: no {word}"
            command = found


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_answers_four_questions_and_asks_for_metrics_that_are_shown(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    shown = {name for name, _, _ in reference.metrics()}
    shown |= {f"{name}_{part}" for name in shown for part in ("bucket", "sum", "count")}
    for pattern in re.findall(r"grep (?:-\w+ )?'(\^?[^']*_[^']*)'", text):
        assert [name for name in shown if re.search(pattern.replace("^", ""), name)], pattern
    assert set(re.findall(r"`(belwatch_\w+)", text)) <= shown
    limits = {name for name, _, _ in reference.limits()}
    assert set(re.findall(r"`([a-z_]+_(?:for|keep|window|memory|ratio|ticks|levels))`", text)) <= limits


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_on_a_page_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
