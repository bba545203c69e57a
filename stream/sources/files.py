"""Files: opened whatever they are packed in, and one kind of problem for all that can be wrong with one."""

import bz2
import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import zstandard

STDIN = "-"
LARGEST = 1 << 30  # bytes that a zip may unpack to in memory
_OPEN: dict[str, Callable[[str], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".zst": lambda path: io.BufferedReader(zstandard.open(path, "rb")),
    ".zip": lambda path: unzipped(Path(path).read_bytes()),
}


class FileProblem(Exception):  # noqa: N818 - a problem with the user's file, said so that they can mend it
    """A file that can't be read; the text says which and what to do."""


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file, plain, .gz, .bz2, .zst or .zip with one file in it; "-" is standard input.

    Raises
    ------
    FileProblem
        where it doesn't exist, may not be read, or turns out to be damaged while it is.
    """
    if path == STDIN:
        yield sys.stdin.buffer
        return
    make = _OPEN.get(Path(path).suffix)
    try:
        with cast("IO[bytes]", make(path) if make else Path(path).open("rb")) as stream:
            yield stream
    except FileNotFoundError:
        raise FileProblem(f"{path}: no such file. Check the path; '-' reads standard input.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile) as e:
        raise FileProblem(f"{path}: damaged {Path(path).suffix} ({e}). Fetch or compress it again.") from None
    except OSError as e:
        damaged = "; is it damaged?" if make else ""
        raise FileProblem(f"{path}: can't be read ({e.strerror or e}{damaged}).") from None


def unzipped(content: bytes) -> IO[bytes]:
    """Open the one file in a zip.

    Raises
    ------
    BadZipFile
        where it is no zip, holds more than one file, or one that unpacks to more than `LARGEST`.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) != 1 or entries[0].file_size > LARGEST:
            raise zipfile.BadZipFile(
                f"{len(entries)} files in it; one, of at most {LARGEST} bytes, is expected"
            )
        return io.BytesIO(archive.read(entries[0]))
