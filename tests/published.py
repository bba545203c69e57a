"""Rows as datasets write them, made by hand, and what a reader makes of them, for tests of the readers."""

import io
import json
import zipfile
from typing import Any

from stream.core.decode import decode_article, decode_event
from stream.sources.jsonl import Line
from stream.sources.readers import FORMATS, Bad
from stream.sources.readers.row import Row


def rows(form: str, content: bytes, publisher: str = "") -> list[Row]:
    """What a format's reader makes of a file's content."""
    return list(FORMATS[form].read(io.BytesIO(content), publisher))


def body(row: Row) -> dict[str, Any]:
    """A row's message, which the stream can decode."""
    assert isinstance(row, Line), row
    assert row.received_at is not None
    (decode_event if row.kind == "event" else decode_article)(row.value, row.received_at)
    return dict(json.loads(row.value))


def reason(row: Row) -> str:
    """Why a row is no message."""
    assert isinstance(row, Bad)
    return row.reason


def gdelt(**cells: str) -> bytes:
    """A row of GDELT 2.0; any cell can be given."""
    at = {"id": 0, "day": 1, "actor1": 5, "actor2": 15, "code": 26, "goldstein": 30, "country": 53, "lat": 56,
          "lon": 57, "added": 59, "url": 60}  # fmt: skip
    row = [""] * 61
    given = {"id": "7", "day": "20220224", "code": "154", "added": "20220224050000"} | cells
    for name, cell in given.items():
        row[at[name]] = cell
    return "\t".join(row).encode() + b"\n"


def zipped(content: bytes) -> bytes:
    """Rows packed as GDELT packs its files: one file in a zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("20220224050000.export.CSV", content)
    return held.getvalue()


ACLED = (
    b'\xef\xbb\xbf"event_id_cnty","event_date","time_precision","event_type","sub_event_type","actor1","actor2",'
    b'"country","latitude","longitude","source","notes","fatalities","timestamp"\n'
)
UCDP = b"id,type_of_violence,side_a,side_b,country,date_prec,date_start,date_end,best,source_office,source_headline\n"
POLECAT = (
    b"Event ID\tEvent Date\tEvent Type\tEvent Mode\tActor Country\tPrimary Actor Sector\tActor Sectors\t"
    b"Recipient Country\tCountry\tPublication Date\tHeadline\n"
)
