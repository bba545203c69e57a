"""ACLED: CSV with a header, as its export tool and its API write it.

The code is "event type: sub-event type". `timestamp` is when ACLED last published the row, and so when we could have
known it; a row published again is a revision of the same message. `time_precision` 2 and 3 mean the week and the month.

Source: ACLED codebook, https://acleddata.com/knowledge-base/codebook/
"""

from collections.abc import Iterator
from typing import IO

from stream.sources.jsonl import Line
from stream.sources.readers.row import Row, day, event, guarded, place, present, table

NEEDED = ("event_id_cnty", "event_date", "event_type", "sub_event_type", "country", "fatalities")
FORMS = ("%Y-%m-%d", "%d %B %Y", "%d-%B-%Y", "%d-%b-%Y", "%d/%m/%Y")  # editions differ
MONTH = "3"


def read(stream: IO[bytes], _publisher: str = "") -> Iterator[Row]:
    """Read an export, row by row."""
    return guarded(table(stream, NEEDED), _row)


def _row(number: int, row: dict[str, str]) -> Line:
    at = day(row["event_date"], FORMS)
    if row.get("time_precision") == MONTH:
        raise ValueError("dated to the month only (time_precision 3)")
    stamp = row.get("timestamp", "")
    return event(
        number,
        float(stamp) if stamp else None,
        at.timestamp(),
        {
            "id": f"acled:{present(row, 'event_id_cnty')}",
            "occurred_at": at.date().isoformat(),
            "precision": "day",
            "dataset": "acled",
            "publisher": row.get("source", "").split(";")[0].strip()[:200],
            "actor1": row.get("actor1", "")[:64],
            "actor2": row.get("actor2", "")[:64],
            "code": f"{row['event_type']}: {row['sub_event_type']}"[:64],
            "country": row["country"],
            "fatalities": int(row["fatalities"] or 0),
            "summary": row.get("notes", "")[:2_000],
        }
        | place(row.get("latitude", ""), row.get("longitude", "")),
    )
