"""Kafka Streams: its jars pinned in `streams.lock.toml`, its program compiled here, where there is a compiler."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.local.jars import KAFKA_VERSION, classpath
from deploy.local.kafka import java
from tests.benchmarks.environments import HOME, PEERS, PROGRAMS

NAME = "kafka-streams"
LOCK = Path(__file__).with_name("streams.lock.toml")
FOLDER = HOME / NAME
TERMS = FOLDER / "terms.txt"
SOURCE = PROGRAMS / "Streams.java"
HEAP = "-Xmx512m"  # else Java takes what it is given: a quarter of the machine
VERSION = f"kafka-streams {KAFKA_VERSION}"


def prepare(say: Callable[[str], None]) -> bool:
    """Compile the program; False, and said, where no `javac` is found (a JDK 17 or newer has one)."""
    compiler = shutil.which("javac")
    if compiler is None:
        say("no javac here, so no Kafka Streams: install a JDK 17 or newer to have it measured")
        return False
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = FOLDER / "Streams.class"
    if not done.exists() or done.stat().st_mtime < SOURCE.stat().st_mtime:
        say(f"compiling {NAME} ...")
        options = ["--release", "17", "-d", str(FOLDER), "-cp", _classpath(say)]
        subprocess.run([compiler, *options, str(SOURCE)], check=True)
    words = {"BENCH_BROKERS": "", "BENCH_TOPIC": "", "BENCH_GROUP": "", "PYTHONPATH": str(PROGRAMS)}
    listing = [str(PEERS["confluent-kafka"].python), "-c", "import job; print(*job.TERMS, sep=chr(10))"]
    TERMS.write_bytes(
        subprocess.run(listing, env={**os.environ, **words}, check=True, capture_output=True).stdout
    )
    return True


def command(threads: int) -> list[str]:
    """One process with as many threads as the others have processes."""
    path = f"{FOLDER}:{_classpath(lambda _: None)}"
    return [*java(), HEAP, "-cp", path, "Streams", str(TERMS), str(threads)]


def _classpath(say: Callable[[str], None]) -> str:
    return classpath(say, LOCK)
