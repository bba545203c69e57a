"""The bootstrap is quick when nothing changed, thorough when something did, and clear when it can't."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap, debs


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone in a folder of its own, whose .venv only claims to be one."""
    project = tmp_path / "pyproject.toml"
    project.write_text("[project]")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "python")
    monkeypatch.setattr(bootstrap, "STAMP", venv / "stamp")
    monkeypatch.setattr(bootstrap, "INPUTS", (project,))
    return tmp_path


@pytest.fixture
def installs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    assert not (clone / ".venv").exists()

    def install() -> None:
        done.append("installed")
        bootstrap.VENV.mkdir(exist_ok=True)
        bootstrap.PYTHON.touch()
        bootstrap.STAMP.write_text(bootstrap.fingerprint())

    monkeypatch.setattr(bootstrap, "install", install)
    return done


def test_a_second_run_does_nothing(installs: list[str]) -> None:
    bootstrap.main()
    bootstrap.main()
    assert installs == ["installed"]


def test_a_changed_dependency_is_installed(installs: list[str], clone: Path) -> None:
    bootstrap.main()
    (clone / "pyproject.toml").write_text('[project]\ndependencies = ["more"]')
    bootstrap.main()
    assert installs == ["installed", "installed"]


def test_a_venv_that_was_cut_short_or_moved_is_made_anew(
    installs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.main()
    bootstrap.STAMP.unlink()
    bootstrap.main()
    bootstrap.PYTHON.unlink()
    bootstrap.main()
    monkeypatch.setattr(bootstrap, "VENV", bootstrap.VENV.parent / "elsewhere")
    bootstrap.main()
    assert len(installs) == 4


def test_a_python_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; .* is 3\.9\.2.*make PYTHON="):
        bootstrap.main()


def test_a_failed_installation_is_one_sentence(installs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise subprocess.CalledProcessError(1, ["pip"])

    monkeypatch.setattr(bootstrap, "install", fail)
    with pytest.raises(SystemExit, match=r"setting up \.venv failed"):
        bootstrap.main()
    assert installs == []


def test_elsewhere_than_on_debian_the_command_to_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brew = tmp_path / "brew"
    brew.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(debs, "DEBS", tmp_path / "debs")
    with pytest.raises(debs.DebsError, match="run: brew install prometheus alertmanager"):
        debs.program("promtool")


def test_what_is_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "alertmanager"
    installed.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert debs.program("alertmanager") == installed
