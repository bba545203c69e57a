"""Readers: what others publish (files of datasets, feeds) as messages, row by row.

Each reader is a function `read(stream, publisher) -> Iterator[Row]` over a binary stream, registered in
`FORMATS`. A row becomes a `Line` (an article or event, ready to send) or a `Bad` with the reason why not;
nothing is passed over in silence. To add a dataset: one module here, one row in `FORMATS`, one in the
catalogue's sources.toml, one fixture with its quirks in tests/unit/test_readers.py.
"""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

import zstandard

from stream.sources.jsonl import FileProblem
from stream.sources.readers import acled, feed, gdelt, icews, ucdp
from stream.sources.readers.row import Bad, Reader, Row

__all__ = ["FORMATS", "Bad", "Format", "Row", "opened", "read", "unzipped"]


class Format(NamedTuple):
    """One format: its reader, what it holds, and what its files are called, for whoever looks for help."""

    read: Reader
    about: str
    example: str


FORMATS = {
    "gdelt": Format(gdelt.read, "GDELT 2.0 events", "20220224050000.export.CSV.zip"),
    "acled": Format(acled.read, "ACLED events (CSV)", "acled-2022.csv"),
    "ucdp": Format(ucdp.read, "UCDP events, GED or candidate (CSV)", "ged-2022.csv.gz"),
    "icews": Format(icews.read, "ICEWS or POLECAT events (TSV)", "ngecEvents.2022.tab"),
    "feed": Format(feed.read, "one RSS or Atom document", "unian.rss --publisher unian.ua"),
}
LARGEST = 1 << 30  # bytes that a zip may unpack to in memory
_OPEN: dict[str, Callable[[str], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".zst": lambda path: io.BufferedReader(zstandard.open(path, "rb")),
}


def read(path: str, form: str, publisher: str = "") -> Iterator[Row]:
    """Read a file of one of `FORMATS`; `publisher` is who a feed's articles are from.

    Raises
    ------
    FileProblem
        where it can't be read, or holds nothing of that format.
    """
    try:
        with opened(path) as stream:
            yield from FORMATS[form].read(stream, publisher)
    except FileNotFoundError:
        raise FileProblem(f"{path}: no such file. Check the path.") from None
    except (OSError, EOFError, zstandard.ZstdError) as e:
        raise FileProblem(f"{path}: can't be read ({e}). Is it whole? Fetch it again.") from None
    except ValueError as e:
        raise FileProblem(f"{path}: not {form}: {e}") from None


def opened(path: str) -> IO[bytes]:
    """Open a file, plain or compressed (.gz, .bz2, .zst, .zip with one file in it)."""
    suffix = Path(path).suffix
    if suffix == ".zip":
        return unzipped(Path(path).read_bytes())
    if suffix in _OPEN:
        return cast("IO[bytes]", _OPEN[suffix](path))
    return Path(path).open("rb")


def unzipped(content: bytes) -> IO[bytes]:
    """Open the one file in a zip.

    Raises
    ------
    ValueError
        where it is no zip, holds more than one file, or one that unpacks to more than `LARGEST`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) != 1 or entries[0].file_size > LARGEST:
                raise ValueError(
                    f"a zip with {len(entries)} files in it; one, of at most {LARGEST} bytes, is expected"
                )
            return io.BytesIO(archive.read(entries[0]))
    except zipfile.BadZipFile as e:
        raise ValueError(f"a damaged zip ({e})") from None
