"""explain: where things stood at a moment, as told then, or as known now."""

import json
from pathlib import Path
from typing import Any

import click

from schemas.assessment import Assessment
from stream.catalogue.load import load
from stream.commands import options
from stream.core import diff
from stream.core.explain import explain as in_words
from stream.replay import Following
from stream.settings import Settings
from stream.sinks.plain import shown
from stream.sources.jsonl import chronological
from stream.sources.log import recorded
from stream.travel import moment


@click.command()
@click.argument("files", nargs=-1)
@click.option("--at", type=options.Moment(), required=True, help="The moment.")
@click.option(
    "--known-at", type=options.Moment(), help="Count only what had been received by then; left out: --at."
)
@click.option("--diff", "other", type=options.Moment(), help="Say what changed between --at and this moment.")
@click.option("--run", help="Ask a replay run; left out, and no FILES: live.")
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Say what changes at that moment with this other catalogue.",
)
@click.option(
    "--every", type=options.Span(), default="1h", show_default=True, help="Grid of levels, if computed anew."
)
@options.catalogue
@options.as_json
def explain(files: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Explain the index at a moment, claim by claim; or what changed between two moments, or two catalogues.

    FILES are JSONL or archives, computed in process. Without them the assessments topic is asked, which holds what was
    told; with --known-at, --catalogue or --against it is computed anew from what came in. --known-at separates when
    things happened from when we knew: a late report or a retraction that came afterwards doesn't count. The level is
    always the one that was announced.

    \b
    belwatch explain --at 2022-03-11T18:00Z
    belwatch explain news.jsonl.gz --at 2022-02-23 --known-at 2022-03-01
    belwatch explain --run spring --at 2022-02-20 --diff 2022-02-25
    belwatch explain archive/ --at 2022-02-24 --against my_problem/ --json
    """
    settings = options.settings(run=given["run"])
    anew = bool(files or given["known_at"] or given["catalogue"] or given["against"])
    there = _Records(files, settings, given) if anew else None

    def at(time: float, catalogue: Path | None = None) -> Assessment:
        found = there.at(time, catalogue) if there else _told(settings, time)
        if found is None:
            raise click.ClickException("nothing was known by then; the first record is later")
        return found

    first = at(given["at"], given["catalogue"])
    second = None
    if given["against"]:
        second = at(given["at"], given["against"])
    elif given["other"]:
        second = at(given["other"], given["catalogue"])
    if second is None:
        click.echo(first.model_dump_json() if given["as_json"] else shown(in_words(first)))
    elif given["as_json"]:
        rows = [
            c._asdict() | {"evidence": c.evidence and c.evidence.model_dump(mode="json")}
            for c in diff.changes(first, second)
        ]
        click.echo(
            json.dumps({"before": first.index, "after": second.index, "changes": rows}, ensure_ascii=False)
        )
    else:
        click.echo(shown(diff.told(first, second)))


class _Records:
    """Records read once, assessed as often as asked."""

    def __init__(self, files: tuple[str, ...], settings: Settings, given: dict[str, Any]) -> None:
        self._records = chronological(files) if files else recorded(settings)
        self._given = given

    def at(self, time: float, catalogue: Path | None) -> Assessment | None:
        return moment(load(catalogue), self._records, time, self._given["every"], self._given["known_at"])


def _told(settings: Settings, time: float) -> Assessment | None:
    """The last assessment published about a time up to that moment."""
    with Following(settings) as following:
        earlier = (a for a in following.history() if a.at.timestamp() <= time)
        return max(earlier, key=lambda a: (a.at, a.known_at), default=None)
