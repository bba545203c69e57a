"""GDELT 2.0 events: 61 tab-separated columns, no header, no quoting.

Countries of places are FIPS codes (Belarus BO, Ukraine UP, Russia RS), actors' are CAMEO's. Goldstein scores and tone
are left alone: they call joint drills friendly. DATEADDED, when GDELT published the row, is when we could know it.

Source: GDELT Event Database codebook 2.0, http://data.gdeltproject.org/documentation/GDELT-Event_Codebook-V2.0.pdf
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO
from urllib.parse import urlsplit

from stream.sources.jsonl import Line
from stream.sources.readers.row import Row, event, guarded, place, text

COLUMNS = 61
_ID, _DAY, _ACTOR1, _ACTOR2, _CODE = 0, 1, 5, 15, 26
_COUNTRY, _LAT, _LON, _ADDED, _URL = 53, 56, 57, 59, 60


def read(stream: IO[bytes], _publisher: str = "") -> Iterator[Row]:
    """Read an export file, row by row."""
    rows = ((n, line.rstrip("\r\n").split("\t")) for n, line in enumerate(text(stream), 1) if line.strip())
    return guarded(rows, _row)


def _row(number: int, cells: list[str]) -> Line:
    if len(cells) != COLUMNS:
        raise ValueError(f"{len(cells)} columns; GDELT 2.0 has {COLUMNS}")
    day = _time(cells[_DAY], "%Y%m%d")
    added = _time(cells[_ADDED], "%Y%m%d%H%M%S").timestamp()
    url = cells[_URL]
    return event(
        number,
        added,
        added,
        {
            "id": f"gdelt:{int(cells[_ID])}",
            "occurred_at": day.date().isoformat(),
            "precision": "day",
            "dataset": "gdelt",
            "publisher": (urlsplit(url).hostname or "").removeprefix("www."),
            "actor1": cells[_ACTOR1],
            "actor2": cells[_ACTOR2],
            "code": cells[_CODE],
            "country": cells[_COUNTRY],
            "url": url,
        }
        | place(cells[_LAT], cells[_LON]),
    )


def _time(cell: str, form: str) -> datetime:
    try:
        return datetime.strptime(cell, form).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{cell!r} is no time of the form {form}") from None
