"""What scoring in process costs: `python tests/benchmarks/score.py` prints a rate and a ratio, from one run.

1. Articles a second of CPU time through all of `belwatch score`: reading JSONL, ticks every 6 h, decoding,
   matching, assessing; 800-byte articles of which 2 % match, 100,000 of them over ten days.
2. The same beside a bare loop of the same decoding, matching and assessing, ticks included, on records that are
   in memory already: what the command adds to the work itself.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from match import articles

from schemas.catalogue import Catalogue
from schemas.wire import instant, rfc3339
from stream.catalogue.load import load
from stream.core.pipeline import Assessor, Inbound, Observer, Run, with_ticks
from stream.sources.jsonl import chronological

ARTICLES = 100_000
BEGAN = 1_645_000_000.0
DAYS = 10
EVERY = 6 * 3_600.0
PASSES = 3


def write(catalogue: Catalogue, path: Path) -> None:
    """Write the articles as a file that `belwatch score` reads, each with its own id and time."""
    gap = DAYS * 86_400 / ARTICLES
    with path.open("w", encoding="utf-8") as file:
        for number, value in enumerate(islice(cycle(articles(catalogue)), ARTICLES)):
            at = rfc3339(instant(int(BEGAN + number * gap)))
            row = json.loads(value) | {"id": f"bench:{number}", "published_at": at}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def scored(run: Run) -> None:
    """Do what the command does."""
    for assessment in run:
        last = assessment
    run.assessor.at(last.at.timestamp())


def reading(path: Path) -> Iterator[Inbound]:
    """Open the file only when the first record is asked for: so that reading is timed, and start-up isn't."""
    yield from with_ticks(chronological([str(path)]), EVERY)


def bare(observer: Observer, assessor: Assessor, records: list[Inbound]) -> None:
    """Call the same core on the same records and ticks, pack by pack."""
    offset = 0
    for start in range(0, len(records), 500):
        for observation in observer.observe(records[start : start + 500]).observations:
            if assessor.apply("indications-0", offset, observation).ends_batch:
                assessor.flush()
            offset += 1


def passed(catalogue: Catalogue, path: Path, records: list[Inbound]) -> tuple[float, float]:
    """CPU seconds of the command and of the bare loop, the compiling of the catalogue left out."""
    run = Run(catalogue, reading(path))
    whole = seconds(lambda: scored(run))
    observer, assessor = Observer(catalogue), Assessor(catalogue, origins=["records-0"])
    return whole, seconds(lambda: bare(observer, assessor, records))


def seconds(work: Callable[[], None]) -> float:
    """CPU time of one pass."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print the rate and the ratio: medians of passes in turn, so that both meet the same machine."""
    catalogue = load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl"
        write(catalogue, path)
        records = [record._replace(origin="records-0") for record in reading(path)]
        pairs = [passed(catalogue, path, records) for _ in range(PASSES)]
    whole, core = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"score: {ARTICLES / whole:,.0f} articles/s, files to assessments")  # noqa: T201 - its purpose
    print(f"bare loop: {ARTICLES / core:,.0f} articles/s; score does {core / whole:.2f} of it")  # noqa: T201


if __name__ == "__main__":
    main()
