"""Make `.venv`: everything Python needs, pinned, in this folder. Run by make; quick when up to date.

    python3 -m deploy.local.bootstrap

Needs Python 3.11 and nothing else: no pip, no venv package, no root. Standard library only; written so
that an older Python gets as far as the sentence that it is too old. pip's own settings (`PIP_*`, pip.conf)
hold.
"""

from __future__ import annotations  # so that a Python too old for `list[str]` reads on to _hand_over

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.paths import CACHE, ROOT

NEEDED = (3, 11)
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "belwatch.stamp"
CONSTRAINTS = ROOT / "deploy" / "constraints.txt"
INPUTS = (ROOT / "pyproject.toml", CONSTRAINTS, Path(__file__))


def main() -> None:
    """Bring `.venv` up to date, or say in one sentence why not."""
    if sys.version_info < NEEDED:
        _hand_over()
    if up_to_date():
        return
    try:
        install()
    except subprocess.CalledProcessError as error:
        sys.exit(f"setting up .venv failed ({error}); the lines above say why")


def up_to_date() -> bool:
    """Tell whether `.venv` was made here, from these inputs, and still runs."""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == fingerprint()


def fingerprint() -> str:
    """Hash of all that decides what `.venv` holds, and of where it stands: a venv can't be moved."""
    digest = hashlib.sha256(f"{VENV} {sys.version}".encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install() -> None:
    """Make the virtual environment and install the project into it, editable, with all it is tested with."""
    import tomllib  # noqa: PLC0415 - not in the older Pythons that shall get to read our message

    print(
        f"Setting up .venv with Python {sys.version.split()[0]} (a few minutes the first time) ...",
        flush=True,
    )
    STAMP.unlink(missing_ok=True)
    pip = _make_venv()
    # The build runs in .venv too: pip would not hold its own build environment to our constraints.
    build = tomllib.loads(INPUTS[0].read_text())["build-system"]["requires"]
    # --no-compile: Python does that itself, for what is really imported.
    common = ["--quiet", "--no-compile", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS)]
    _run([*pip, "install", *common, *build, "editables"])
    _run([*pip, "install", *common, "--no-build-isolation", "--editable", f"{ROOT}[local,dev]"])
    STAMP.write_text(fingerprint())


def _make_venv() -> list[str]:
    """Make an empty `.venv`; return the command that is its pip."""
    # --clear: a half-made one, or one of another Python, must not shine through.
    if importlib.util.find_spec("ensurepip"):
        _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
        return [str(PYTHON), "-m", "pip"]
    # Debian and Ubuntu keep ensurepip in python3-venv, which takes root to install; pip's wheel doesn't.
    from deploy.local.debs import DEBS, fetch  # noqa: PLC0415 - only here

    _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    package = "python3-pip-whl"
    if not (DEBS / package).exists():
        fetch([package])
    wheel = next((DEBS / package).glob("usr/share/python-wheels/pip-*.whl"))
    return [str(PYTHON), str(wheel / "pip")]


def _run(command: list[str]) -> None:
    environment = {**os.environ, "PIP_CACHE_DIR": str(CACHE / "pip")}
    subprocess.run(command, check=True, env=environment, cwd=ROOT)  # noqa: S603 - python and pip


def _hand_over() -> None:
    """Let a newer Python on the PATH do it; without one, say what is missing."""
    for name in ("python3.13", "python3.12", "python3.11"):
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, "-m", "deploy.local.bootstrap"])  # noqa: S606 - ourselves
    have = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"belwatch needs Python 3.11 or newer; {sys.executable} is {have}. Try: make PYTHON=/path/to/python3.11"
    )


if __name__ == "__main__":
    main()
