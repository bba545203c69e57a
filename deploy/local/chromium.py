"""Chromium for the tests that look at the status page: from the PATH, else Debian's, unpacked into `.cache/`.

As with Prometheus nothing is installed: apt only says which packages are missing on this system, and each is
unpacked into one folder, libraries and fonts with it.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.local.debs import APT, CONFIG, DEBS, DebsError

NAMES = ("chromium", "chromium-browser", "google-chrome")
WANTED = ("chromium", "fonts-dejavu-core")  # a page without a font shows nothing
HOME = DEBS / "chromium"


class Browser(NamedTuple):
    """A program and the environment it is to be started in."""

    path: Path
    environment: Mapping[str, str]


def browser(say: Callable[[str], None] = print) -> Browser:
    """Find Chromium; fetch it where it is missing.

    Raises
    ------
    DebsError
        where it can't be had; the message says what to do.
    """
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed:
        return Browser(Path(installed), dict(os.environ))
    if not HOME.exists():
        _fetch(say)
    libraries = sorted({str(found.parent) for found in (HOME / "usr" / "lib").rglob("*.so*")})
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "FONTCONFIG_PATH": str(HOME / "etc" / "fonts"),
        "XDG_DATA_HOME": str(HOME / "usr" / "share"),  # where its fonts are
    }
    return Browser(HOME / "usr" / "lib" / "chromium" / "chromium", environment)


def _fetch(say: Callable[[str], None]) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise DebsError("no Chromium on the PATH, and this is neither Debian nor Ubuntu: install Chromium")
    say("Fetching Chromium and the libraries it lacks here from the distribution's packages ...")
    for folder in ("state/lists/partial", "cache/archives/partial", "log"):
        (APT / folder).mkdir(parents=True, exist_ok=True)
    config = APT / "apt.conf"
    config.write_text(CONFIG.format(apt=APT))
    _apt(config, "update")
    simulated = _apt(config, "install", "--simulate", "--no-install-recommends", *WANTED)
    # Inst libnss3 (2:3.87.1-1+deb12u1 Debian:12.11/stable [amd64])
    packages = [line.split()[1] for line in simulated.stdout.splitlines() if line.startswith("Inst ")]
    DEBS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DEBS) as scratch:
        got = _apt(config, "download", *packages, cwd=scratch) if packages else simulated
        archives = sorted(Path(scratch).glob("*.deb"))
        if not packages or len(archives) < len(packages):
            raise DebsError(
                "Chromium can't be fetched from this distribution's packages: check the network, or run: "
                f"sudo apt-get install chromium\n{simulated.stderr}{got.stderr}"
            )
        unpacked = Path(scratch) / "unpacked"
        for archive in archives:
            subprocess.run(["dpkg", "-x", str(archive), str(unpacked)], check=True)  # noqa: S603, S607 - as above
        unpacked.rename(HOME)  # whole or not at all


def _apt(config: Path, *arguments: str, cwd: str | None = None) -> "subprocess.CompletedProcess[str]":
    command = ["apt-get", "-q", "-c", str(config), "-o", "Debug::NoLocking=1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)  # noqa: S603 - apt-get
