"""What several commands ask for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.moment import parse
from stream.settings import Settings

HOUR = 3_600.0
_UNITS = {"s": 1.0, "m": 60.0, "h": HOUR, "d": 24 * HOUR}


class Moment(click.ParamType):
    """A time: RFC 3339, or a date, which means its end."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Read epoch seconds."""
        try:
            return parse(str(value), None, day=False)[0].timestamp()
        except ValueError:
            self.fail(f"{value!r} is no time; write 2022-03-11T18:00Z or 2022-03-11", param, ctx)


class Span(click.ParamType):
    """A length of time: 30s, 15m, 6h, 1d."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Read seconds."""
        text = str(value)
        try:
            seconds = float(text[:-1]) * _UNITS[text[-1]]
        except (ValueError, KeyError, IndexError):
            seconds = 0.0
        if seconds <= 0:
            self.fail(f"{value!r} is no length of time; write 15m, 6h or 1d", param, ctx)
        return seconds


catalogue = click.option(
    "--catalogue",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Catalogue folder; left out: the one that ships.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def settings(**given: object) -> Settings:
    """Settings from the environment, overruled by what was given on the command line."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type] # pydantic judges them
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        where = "".join(f"{name} (BELWATCH_{str(name).upper()}): " for name in first["loc"][:1])
        wrong = click.UsageError(where + first["msg"].removeprefix("Value error, "))
        wrong.exit_code = 2 if given.keys() & first["loc"] else 78  # EX_CONFIG: it stands in the environment
        raise wrong from None


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal's standard error, nothing elsewhere; call what is given with (done[, total])."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, total=total: bar.update(task, completed=done, total=total)
