"""UCDP georeferenced and candidate events: CSV with a header; dates as its editions write them.

The code is the type of violence (1 state-based, 2 non-state, 3 one-sided). An event that UCDP can date only to a month
or a year (`date_prec` 4, 5) is no event of a day, and is refused. An event of several days stands at the last.

Source: UCDP GED codebook, https://ucdp.uu.se/downloads/
"""

from collections.abc import Iterator
from typing import IO

from stream.sources.jsonl import Line
from stream.sources.readers.row import Row, day, event, guarded, place, table

NEEDED = ("id", "type_of_violence", "side_a", "side_b", "country", "date_prec", "date_end", "best")
FORMS = ("%Y-%m-%d", "%m/%d/%Y")
MONTH = 4


def read(stream: IO[bytes], _publisher: str = "") -> Iterator[Row]:
    """Read an edition, row by row."""
    return guarded(table(stream, NEEDED), _row)


def _row(number: int, row: dict[str, str]) -> Line:
    precision = int(row["date_prec"])
    if precision >= MONTH:
        raise ValueError(
            f"dated to the {'month' if precision == MONTH else 'year'} only (date_prec {precision})"
        )
    at = day(row["date_end"].split(" ", maxsplit=1)[0], FORMS)
    return event(
        number,
        None,
        at.timestamp(),
        {
            "id": f"ucdp:{int(row['id'])}",
            "occurred_at": at.date().isoformat(),
            "precision": "day",
            "dataset": "ucdp",
            "publisher": row.get("source_office", "").split(";")[0].strip()[:200],
            "actor1": row["side_a"][:64],
            "actor2": row["side_b"][:64],
            "code": row["type_of_violence"],
            "country": row["country"],
            "fatalities": int(row["best"] or 0),
            "summary": (row.get("source_headline") or row.get("where_description", ""))[:2_000],
        }
        | place(row.get("latitude", ""), row.get("longitude", "")),
    )
