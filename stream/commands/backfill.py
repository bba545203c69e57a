"""backfill: history into Prometheus, so that the same dashboards show it."""

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from schemas.assessment import Assessment
from stream import __version__
from stream.catalogue.load import load
from stream.commands import options
from stream.core.pipeline import Run, with_ticks
from stream.replay import Following
from stream.sinks import history
from stream.sources.jsonl import chronological

UNPACKED = Path(".cache/debs/prometheus/usr/bin/promtool")  # where a clone of the project keeps its own
BLOCK = "744h"  # a month; promtool's two hours by default take minutes for a year, and 2.42 knows no days


@click.command()
@click.argument("files", nargs=-1)
@click.option("--run", help="Take what a replay run said; left out, FILES are scored in process.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Prometheus's folder of data.",
)
@click.option(
    "--every", type=options.Span(), default="1h", show_default=True, help="Grid of levels, of FILES."
)
@click.option(
    "--step", type=options.Span(), default="5m", show_default=True, help="How often each value is told."
)
@click.option("--environment", default="replay", show_default=True, help="Label on every series.")
@click.option("--text-only", is_flag=True, help="Write OpenMetrics text, one file a month, and no blocks.")
@options.catalogue
def backfill(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Write history as Prometheus would have scraped it, with its own times, into Prometheus's folder of data.

    The dashboards then show 2022 under environment "replay". Start Prometheus with a retention that reaches back so
    far, or it deletes the past as it starts. A server that runs loads the blocks by itself within minutes.

    \b
    belwatch backfill news.jsonl.gz --out data/
    belwatch backfill --run spring --out data/
    prometheus --storage.tsdb.path data/ --storage.tsdb.retention.time 10y
    """
    if bool(files) == bool(given["run"]):
        raise click.UsageError("name files to score, or --run NAME to take what a replay said")
    promtool = "" if given["text_only"] else _promtool()
    catalogue = load(given["catalogue"])
    found = _assessments(files, catalogue, given)
    if not found:
        raise click.ClickException("no assessment there to write")
    given["out"].mkdir(parents=True, exist_ok=True)
    months = list(history.months(found))
    samples = 0
    with options.progress("Writing", len(months)) as tell:
        for done, (month, held) in enumerate(months, 1):
            text = given["out"] / f"belwatch-{month}.om"
            with text.open("w", encoding="utf-8") as out:
                samples += history.write(
                    out, catalogue, (given["environment"], __version__), held, given["step"]
                )
            if promtool:
                _blocks(promtool, text, given["out"])
            tell(done)
    click.echo(f"{samples} samples of {len(months)} months in {given['out']}")


def _assessments(files: tuple[str, ...], catalogue: Any, given: dict[str, Any]) -> list[Assessment]:  # noqa: ANN401
    if files:
        return [
            a for a in Run(catalogue, with_ticks(chronological(files), given["every"])) if a.cause == "tick"
        ]
    with Following(options.settings(run=given["run"])) as following:
        return [a for a in following.history() if a.cause == "tick"]


def _promtool() -> str:
    found = shutil.which("promtool") or (str(UNPACKED.resolve()) if UNPACKED.exists() else None)
    if found is None:
        raise click.ClickException("no promtool on the path; it comes with Prometheus. Or write --text-only.")
    return found


def _blocks(promtool: str, text: Path, out: Path) -> None:
    command = [
        promtool,
        "tsdb",
        "create-blocks-from",
        f"--max-block-duration={BLOCK}",
        "openmetrics",
        str(text),
        str(out),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Prometheus's own tool
    with suppress(FileNotFoundError):
        text.unlink()
    if done.returncode:
        raise click.ClickException(f"promtool made no blocks of {text.name}: {done.stderr.strip()[-500:]}")
