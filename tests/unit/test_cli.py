"""The commands as a user meets them: help, examples, errors that say what to do."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from stream import cli


def run(*arguments: str, given: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(cli.cli, arguments, input=given)
    return result.exit_code, result.output


def commands(group: click.Group = cli.cli, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command, here = group.get_command(context, name), (*path, name)
        found += commands(command, here) if isinstance(command, click.Group) else [here]
    return found


def test_a_worker_loads_neither_plots_nor_feeds() -> None:
    code = (
        "import sys; from click import Context; from stream.cli import cli;"
        "cli.get_command(Context(cli), 'worker'); import stream.worker; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found = set(loaded.stdout.split())
    assert "stream.app" in found
    assert not found & {"matplotlib", "numpy", "feedparser", "jinja2", "httpx"}


def test_what_is_no_command_says_so() -> None:
    code, text = run("nosuch")
    assert code == 2
    assert "No such command 'nosuch'" in text


@pytest.mark.parametrize("command", [c for c in commands() if c != ("demo",)], ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...]) -> None:
    code, text = run(*command, "--help")
    assert code == 0
    if command != ("topics", "list"):
        assert (
            f"belwatch {' '.join(command)}"
            in text.replace("| belwatch", "belwatch").split("Options:")[0].split("\n", 1)[1]
        )


@pytest.mark.parametrize("command", [c[0] for c in commands()])
def test_every_command_stands_in_the_readme(command: str) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"belwatch {command}" in readme or f"make {command}" in readme


def test_match_answers_every_line_in_order() -> None:
    good = {
        "id": "a",
        "publisher": "X",
        "published_at": "2022-02-20T00:00:00Z",
        "title": "Weather",
        "text": "Rain.",
    }
    code, text = run("match", given=json.dumps(good) + "\nbroken\n" + json.dumps(good | {"id": "b"}) + "\n")
    answers = [json.loads(line) for line in text.splitlines()]
    assert code == 0
    assert [a["id"] for a in answers] == ["a", None, "b"]
    assert (answers[1]["line"], answers[1]["rejected"]) == (2, "bad_json")


def test_score_ends_with_json_that_carries_the_index(tmp_path: Path) -> None:
    event = {
        "id": "e",
        "dataset": "analyst",
        "occurred_at": "2022-02-20T00:00:00Z",
        "indicator": "strike_group",
        "severity": 3,
        "grade": "A1",
        "act": "observed",
    }
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(event))
    code, text = run("score", str(file), "--json", "--at", "2022-02-21T00:00Z")
    last = json.loads(text.splitlines()[-1])
    assert code == 0
    assert last["index"] > last["base"]
    assert last["at"] == "2022-02-21T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("score", "none.jsonl"), "no such file"),
        (("score", "x", "--at", "whenever"), "is no time; write"),
        (("score", "x", "--every", "often"), "is no length of time; write"),
        (("replay",), "name files to replay"),
        (("replay", "x", "--run", "No Such Name"), "BELWATCH_RUN"),
    ],
)
def test_mistakes_are_answered_with_what_to_do(
    arguments: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["belwatch", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert message in capsys.readouterr().err
