"""backtest: what would have been known, when, and how often the alarm would have been given for nothing."""

import json
from pathlib import Path
from typing import Any

import click

import stream
from stream.catalogue.load import load
from stream.commands import options
from stream.commands.judge import CHRONICLE, FILE, SHIPPED
from stream.evaluation import tables
from stream.evaluation.alerts import read_rules
from stream.evaluation.dated import read_facts
from stream.evaluation.history import MARGIN, Plan, study
from stream.evaluation.html import page
from stream.sources.jsonl import chronological

DURATIONS = Path(stream.__file__).parents[1] / "deploy" / "durations.toml"  # of a clone; a wheel has none


@click.command()
@click.argument("files", nargs=-1)
@click.option("--facts", "facts_file", type=FILE, help="Dated facts; left out: the first catalogue's own.")
@click.option(
    "--catalogue",
    "catalogues",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="Catalogue folder; more than one stand side by side. Left out: the one that ships.",
)
@click.option("--every", type=options.Span(), default="6h", show_default=True, help="Grid of levels.")
@click.option(
    "--margin", type=click.FloatRange(min=0), default=MARGIN, show_default=True,
    help="Days around a marked truth that are no plain false alarm.",
)  # fmt: skip
@click.option(
    "--durations", type=FILE, default=DURATIONS if DURATIONS.exists() else None,
    help="Alert rules' durations, as deploy/durations.toml; without it no alerts are counted.",
)  # fmt: skip
@click.option("--ablations/--no-ablations", default=True, help="Also without each rule.")
@click.option(
    "--robustness/--no-robustness", default=True, help="Also shuffled, thinned, without each family."
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the reports."
)
@options.as_json
def backtest(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Back-test catalogues on JSONL files and archives (folders), against dated facts.

    Writes backtest.json, backtest.md and backtest.html, which needs neither network nor script. Without FILES it is
    the chronicle that ships with the catalogue. A fact that begins "T1:" is a truth to be early for, "F1:" a claim
    that failed. Belarus did not enter: these are timing, ranking and calm, and no hit rate.

    \b
    belwatch backtest --out report/
    belwatch backtest news.jsonl.gz --facts timeline.csv --every 6h --out report/
    belwatch backtest archive/ --catalogue mine/ --catalogue theirs/ --no-robustness --out report/ --json
    """
    folders = given["catalogues"] or (None,)
    catalogues = [load(folder) for folder in folders]
    shipped = folders[0] or SHIPPED
    paths = files or tuple(str(shipped / "chronicle" / name) for name in CHRONICLE)
    facts = read_facts(given["facts_file"] or shipped / "facts.csv")
    rules = read_rules(given["durations"]) if given["durations"] else ()
    plan = Plan(given["every"], given["margin"], rules, given["ablations"], given["robustness"])
    records = chronological(paths)
    found = []
    for catalogue in catalogues:
        with options.progress(f"Back-testing {catalogue.problem.id}") as tell:
            found.append(study(catalogue, records, facts, plan, tell))
    given["out"].mkdir(parents=True, exist_ok=True)
    values = json.dumps(tables.values(found), ensure_ascii=False)
    (given["out"] / "backtest.json").write_text(values + "\n", encoding="utf-8")
    (given["out"] / "backtest.md").write_text(tables.markdown(found), encoding="utf-8")
    (given["out"] / "backtest.html").write_text(page(found, facts), encoding="utf-8")
    click.echo(values if given["as_json"] else tables.summary(found))
    click.echo(f"reports in {given['out']}: backtest.html, backtest.md, backtest.json", err=True)
