"""Page: what was measured as Markdown, beside what was to be reached."""

import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deploy.local.jars import KAFKA_VERSION
from deploy.local.kafka import java
from tests.benchmarks import streams
from tests.benchmarks.environments import JOB, OURS, PEERS, versions
from tests.benchmarks.results import Results

PAGE = Path(__file__).with_name("RESULTS.md")
RATIOS = (("quixstreams", 1.4), ("confluent-kafka", 1.1), ("kafka-streams", 1.0))
BUSY = 4.0  # load average: a run of ours keeps both cores busy, and no more
SHARE = 0.02  # of messages that match, where peers are compared
BARE, LATENCY_MS, RSS_MIB, READY_SECONDS = 0.85, 250.0, 250.0, 10.0


def page(results: Results, command: str, note: str = "") -> str:
    """Make the whole page; `note` follows its head."""
    return "\n\n".join(
        part
        for part in (_head(command), note, _reference(results), _worker(results), _reached(results))
        if part
    )


def _head(command: str) -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
    cores = sum(line.startswith("processor") for line in lines)
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / (1 << 20)
    told = subprocess.run([*java(), "-version"], capture_output=True, text=True, check=True).stderr
    peers = "; ".join(f"{peer.name}: {versions(peer)}" for peer in PEERS.values() if peer is not OURS)
    return f"""# Benchmarks

Made by `{command}`. One broker, one topic, one job, in turn; programs in `peers/`, the job in `peers/job.py`.
Everything, the broker too, shares one machine, so figures compare with each other and not with other machines.
"load" is the machine's load average when a measurement ended: what is much above 2 tells of other work on it.

- {cores} × {model}, {memory:.0f} GiB; {platform.system()} {platform.release()}; Python {platform.python_version()};
  Java {told.split('"')[1]}; Apache Kafka {KAFKA_VERSION}, one node on loopback
- {peers}; {streams.VERSION}; the job: {", ".join(JOB)}"""


def _reference(results: Results) -> str:
    rows = sorted(
        results.of("reference"), key=lambda r: (-r["messages"], r["share"], r["processes"], -r["rate"])
    )
    if not rows:
        return ""
    return "## The reference job\n\n" + _table(
        (
            "messages",
            "match",
            "processes",
            "peer",
            "msg/s",
            "CPU s per million",
            "peak RSS, MiB",
            "RSS at a quarter",
            "load",
        ),
        (
            (
                f"{r['messages']:,}",
                f"{r['share']:.0%}",
                r["processes"],
                r["peer"],
                f"{r['rate']:,.0f}",
                f"{r['cpu_per_million']:.1f}",
                f"{r['rss']:.0f}",
                f"{r['rss_early']:.0f}",
                f"{r['load']:.1f}",
            )
            for r in rows
        ),
    )


def _worker(results: Results) -> str:
    parts = []
    if speeds := results.of("worker"):
        heads = (
            "messages",
            "msg/s",
            "bare loop, msg/s",
            "CPU s per million",
            "peak RSS, MiB",
            "RSS at a quarter",
        )
        cells = (
            (
                f"{r['messages']:,}",
                f"{r['rate']:,.0f}",
                f"{r['bare']:,.0f}",
                f"{r['cpu_per_million']:.1f}",
                f"{r['rss']:.0f}",
                f"{r['rss_early']:.0f}",
            )
            for r in speeds
        )
        ready = "; ".join(f"{r['ready']:.1f} s with what {r['messages']:,} messages left" for r in speeds)
        parts += [_table(heads, cells), f"Ready again after kill -9: {ready}."]
    if latencies := results.of("latency"):
        heads = ("msg/s", "p50, ms", "p99, ms", "measured", "tick p50, ms", "slowest tick, ms")
        cells = (
            (
                r["messages_per_second"],
                f"{r['p50']:.0f}",
                f"{r['p99']:.0f}",
                r["number"],
                f"{r['tick_p50']:.0f}",
                f"{r['tick_max']:.0f}",
            )
            for r in latencies
        )
        parts += [
            "From sending an article, or a tick, to the assessment that takes it in:",
            _table(heads, cells),
        ]
    return "\n\n".join(["## `belwatch worker`, with its own matcher, 2 % matching", *parts]) if parts else ""


def _reached(results: Results) -> str:
    def over(one: tuple[str, int], other: tuple[str, int]) -> float | None:
        """Ratio of two rates, of peers in so many processes, where both did the most messages."""
        rates: dict[tuple[str, int], dict[int, float]] = {one: {}, other: {}}
        for r in results.of("reference"):
            if r["share"] == SHARE and (r["peer"], r["processes"]) in rates:
                rates[r["peer"], r["processes"]][r["messages"]] = r["rate"]
        most = max(rates[one].keys() & rates[other].keys(), default=0)
        return rates[one][most] / rates[other][most] if most else None

    every = [row for kind in ("reference", "worker", "latency") for row in results.of(kind)]
    busy = any(row["load"] > BUSY for row in every)
    rows: list[tuple[str, str, str, str]] = []

    def row(
        what: str, found: float | None, wanted: float, better: Callable[[float, float], bool], unit: str
    ) -> None:
        if found is not None:
            sign = "≥" if better(2, 1) else "≤"
            reached = "not shown: machine busy" if busy else "yes" if better(found, wanted) else "**no**"
            rows.append((what, f"{sign} {wanted:g}{unit}", f"{found:.2f}{unit}", reached))

    for peer, wanted in RATIOS:
        row(f"our hosting / {peer}, one process", over((OURS.name, 1), (peer, 1)), wanted, _least, " ×")
    threads = over((streams.NAME, 2), (streams.NAME, 1))
    if threads is not None:
        two = over((OURS.name, 2), (OURS.name, 1))
        row("two of ours / one, as Kafka Streams' threads", two, round(threads, 2), _least, " ×")
    for r in results.of("worker"):
        row(f"worker / bare loop, {r['messages']:,}", r["rate"] / r["bare"], BARE, _least, " ×")
        row(f"worker's peak RSS, {r['messages']:,}", r["rss"], RSS_MIB, _most, " MiB")
        row("ready after kill -9", r["ready"], READY_SECONDS, _most, " s")
    for r in results.of("latency"):
        row(f"p99 at {r['messages_per_second']:,} msg/s", r["p99"], LATENCY_MS, _most, " ms")
    return "## Reached\n\n" + _table(("what", "wanted", "found", "reached"), rows) if rows else ""


def _least(found: float, wanted: float) -> bool:
    return found >= wanted


def _most(found: float, wanted: float) -> bool:
    return found <= wanted


def _table(heads: Sequence[str], cells: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *cells]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
