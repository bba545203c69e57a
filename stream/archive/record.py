"""One record of a source topic, as a line of an archive; every byte of it comes back."""

import base64
import json
from collections.abc import Mapping
from typing import NamedTuple

from schemas.moment import parse
from schemas.wire import instant, rfc3339


class Archived(NamedTuple):
    """One message: from which partition ("articles-0") and offset, when received (epoch seconds), key and value."""

    origin: str
    offset: int
    received_at: float
    key: bytes
    value: bytes

    @property
    def day(self) -> str:
        """The day (UTC) it was received."""
        return instant(self.received_at).date().isoformat()

    @property
    def kind(self) -> str:
        """What its topic carries: article, event or review."""
        return self.origin.rpartition("-")[0].removesuffix("s")


def dump(record: Archived) -> bytes:
    r"""Write a line; what is no UTF-8 is kept in base64.

    >>> load(dump(Archived("articles-0", 7, 1645678800.25, b"k", b'{"id": "\xff"}'))).value
    b'{"id": "\xff"}'
    """
    row = {
        "origin": record.origin,
        "offset": record.offset,
        "received_at": rfc3339(instant(record.received_at)),
        **_bytes("key", record.key),
        **_bytes("value", record.value),
    }
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def load(line: bytes) -> Archived:
    """Read a line.

    Raises
    ------
    ValueError, KeyError
        where it is none.
    """
    row = json.loads(line)
    received_at = parse(row["received_at"], None, day=False)[0].timestamp()
    return Archived(row["origin"], row["offset"], received_at, _read(row, "key"), _read(row, "value"))


def _bytes(name: str, content: bytes) -> dict[str, str]:
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(content).decode()}


def _read(row: dict[str, str], name: str) -> bytes:
    return row[name].encode() if name in row else base64.b64decode(row[f"{name}_base64"])


def received(headers: Mapping[str, bytes], timestamp: int) -> float:
    """When a record was received (epoch seconds): its `received_at` header, else Kafka's own time (milliseconds)."""
    try:
        return parse(headers["received_at"].decode(), None, day=False)[0].timestamp()
    except (KeyError, ValueError):
        return timestamp / 1_000
