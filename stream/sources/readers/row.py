"""What all readers give, and how an event row is made."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import IO, Any, Literal, NamedTuple

from schemas.wire import instant, rfc3339
from stream.sources.jsonl import Line

csv.field_size_limit(
    min(sys.maxsize, 1 << 24)
)  # one note of a dataset can be long; a damaged quote must not eat the file


class Bad(NamedTuple):
    """A row that is no message: its number (from 1, the header counted) and why."""

    number: int
    reason: str


Row = Line | Bad
Reader = Callable[[IO[bytes], str], Iterator[Row]]


def text(stream: IO[bytes]) -> Iterator[str]:
    """Decode a stream by lines; a byte that is no character becomes U+FFFD, since one must not cost a file."""
    return (line.rstrip(b"\r\n").decode("utf-8", "replace").replace("\r", " ") + "\n" for line in stream)


def table(
    stream: IO[bytes], needed: Sequence[str], delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str]]]:
    """Read a table with a header as (row number, fields by lower-case column name).

    Raises
    ------
    ValueError
        where a needed column is missing (another dataset, or edition of it), or a quote is never closed.
    """
    quoting: Literal[0, 3] = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    rows = csv.reader(text(stream), delimiter=delimiter, quoting=quoting)
    header = [name.strip('\ufeff" ').lower() for name in next(rows, [])]
    if missing := [name for name in needed if name not in header]:
        raise ValueError(f"its header lacks {', '.join(missing)}")
    try:
        for number, cells in enumerate(rows, 2):
            if cells:
                yield number, dict(zip(header, (cell.strip() for cell in cells), strict=False))
    except csv.Error as e:
        raise ValueError(f"line {rows.line_num}: {e}") from None


def event(number: int, received_at: float | None, at: float, fields: dict[str, Any]) -> Line:
    """Make an event of a row. `received_at`: when the dataset published it, if it says so; `at`: else when it was.

    Empty fields are left out, so that the schema's defaults hold; the time of publication travels in the message.
    """
    if received_at is not None:
        fields = fields | {"received_at": rfc3339(instant(received_at))}
    body = {key: value for key, value in fields.items() if value not in ("", None)}
    return Line(
        "event",
        at if received_at is None else received_at,
        stamped=received_at is not None,
        number=number,
        value=json.dumps(body, ensure_ascii=False).encode(),
    )


def day(cell: str, forms: Sequence[str]) -> datetime:
    """Read a date in the first of `forms` that fits, as the last second of that day (UTC).

    Raises
    ------
    ValueError
        where none fits.
    """
    for form in forms:
        with suppress(ValueError):
            return datetime.strptime(cell, form).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    raise ValueError(f"date {cell!r} is written in none of the ways known: {', '.join(forms)}")


def present(row: dict[str, str], name: str) -> str:
    """Give a field that must not be empty."""
    if not row[name]:
        raise ValueError(f"{name} is empty")
    return row[name]


def number_or_none(cell: str) -> float | None:
    """Read a coordinate; datasets leave it empty, or write what is none.

    >>> number_or_none("52.4"), number_or_none(""), number_or_none("n/a"), number_or_none("nan")
    (52.4, None, None, None)
    """
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if value == value else None  # noqa: PLR0124 - what NaN is not


def place(lat: str, lon: str) -> dict[str, float]:
    """Both coordinates, or none where either is missing or off the globe."""
    y, x = number_or_none(lat), number_or_none(lon)
    if y is None or x is None or abs(y) > 90 or abs(x) > 180:  # noqa: PLR2004 - degrees
        return {}
    return {"lat": y, "lon": x}


def guarded(rows: Iterable[tuple[int, Any]], make: Callable[[int, Any], Line]) -> Iterator[Row]:
    """Make each row; one that can't be is a `Bad`, and the next goes on."""
    for number, row in rows:
        try:
            yield make(number, row)
        except (ValueError, KeyError, IndexError, OverflowError) as e:
            missing = isinstance(e, KeyError)
            yield Bad(number, f"no column {e}: the row is cut short" if missing else str(e))
