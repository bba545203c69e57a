"""match, score: the core in process, without a broker."""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from schemas.assessment import Assessment
from schemas.wire import rfc3339
from stream.catalogue.load import load
from stream.commands import options
from stream.core.decode import Refused, decode_article
from stream.core.explain import explain
from stream.core.observe import Observer
from stream.core.pipeline import Run, with_ticks
from stream.sinks.plain import shown
from stream.sources.jsonl import chronological


@click.command()
@options.catalogue
def match(catalogue: Path | None) -> None:
    """Find indications: articles as JSONL on standard input, one answer a line on standard output.

    Every input line is answered, in order; a line that can't be read answers with its reason.

    \b
    echo '{"id":"x","publisher":"reuters.com","published_at":"2022-02-20","lang":"en",
      "title":"Russian troops arrive in Belarus for drills"}' | tr -d '\\n' | belwatch match
    """
    observer = Observer(load(catalogue))
    for number, line in enumerate(sys.stdin.buffer, 1):
        sys.stdout.write(json.dumps(_answer(observer, number, line), ensure_ascii=False) + "\n")


def _answer(observer: Observer, number: int, line: bytes) -> dict[str, object]:
    try:
        # asked what a text says, not whether it is news: no time of receipt judges its date
        body, at = decode_article(line, math.inf)
    except Refused as refused:
        return {
            "id": None,
            "line": number,
            "indications": [],
            "rejected": refused.reason,
            "detail": str(refused),
        }
    found = [
        {
            "indicator": i.indicator,
            "act": i.act,
            "severity": i.severity,
            "claimant": i.claimant,
            "grade": f"{i.reliability}{i.credibility}",
            "excerpt": i.excerpt,
        }
        for i in observer.indications(body, at)
    ]
    return {"id": body.id, "indications": found}


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--at", type=options.Moment(), help="Score what was known at this time; left out: after the last record."
)
@click.option(
    "--every", type=options.Span(), default="6h", show_default=True, help="Grid on which levels are judged."
)
@click.option("--all", "everything", is_flag=True, help="Print every assessment, not only the last.")
@options.catalogue
@options.as_json
def score(
    files: tuple[str, ...],
    at: float | None,
    every: float,
    everything: bool,  # noqa: FBT001 - click's flags come by position of name
    catalogue: Path | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Score JSONL files (plain or .gz; "-" is standard input) in process, without Kafka.

    \b
    belwatch score news.jsonl.gz --at 2022-02-23T12:00Z
    belwatch score news.jsonl --every 1d --all --json | jq .index
    """
    run = Run(load(catalogue), with_ticks(_progress(chronological(files)), every, at))
    last: Assessment | None = None
    for assessment in run:
        last = assessment
        if everything:
            _print(assessment, as_json=as_json, brief=True)
    if last is None:
        raise click.ClickException("no record in these files was received by then: nothing to score")
    end = run.assessor.at(at if at is not None else last.at.timestamp())
    _print(end, as_json=as_json, brief=False)
    if not as_json:
        _outcomes(run.outcomes)


def _progress(records: list) -> Iterator:  # type: ignore[type-arg] # the same list, item by item
    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield from records
        return
    yield from track(records, "Scoring", console=console, transient=True)


def _print(assessment: Assessment, *, as_json: bool, brief: bool) -> None:
    if as_json:
        click.echo(assessment.model_dump_json())
    elif brief:
        a = assessment
        click.echo(f"{rfc3339(a.at)}  {a.index:5.1f}  [{a.low:5.1f}, {a.high:5.1f}]  {a.level}")
    else:
        click.echo(shown(explain(assessment)))


def _outcomes(outcomes: Counter[str]) -> None:
    total = outcomes["matched"] + outcomes["unmatched"] + outcomes["rejected"]
    click.echo(
        f"\n{total} messages: {outcomes['matched']} matched, {outcomes['unmatched']} unmatched, "
        f"{outcomes['rejected']} rejected"
        + "".join(
            f"\n  rejected, {k.partition(':')[2]}: {n}"
            for k, n in sorted(outcomes.items())
            if k.startswith("rejected:")
        )
    )
