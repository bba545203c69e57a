"""Soak: a worker reads two million messages on a real broker, and its memory is watched all the way.

Run by `make soak`; writes SOAK.md beside this file. The catalogue is the one that ships, with a cap of a hundred
reports an indicator in place of two thousand: the state is full after a tenth, and what grows then is a leak.
"""

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from traffic import produce, traffic
from workers import CONSUMED, Worker, committed, ends

from deploy.local.kafka import Broker
from deploy.local.ports import free_port
from stream.catalogue.load import load
from stream.settings import Settings
from stream.topics import create, delete

PER_HOUR = 20_000  # messages between two ticks of virtual time
CAP = 100
PATIENCE = 3_600.0
RESULTS = Path(__file__).with_name("SOAK.md")
SHIPPED = Path(__file__).parents[2] / "stream" / "catalogue" / "belarus_entry"


class Sample(NamedTuple):
    """Resident memory after so many records were committed as done."""

    seconds: float
    done: int
    rss_mib: float


def small(folder: Path) -> Path:
    """Copy the catalogue, with the smaller cap."""
    shutil.copytree(SHIPPED, folder)
    problem = folder / "problem.toml"
    text = problem.read_text()
    assert "reports_cap = 2000" in text
    problem.write_text(text.replace("reports_cap = 2000", f"reports_cap = {CAP}"))
    return folder


def watched(settings: Settings, worker: Worker, total: int) -> Iterator[Sample]:
    """Sample until all is done; `total` messages are being written meanwhile."""
    began = time.monotonic()
    while True:
        assert worker.alive, worker.log.read_text()[-3_000:]
        assert time.monotonic() - began < PATIENCE
        now = committed(settings)
        done = sum(offset for tp, offset in now.items() if not tp.topic.endswith("-indications"))
        yield Sample(time.monotonic() - began, done, _rss(worker.pid))
        if done >= total and all(now.get(tp, 0) == end for tp, end in ends(settings, *CONSUMED).items()):
            return
        time.sleep(2)


def _rss(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_024


def page(samples: list[Sample], messages: int) -> str:
    """Lay out one row a tenth, and what memory did after the second."""
    total = samples[-1].done
    rows = [next(s for s in samples if s.done >= total * n / 10) for n in range(1, 11)]
    settled, last = rows[1], max(s.rss_mib for s in samples[samples.index(rows[8]) :])
    growth = last - settled.rss_mib
    table = "\n".join(f"| {s.done:,} | {s.seconds:.0f} | {s.rss_mib:.1f} |" for s in rows)
    return f"""# Soak

One worker, {messages:,} messages on a real broker: is memory flat once the state is full? Made by `make soak`.

| records done | seconds | resident MiB |
|---:|---:|---:|
{table}

From the second tenth to the most in the last: {growth:+.1f} MiB ({growth / settled.rss_mib:+.1%}). Of the messages one
in fifty is an analyst's event about one of all indicators, one in a hundred can't be read, and the rest is 800 bytes of
weather; a tick comes every {PER_HOUR:,}. The state holds at most {CAP} reports an indicator here, 2,000 as shipped.
"""


def main() -> None:
    """Run it, print the page, and write it down when asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--messages", type=int, default=2_000_000)
    options.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = os.environ.get("BELWATCH_TEST_BROKERS")
        if given:
            samples = run(given, folder, chosen.messages)
        else:
            with Broker(free_port(), folder / "kafka") as broker:
                samples = run(broker.address, folder, chosen.messages)
    text = page(samples, chosen.messages)
    print(text)  # noqa: T201 - a command's output
    if chosen.write:
        RESULTS.write_text(text)


def run(brokers: str, folder: Path, messages: int) -> list[Sample]:
    """Write and read; all samples."""
    settings = Settings(
        brokers=brokers, run=f"soak{os.getpid()}", data=folder, catalogue=small(folder / "catalogue")
    )
    create(settings)
    catalogue = load(settings.catalogue)
    hours = messages // PER_HOUR
    writing = threading.Thread(
        target=lambda: produce(settings, traffic(catalogue, hours=hours, per_hour=PER_HOUR, seed=1)),
        daemon=True,
    )
    writing.start()
    try:
        with Worker(settings, folder) as worker:
            samples = list(watched(settings, worker, hours * PER_HOUR))
        writing.join()
    finally:
        delete(settings)
    return samples


if __name__ == "__main__":
    main()
