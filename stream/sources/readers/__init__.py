"""Readers: what others publish (files of datasets, feeds) as messages, row by row.

Each reader is a function `read(stream, publisher) -> Iterator[Row]` over a binary stream, registered in
`FORMATS`. A row becomes a `Line` (an article or event, ready to send) or a `Bad` with the reason why not;
nothing is passed over in silence. To add a dataset: one module here, one row in `FORMATS`, one in the
catalogue's sources.toml, one fixture with its quirks in tests/unit/test_readers_datasets.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

from stream.sources.files import FileProblem, opened
from stream.sources.readers import acled, feed, gdelt, icews, ucdp
from stream.sources.readers.row import Bad, Reader, Row

__all__ = ["FORMATS", "Bad", "Format", "Row", "read"]


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


def read(path: str, form: str, publisher: str = "") -> Iterator[Row]:
    """Read a file of one of `FORMATS`; `publisher` is who a feed's articles are from.

    Raises
    ------
    FileProblem
        where it can't be read, or holds nothing of that format.
    """
    with opened(path) as stream:
        try:
            yield from FORMATS[form].read(stream, publisher)
        except ValueError as e:
            raise FileProblem(f"{path}: not {form}: {e}") from None
