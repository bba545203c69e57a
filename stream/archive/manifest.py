"""What an archive holds, and how a file of it comes into being whole or not at all."""

import hashlib
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from schemas.wire import Own

NAME = "manifest.json"


class ArchiveProblem(Exception):  # noqa: N818 - a problem with the archive, said so that it can be mended
    """An archive that can't be read or written; the text says what is wrong and what to do."""


class Part(Own):
    """One file: of which partition ("articles-0"), its records, their offsets, and its hash (SHA-256)."""

    origin: str
    day: str
    first: int
    last: int
    records: int
    sha256: str


class Span(Own):
    """How far one partition was read: offsets `since` to `upto`, the second left out.

    `ticks` were passed over. `lost`: offsets that the broker had deleted before they could be read, as pairs.
    """

    since: int
    upto: int
    ticks: int = 0
    lost: tuple[tuple[int, int], ...] = ()


class Manifest(Own):
    """The archive's table of contents. `topics`: the prefix it was made from; `id` tells archives apart."""

    form: Literal[1] = 1
    id: str
    topics: str
    spans: dict[str, Span] = Field(default_factory=dict)
    parts: dict[str, Part] = Field(default_factory=dict)

    @property
    def records(self) -> int:
        """Records held."""
        return sum(part.records for part in self.parts.values())


def load(folder: Path) -> Manifest:
    """Read an archive's manifest.

    Raises
    ------
    ArchiveProblem
        where there is none, or it is damaged.
    """
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except FileNotFoundError:
        raise ArchiveProblem(
            f"{folder}: no archive here (no {NAME}); make one: belwatch archive export {folder}"
        ) from None
    except (OSError, ValidationError) as e:
        raise ArchiveProblem(f"{folder / NAME}: can't be read ({e}); restore it from a copy") from None


def write(path: Path, content: bytes) -> str:
    """Write a file so that it is there whole or not at all; gives its SHA-256.

    The name appears only once the content is on disk, and the folder is told to remember it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return hashlib.sha256(content).hexdigest()
