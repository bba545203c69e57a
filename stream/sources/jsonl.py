"""JSONL files, plain or compressed, of articles and events, as records in the order they were received."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jiter

from schemas.moment import parse
from stream.archive.read import records as archived
from stream.core.decode import EARLIEST
from stream.core.pipeline import Inbound
from stream.sources.files import opened

LATEST = 4_102_444_800.0  # 2100: a time beyond it is a slip, and would drag the clock there


# a name, and its value with its quotes where that is a plain string
_FIELD = re.compile(rb'"(received_at|occurred_at|published_at|precision|tz_assumed)"\s*:\s*("[^"\\]*")?')


class Line(NamedTuple):
    """One line: its kind ("article" or "event"), when it was received (epoch seconds), its number and bytes.

    `received_at` is None where the line names no usable time; `stamped`: it says itself when it was received.
    """

    kind: str
    received_at: float | None
    stamped: bool
    number: int
    value: bytes


def read(path: str) -> Iterator[Line]:
    """Read one file (or "-", standard input) line by line; blank lines are passed over.

    Raises
    ------
    FileProblem
        where it doesn't exist, may not be read, or its compression is damaged.
    """
    with opened(path) as stream:
        for number, value in enumerate(stream, 1):
            if value.strip():
                yield _line(number, value.rstrip(b"\r\n"))


def chronological(paths: Iterable[str]) -> list[Inbound]:
    """Merge files and archives (folders) into records ordered by receipt; ties stay in file order.

    All is held in memory.

    A line that names no usable time travels with its predecessor's, the first ones with their successor's.
    """
    files = [(path, list(_archived(path) if Path(path).is_dir() else read(path))) for path in paths]
    known = [line.received_at for _, lines in files for line in lines if line.received_at is not None]
    records = []
    for path, lines in files:
        mine = (line.received_at for line in lines if line.received_at is not None)
        last = next(mine, min(known, default=0.0))
        for line in lines:
            last = line.received_at if line.received_at is not None else last
            records.append(Inbound(line.kind, line.value, last, path, line.number))
    records.sort(key=lambda record: record.received_at)
    return records


def _archived(folder: str) -> Iterator[Line]:
    for number, record in enumerate(archived(Path(folder)), 1):
        yield Line(record.kind, record.received_at, stamped=True, number=number, value=record.value)


def _line(number: int, value: bytes) -> Line:
    """Look only at what is needed for sending; judging the message is `observe`'s.

    A record's time of receipt is its own `received_at`; else its event time, since a file says no more.
    """
    try:
        row = _glanced(value)
        kind = "event" if "occurred_at" in row else "article"
        stated = row.get("received_at")
        moment = stated or row["occurred_at" if kind == "event" else "published_at"]
        day = row.get("precision") == "day" and not stated
        at = parse(moment, row.get("tz_assumed"), day=day)[0].timestamp()
        known = at if EARLIEST <= at <= LATEST else None
        return Line(kind, known, stamped=bool(stated), number=number, value=value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Line("article", None, stamped=False, number=number, value=value)


def _glanced(value: bytes) -> dict[str, Any]:
    """The fields that tell kind and time, at a glance: a message is parsed once, and that is `decode`'s to do.

    In JSON a quote inside a string is escaped, so what stands as a key is one. Whatever is not plain (an object
    within, a field twice, escaped, or no string) is parsed after all.
    """
    found = _FIELD.findall(value)
    row = {name.decode(): text[1:-1].decode() for name, text in found if text}
    if len(row) == len(found) and value.count(b"{") == 1:
        return row
    return dict(jiter.from_json(value, cache_mode="keys"))  # texts don't repeat
