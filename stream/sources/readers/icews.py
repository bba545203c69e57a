"""ICEWS and its successor POLECAT: tab-separated with a header; which of the two, the header tells.

Both name actors in words and sectors; they are given CAMEO's codes here ("BLRMIL"), as GDELT's are. POLECAT codes
events in PLOVER (a type, and for some a mode), which is mapped to the nearest CAMEO code: PLOVER was made from
CAMEO, and its crosswalk is many to one, so the mapping loses the finer code but never the kind of act.

Source: ICEWS, doi:10.7910/DVN/28075; POLECAT and PLOVER, doi:10.7910/DVN/AJGVIT and https://osf.io/preprints/socarxiv/rm5dw
"""

from collections.abc import Iterator
from typing import IO

from stream.sources.jsonl import Line
from stream.sources.readers.row import Row, day, event, guarded, place, present, table

FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
NEEDED = ("event id", "event date")
COUNTRIES = {
    "belarus": "BLR",
    "russian federation": "RUS",
    "russia": "RUS",
    "ukraine": "UKR",
    "poland": "POL",
}
PLACES = {"belarus": "BY", "ukraine": "UA", "russian federation": "RU", "russia": "RU"}
ROOTS = 20  # CAMEO's root codes are 01 to 20
PLOVER = {
    ("AGREE", ""): "057", ("CONSULT", ""): "040", ("SUPPORT", ""): "050", ("CONCEDE", ""): "080",
    ("COOPERATE", ""): "060", ("COOPERATE", "military"): "062", ("AID", ""): "070", ("AID", "military"): "072",
    ("RETREAT", ""): "087", ("REQUEST", ""): "020", ("ACCUSE", ""): "112", ("REJECT", ""): "120",
    ("THREATEN", ""): "130", ("THREATEN", "violence"): "138", ("PROTEST", ""): "140", ("SANCTION", ""): "160",
    ("SANCTION", "expel"): "166", ("MOBILIZE", ""): "150", ("MOBILIZE", "troops"): "154", ("COERCE", ""): "170",
    ("ASSAULT", ""): "190", ("ASSAULT", "heavy-weapons"): "194", ("ASSAULT", "aerial"): "195",
    ("ASSAULT", "firearms"): "193",
}  # fmt: skip


def read(stream: IO[bytes], _publisher: str = "") -> Iterator[Row]:
    """Read a file of either, row by row."""
    return guarded(table(stream, NEEDED, "\t"), _row)


def _row(number: int, row: dict[str, str]) -> Line:
    polecat = "event type" in row
    who, whom = ("actor", "recipient") if polecat else ("source", "target")
    at = day(row["event date"], FORMS)
    published = row.get("publication date", "")
    return event(
        number,
        day(published, FORMS).timestamp() if published else None,
        at.timestamp(),
        {
            "id": f"icews:{present(row, 'event id')}",
            "occurred_at": at.date().isoformat(),
            "precision": "day",
            "dataset": "icews",
            "publisher": row.get("publisher", "") or row.get("source", ""),
            "actor1": _actor(row, who),
            "actor2": _actor(row, whom),
            "code": _plover(row["event type"], row.get("event mode", ""))
            if polecat
            else _code(row["cameo code"]),
            "country": PLACES.get(row.get("country", "").casefold(), row.get("country", "")[:64]),
            "summary": row.get("event text", "") or row.get("headline", "")[:2_000],
        }
        | place(row.get("latitude", ""), row.get("longitude", "")),
    )


def _actor(row: dict[str, str], side: str) -> str:
    """A country's code, with MIL or GOV where the sectors say so.

    >>> _actor({"source country": "Belarus", "source sectors": "Government,Military"}, "source")
    'BLRMIL'
    """
    country = COUNTRIES.get(row.get(f"{side} country", "").casefold(), "")
    sectors = (row.get(f"{side} sectors", "") + row.get(f"primary {side} sector", "")).casefold()
    if not country:
        return row.get(f"{side} name", "")[:64]
    return country + ("MIL" if "military" in sectors else "GOV" if "government" in sectors else "")


def _plover(kind: str, mode: str) -> str:
    kind, mode = kind.strip().upper(), mode.strip().lower()
    code = PLOVER.get((kind, mode)) or PLOVER.get((kind, ""))
    if code is None:
        raise ValueError(f"event type {kind!r} is none of PLOVER's")
    return code


def _code(cell: str) -> str:
    """CAMEO's codes are strings; a table opened in a spreadsheet has lost their leading zero.

    >>> _code("42"), _code("231"), _code("190"), _code("062")
    ('042', '0231', '190', '062')
    """
    if not cell.isdigit():
        raise ValueError(f"CAMEO code {cell!r} is no number")
    return cell if int(cell[:2]) <= ROOTS else f"0{cell}"
