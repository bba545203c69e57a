"""Rules under promtool, as shipped and mutated: a rule that is changed must fail a test."""

from pathlib import Path

import mutations
import promtool
import pytest

from deploy.render import Mode

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", [*promtool.RULES, "messages.yml"])
def test_rules_do_what_they_say(rendered: tuple[Mode, Path], file: str) -> None:
    mode, folder = rendered
    run = promtool.run(folder, mode, file)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(("file", "name"), mutations.named())
def test_every_mutant_of_a_rule_fails_a_test(tmp_path: Path, file: str, name: str) -> None:
    tried = mutations.trial(tmp_path, file, name)
    assert [mutant.what for mutant, survived in tried if survived] == [mutations.NOTHING]
    assert len(tried) > 1 or name == "BelwatchWatchdog"  # whose expression is a constant


def test_the_table_of_mutants_is_of_these_rules() -> None:
    assert (HERE / "MUTATIONS.md").read_text(encoding="utf-8") == mutations.table(), mutations.__doc__
