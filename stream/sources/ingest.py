"""Ingest: a file into the live topics, resumable, with what can't be read listed by line."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stream.clock import now
from stream.core.decode import Refused, decode_article, decode_event
from stream.replay import ROLE, message_key
from stream.settings import Settings
from stream.sources.files import STDIN
from stream.sources.jsonl import Line, read
from stream.sources.producer import Sender
from stream.sources.readers import Bad, Row
from stream.topics import LARGEST_RECORD, topics

CONFIRMED_EVERY = 2_000  # lines between confirmations; a resumed run repeats fewer than these


@dataclass
class Ingested:
    """What became of a file's lines; `unreadable` and `unsent` are (line number, reason)."""

    sent: int = 0
    skipped: int = 0
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    unsent: list[tuple[int, str]] = field(default_factory=list)


def ingest(
    settings: Settings,
    path: str,
    *,
    rows: Callable[[str], Iterable[Row]] = read,
    restart: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> Ingested:
    """Send a file's lines to live topics; `tell` hears the line number as it goes, `rows` reads other formats.

    Lines that can't be read are sent like the others, so that `observe` accounts for them; only what is too large
    for any record stays here. A line's time of receipt is its own `received_at`, else now. Sending a line again
    is harmless: its message has the same id.

    Raises
    ------
    FileProblem, TopicProblem
    """
    cursor = _Cursor(settings, path)
    start = 0 if restart else cursor.read()
    done = Ingested()
    names = {role: topic.name for role, topic in topics(settings).items()}
    sender = Sender(settings)
    last = start
    try:
        for line in rows(path):
            if line.number <= start:
                done.skipped += 1
                continue
            if isinstance(line, Bad):
                done.unreadable.append(line)
                continue
            _send(sender, names, line, done)
            last = line.number
            if line.number % CONFIRMED_EVERY == 0:
                sender.flush()
                cursor.write(line.number)
                tell(line.number)
        sender.flush()
        cursor.write(last)
    finally:
        sender.close()
    return done


def _send(sender: Sender, names: dict[str, str], line: Line, done: Ingested) -> None:
    if len(line.value) > LARGEST_RECORD:
        done.unsent.append((line.number, f"{len(line.value)} bytes; a record holds at most {LARGEST_RECORD}"))
        return
    received_at = line.received_at if line.stamped and line.received_at is not None else now()
    try:
        (decode_event if line.kind == "event" else decode_article)(line.value, received_at)
    except Refused as refused:
        done.unreadable.append((line.number, f"{refused.reason}: {refused}"))
    sender.send(names[ROLE[line.kind]], message_key(line.value), line.value, received_at)
    done.sent += 1


class _Cursor:
    """How far a file was confirmed; kept by its path and first line, so that another file begins anew."""

    def __init__(self, settings: Settings, path: str) -> None:
        self._path: Path | None = None
        file = Path(path)
        if path != STDIN and file.is_file():
            with file.open("rb") as stream:
                beginning = stream.readline(1 << 16)  # a file that grows stays the same file
            mark = hashlib.sha256(str(file.resolve()).encode() + b"\0" + beginning).hexdigest()[:16]
            self._path = settings.data / "ingest" / f"{mark}.json"

    def read(self) -> int:
        if self._path is None or not self._path.exists():
            return 0
        return int(json.loads(self._path.read_text())["line"])

    def write(self, line: int) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({"line": line}))
