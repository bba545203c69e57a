"""What a back-test costs: `python tests/benchmarks/backtest.py` prints seconds of CPU and the largest memory.

45,000 articles over a year, of which 2 % match, by sixty publishers, every 6 h, and the reports; `whole` adds every
ablation and shake. A number is how many articles: what grows with the stream, and what with the time covered.
"""

import json
import random
import resource
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from match import articles

from schemas.wire import instant, rfc3339
from stream.catalogue.load import load
from stream.commands.backtest import DURATIONS
from stream.commands.judge import SHIPPED
from stream.evaluation import tables
from stream.evaluation.alerts import read_rules
from stream.evaluation.dated import read_facts
from stream.evaluation.history import Plan, study
from stream.evaluation.html import page
from stream.sources.jsonl import chronological

ARTICLES = 45_000
BEGAN = 1_643_673_600.0  # 2022-02-01
YEAR = 365 * 86_400.0
EVERY = 6 * 3_600.0
PUBLISHERS = 60


def write(path: Path, count: int) -> None:
    """Write the articles as a file, each with its own id, time and one of sixty publishers."""
    chance = random.Random(7)  # noqa: S311 - a benchmark, not a secret
    catalogue = load()
    names = [source.names[0] for source in catalogue.sources][:PUBLISHERS]
    with path.open("w", encoding="utf-8") as file:
        for number, value in enumerate(islice(cycle(articles(catalogue)), count)):
            at = rfc3339(instant(int(BEGAN + number * YEAR / count)))
            row = {"id": f"bench:{number}", "published_at": at, "publisher": chance.choice(names)}
            file.write(json.dumps(json.loads(value) | row, ensure_ascii=False) + "\n")


def main() -> None:
    """Print what one back-test took; arguments: "whole" for every variation too, and how many articles."""
    whole = "whole" in sys.argv
    count = next((int(a) for a in sys.argv[1:] if a.isdigit()), ARTICLES)
    facts = read_facts(SHIPPED / "facts.csv")
    plan = Plan(EVERY, rules=read_rules(DURATIONS), ablations=whole, robustness=whole)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl"
        write(path, count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, wall = time.process_time(), time.perf_counter()
        found = [study(load(), chronological([str(path)]), facts, plan)]
        studied = time.process_time()
        size = len(page(found, facts)) + len(tables.markdown(found)) + len(json.dumps(tables.values(found)))
        end = time.process_time()
    one = found[0]
    print(  # noqa: T201 - its purpose
        f"{count:,} articles, {one.messages['matched']:,} matched, {len(one.trace.ticks):,} ticks, "
        f"{1 + len(one.ablations[1:]) + len(one.robustness) + len(one.alone)} runs: {end - start:.1f} s of CPU "
        f"({studied - start:.1f} s the runs, {end - studied:.1f} s the reports of {size / 1e6:.1f} MB), "
        f"{time.perf_counter() - wall:.1f} s in all; memory at most "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, {before / 1024:.0f} before"
    )


if __name__ == "__main__":
    main()
