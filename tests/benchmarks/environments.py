"""Environments: what is measured, and what each of it runs on: a virtual environment a peer, all pinned."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from deploy.local.paths import CACHE, ROOT

PROGRAMS = Path(__file__).with_name("peers")
HOME = CACHE / "bench"
JOB = ("orjson==3.13.0", "ahocorasick-rs==1.0.3")  # what the reference job itself runs on
CONSTRAINTS = ROOT / "deploy" / "constraints.txt"


class Peer(NamedTuple):
    """Something that does the reference job: `needs` are pip requirements, `run` what its Python is given."""

    name: str
    needs: tuple[str, ...]
    run: tuple[str, ...]
    constrained: bool = False  # to what belwatch itself is pinned to

    @property
    def python(self) -> Path:
        """Interpreter of its environment."""
        return HOME / self.name / "bin" / "python"


OURS = Peer("belwatch", (f"--editable={ROOT}",), ("hosted.py",), constrained=True)
PEERS = {
    peer.name: peer
    for peer in (
        OURS,
        Peer("confluent-kafka", ("confluent-kafka==2.16.1",), ("confluent_loop.py",)),
        Peer("aiokafka", ("aiokafka==0.14.0", "uvloop==0.23.0"), ("aiokafka_loop.py",)),
        Peer("quixstreams", ("quixstreams==3.28.1",), ("quix.py",)),
        Peer("bytewax", ("bytewax[kafka]==0.21.1",), ("-m", "bytewax.run", "bytewax_flow")),
        Peer("faust", ("faust-streaming==0.15.3",), ("plain_faust.py", "worker", "--without-web")),
    )
}


def prepare(peer: Peer, say: Callable[[str], None]) -> None:
    """Make the peer's environment, unless it is there as wanted."""
    wanted = hashlib.sha256(repr((peer.needs, JOB, sys.version, str(HOME))).encode())
    if peer.constrained:
        wanted.update(CONSTRAINTS.read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    stamp = HOME / peer.name / "made"
    if stamp.exists() and stamp.read_text() == wanted.hexdigest():
        return
    say(f"setting up {peer.name} ...")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME / peer.name)], check=True)
    limits = ["--constraint", str(CONSTRAINTS)] if peer.constrained else []
    pip = [str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *limits, *peer.needs, *JOB], check=True)
    stamp.write_text(wanted.hexdigest())


def versions(peer: Peer) -> str:
    """Return the direct requirements as they are pinned, for the page."""
    return ", ".join(need.replace("==", " ") for need in peer.needs if not need.startswith("-"))
