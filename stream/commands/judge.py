"""evaluate, catalogue: how good it is, against readers, history and its own examples."""

import json
from importlib.resources import files as packaged
from pathlib import Path
from typing import Any

import click

from stream.catalogue.load import load
from stream.commands import options
from stream.core.observe import Observer
from stream.evaluation import labels as readers
from stream.evaluation import pages, tables
from stream.evaluation.dated import read_facts
from stream.evaluation.examples import failures
from stream.evaluation.history import Plan, study
from stream.evaluation.html import picture
from stream.sources.jsonl import chronological

SHIPPED = Path(str(packaged("stream.catalogue").joinpath("belarus_entry")))
CHRONICLE = ("articles.jsonl", "events.jsonl")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evaluate() -> None:
    """Measure the matcher against readers' labels, and the score against dated facts."""


@evaluate.command()
@click.argument("gold", type=FILE)
@click.option(
    "--by", type=click.Choice(["indicator", "lang", "source"]), default="indicator", show_default=True
)
@click.option("--show", is_flag=True, help="Print each text with a miss or a false alarm in full.")
@options.catalogue
@options.as_json
def labels(gold: Path, by: readers.By, show: bool, catalogue: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Precision, recall and F1 against labelled articles (JSONL with "sure" and "maybe" lists of indicators).

    "sure" is what both readers saw: not finding it is a miss. "maybe" is what one saw: neither right nor wrong.

    \b
    belwatch evaluate labels gold.jsonl --by lang
    belwatch evaluate labels gold.jsonl --show | less
    """
    judged = readers.judge(Observer(load(catalogue)), gold)
    whole, intervals, groups = (
        readers.total(judged),
        readers.intervals(judged),
        readers.grouped(judged, by),
    )
    if as_json:
        row: dict[str, Any] = {
            "texts": len(judged),
            "f1": whole.f1,
            "precision": whole.precision,
            "recall": whole.recall,
        }
        row |= {f"{name}_95": list(interval) for name, interval in intervals.items()}
        row["by"] = {name: {**f._asdict(), "f1": f.f1} for name, f in groups.items()}
        click.echo(json.dumps(row))
        return
    click.echo(tables.label_table(whole, intervals, groups, by), nl=False)
    if show:
        click.echo("\n" + tables.shown(judged))


@evaluate.command()
@click.argument("files", nargs=-1)
@click.option("--facts", "facts_file", type=FILE, help="Dated facts; left out: the catalogue's own.")
@click.option("--every", type=options.Span(), default="12h", show_default=True, help="Grid of levels.")
@click.option("--ablations/--no-ablations", default=True, help="Also without each rule (ten times as long).")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the run here, as SVG.")
@options.catalogue
@options.as_json
def facts(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Back-test in short: as `belwatch backtest`, to the terminal, without robustness and report.

    Without FILES it is the chronicle that ships with the catalogue.

    \b
    belwatch evaluate facts --plot 2022.svg
    belwatch evaluate facts news.jsonl.gz --facts timeline.csv --no-ablations --json
    """
    catalogue, folder = load(given["catalogue"]), given["catalogue"] or SHIPPED
    paths = files or tuple(str(folder / "chronicle" / name) for name in CHRONICLE)
    rows = read_facts(given["facts_file"] or folder / "facts.csv")
    plan = Plan(given["every"], ablations=given["ablations"], robustness=False)
    with options.progress("Runs") as tell:
        found = [study(catalogue, chronological(paths), rows, plan, tell)]
    if given["plot"]:
        given["plot"].write_text(picture(found[0], rows), encoding="utf-8")
    click.echo(json.dumps(tables.values(found)) if given["as_json"] else tables.markdown(found).rstrip("\n"))


@click.group()
def catalogue() -> None:
    """Look after the catalogue: does it hold what it says, and what does it say."""


@catalogue.command()
@options.catalogue
def check(catalogue: Path | None) -> None:
    """Load the catalogue and read every example in it; exit 1 where one reads otherwise than its file says.

    \b
    belwatch catalogue check
    belwatch catalogue check --catalogue my_problem/
    """
    loaded = load(catalogue)
    failed = list(failures(loaded))
    for failure in failed:
        example = failure.example
        click.echo(f"indicators/{failure.indicator}.toml [{example.lang}] {failure.wrong}", err=True)
        click.echo("".join(f"  {part}\n" for part in (example.title, example.text) if part), err=True)
    count = sum(len(i.examples) for i in loaded.indicators.values())
    click.echo(
        f"{loaded.problem.id} {loaded.version}: {len(loaded.indicators)} indicators, {count} examples, "
        f"{len(failed)} read otherwise than their file says"
    )
    if failed:
        raise click.exceptions.Exit(1)


@catalogue.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
@options.catalogue
def docs(out: Path, catalogue: Path | None) -> None:
    """Write a Markdown page for each indicator: meaning, constants with reasons, patterns, examples, gaps.

    \b
    belwatch catalogue docs --out indicators/
    """
    written = pages.write(load(catalogue), catalogue or SHIPPED, out)
    click.echo(f"{len(written)} pages in {out}")
