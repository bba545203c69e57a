"""JSONL files, plain or .gz, of articles and events, as records in the order they were received."""

import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from schemas.moment import parse
from stream.core.decode import EARLIEST
from stream.core.pipeline import Inbound

STDIN = "-"
LATEST = 4_102_444_800.0  # 2100: a time beyond it is a slip, and would drag the clock there


class FileProblem(Exception):  # noqa: N818 - a problem with the user's file, said so that they can mend it
    """A file that can't be read; the text says which and what to do."""


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
    try:
        with _open(path) as stream:
            for number, value in enumerate(stream, 1):
                if value.strip():
                    yield _line(number, value.rstrip(b"\r\n"))
    except FileNotFoundError:
        raise FileProblem(f"{path}: no such file. Check the path; '-' reads standard input.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as e:
        raise FileProblem(f"{path}: damaged gzip ({e}). Compress it again, or give the plain file.") from None
    except OSError as e:
        raise FileProblem(f"{path}: can't be read ({e.strerror or e}).") from None


def chronological(paths: Iterable[str]) -> list[Inbound]:
    """Merge files into records ordered by receipt; ties stay in file order. All files are held in memory.

    A line that names no usable time travels with its predecessor's, the first ones with their successor's.
    """
    files = [(path, list(read(path))) for path in paths]
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


def _open(path: str) -> IO[bytes]:
    if path == STDIN:
        return sys.stdin.buffer
    return gzip.open(path) if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value] # GzipFile reads bytes


def _line(number: int, value: bytes) -> Line:
    """Look only at what is needed for sending; judging the message is `observe`'s.

    A record's time of receipt is its own `received_at`; else its event time, since a file says no more.
    """
    try:
        row = json.loads(value)
        kind = "event" if "occurred_at" in row else "article"
        stated = row.get("received_at")
        moment = stated or row["occurred_at" if kind == "event" else "published_at"]
        day = row.get("precision") == "day" and not stated
        at = parse(moment, row.get("tz_assumed"), day=day)[0].timestamp()
        known = at if EARLIEST <= at <= LATEST else None
        return Line(kind, known, stamped=bool(stated), number=number, value=value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Line("article", None, stamped=False, number=number, value=value)
