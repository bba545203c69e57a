"""Prometheus and Alertmanager: from the PATH, else unpacked from the distribution's packages into `.cache/`.

Without root and without a trace on the system: apt works on lists of its own. Standard library only,
since the bootstrap fetches pip this way before anything else is there.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.paths import CACHE

DEBS = CACHE / "debs"
APT = CACHE / "apt"
# Name of the program -> package, names of the program (Debian's own first).
PROGRAMS = {
    "prometheus": ("prometheus", ("prometheus",)),
    "promtool": ("prometheus", ("promtool",)),
    "alertmanager": ("prometheus-alertmanager", ("prometheus-alertmanager", "alertmanager")),
    "amtool": ("prometheus-alertmanager", ("amtool",)),
}
PACKAGES = ("prometheus", "prometheus-alertmanager")
ELSEWHERE = {
    "brew": "brew install prometheus alertmanager",
    "dnf": "sudo dnf install golang-github-prometheus golang-github-prometheus-alertmanager",
    "pacman": "sudo pacman -S prometheus alertmanager",
    "apk": "sudo apk add prometheus alertmanager",
    "zypper": "sudo zypper install golang-github-prometheus-prometheus golang-github-prometheus-alertmanager",
}
# apt's hooks are the system's housekeeping: they would clean /var/cache, which isn't ours.
CONFIG = """\
Dir::State "{apt}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{apt}/cache";
Dir::Log "{apt}/log";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Acquire::Retries "3";
APT::Sandbox::User "root";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""


class DebsError(Exception):
    """A program can't be had; the message says which command gets it."""


def program(name: str, say: Callable[[str], None] = print) -> Path:
    """Return the path of prometheus, promtool, alertmanager or amtool; fetch its package first if need be."""
    package, names = PROGRAMS[name]
    unpacked = DEBS / package / "usr" / "bin"
    found = [shutil.which(n) for n in names] + [shutil.which(n, path=str(unpacked)) for n in names]
    if not any(found):
        fetch([package for package in PACKAGES if not (DEBS / package).exists()], say)
        found = [shutil.which(n, path=str(unpacked)) for n in names]
    return next(Path(path) for path in found if path)


def fetch(packages: Sequence[str], say: Callable[[str], None] = print) -> None:
    """Unpack the distribution's packages into `.cache/debs/<package>`, whatever they depend on left out."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        command = next((c for tool, c in ELSEWHERE.items() if shutil.which(tool)), None)
        known = (
            f"run: {command}" if command else "install Prometheus and Alertmanager and put them on the PATH"
        )
        message = f"{', '.join(packages)}: not on the PATH, and this is neither Debian nor Ubuntu; {known}"
        raise DebsError(message)
    say(f"Fetching {', '.join(packages)} from the distribution's packages ...")
    # apt wants absolute paths, and its folders in place.
    for folder in ("state/lists/partial", "cache/archives/partial", "log"):
        (APT / folder).mkdir(parents=True, exist_ok=True)
    config = APT / "apt.conf"
    config.write_text(CONFIG.format(apt=APT))
    # One broken third-party source must not stop us: what matters is whether the download works.
    updated = _run(["apt-get", "-qq", "-c", str(config), "update"])
    for package in packages:
        DEBS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=DEBS) as scratch:
            got = _run(["apt-get", "-qq", "-c", str(config), "download", package], cwd=Path(scratch))
            debs = list(Path(scratch).glob("*.deb"))
            if not debs:
                message = (
                    f"{package} can't be fetched from this distribution's packages: check the network, "
                    f"or run: sudo apt-get install {package}\n{updated.stderr}{got.stderr}"
                )
                raise DebsError(message)
            unpacked = Path(scratch) / "unpacked"
            subprocess.run(["dpkg", "-x", str(debs[0]), str(unpacked)], check=True)  # noqa: S603, S607 - as above
            _relocate(unpacked)
            # Whole or not at all: a run that is cut short leaves nothing half unpacked behind.
            shutil.rmtree(DEBS / package, ignore_errors=True)
            unpacked.rename(DEBS / package)


def home(binary: Path) -> Path:
    """Return the folder to start a program in: there its `usr/share` is found, unpacked or installed."""
    return binary.resolve().parents[2]


def _relocate(unpacked: Path) -> None:
    """Lead Debian's builds to their own pages and templates.

    Their binaries hold the absolute path, where nothing is without an installation. The relative one is
    made as long as it was: a Go string's length is fixed.
    """
    for binary in unpacked.glob("usr/bin/*"):
        binary.write_bytes(binary.read_bytes().replace(b"/usr/share/prometheus", b"usr//share/prometheus"))


def _run(command: list[str], cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)  # noqa: S603 - apt-get
