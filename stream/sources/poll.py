"""Poll: feeds and GDELT's files, asked politely, sent to the live topics, resumed where they were.

What is new is sent and confirmed before the cursor says so: a poller killed in between sends it again, under the same
ids, which changes nothing. One request at a time; after a failure it waits longer each time, and as long as the
server asks. An entry that changed is sent again as a revision, so that it can take back what it said.
"""

import hashlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from zipfile import BadZipFile

from stream.replay import ROLE, message_key
from stream.settings import Settings
from stream.sources import cursor as cursors
from stream.sources.cursor import Cursor
from stream.sources.feeds import Feed
from stream.sources.fetch import Document, FetchProblem
from stream.sources.files import unzipped
from stream.sources.jsonl import Line
from stream.sources.readers import FORMATS, Bad, Row
from stream.topics import topics

log = logging.getLogger(__name__)

LONGEST_WAIT = 6 * 3_600.0  # after failures, seconds
BREATH = 5.0  # between looks at what is due, seconds
GDELT_STEP = timedelta(minutes=15)
GDELT_FILES = 8  # a turn; after a day away there are 96, and other feeds wait meanwhile
GDELT_BACK = timedelta(days=1)  # what is older is for `belwatch ingest gdelt`
STAMP = "%Y%m%d%H%M%S"


class Fetch(Protocol):
    """As much of a `Fetcher` as is needed."""

    def get(self, url: str, etag: str = "", modified: str = "") -> Document:
        """Fetch a document, if it changed."""


class Send(Protocol):
    """As much of a `Sender` as is needed."""

    def send(self, topic: str, key: str, value: bytes, received_at: float) -> None:
        """Queue one record."""

    def flush(self) -> None:
        """Wait until all is confirmed."""


class Turn(NamedTuple):
    """What one look at a feed gave: messages to send, entries that are none, and the cursor once they are sent."""

    lines: Sequence[Line]
    bad: Sequence[Bad]
    cursor: Cursor


def look(feed: Feed, cursor: Cursor, fetch: Fetch) -> Turn:
    """Ask a feed once.

    Raises
    ------
    FetchProblem
        where it can't be had, or is no feed.
    """
    try:
        return _series(feed, cursor, fetch) if feed.form == "gdelt" else _document(feed, cursor, fetch)
    except BadZipFile as e:
        raise FetchProblem(f"{feed.url}: damaged zip ({e})") from e
    except ValueError as e:
        raise FetchProblem(f"{feed.url}: {e}") from e


def _document(feed: Feed, cursor: Cursor, fetch: Fetch) -> Turn:
    found = fetch.get(feed.url, cursor.etag, cursor.modified)
    if not found.changed:
        return Turn((), (), cursor)
    lines, bad = _sorted(FORMATS["feed"].read(io.BytesIO(found.body), feed.publisher))
    fresh: list[Line] = []
    marks: dict[str, tuple[str, int]] = {}
    for line in lines:
        name, content = _hash(message_key(line.value).encode()), _hash(line.value)
        known = cursor.sent.get(name)
        if known and known[0] == content:
            marks[name] = known
            continue
        revision = known[1] + 1 if known else 0
        marks[name] = (content, revision)
        fresh.append(line._replace(value=_revised(line.value, revision)))
    after = cursor.with_sent(marks).model_copy(update={"etag": found.etag, "modified": found.modified})
    return Turn(fresh, bad, after)


def _series(feed: Feed, cursor: Cursor, fetch: Fetch) -> Turn:
    """GDELT names its newest files in one document; those since the last are asked for by their times."""
    pointer = fetch.get(feed.url).body.decode("ascii", "replace")
    files = re.findall(r"\S+/\d{14}\.export\.CSV\.zip", pointer)
    if not files:
        raise ValueError("names no export file")
    folder, _, name = files[0].rpartition("/")
    newest = name.partition(".")[0]
    rows: list[Row] = []
    last = cursor.last
    for stamp in _stamps(cursor.last, newest):
        try:
            rows += FORMATS["gdelt"].read(unzipped(fetch.get(f"{folder}/{stamp}.export.CSV.zip").body), "")
        except FetchProblem as e:
            if "HTTP 404" not in str(e):
                raise
            log.warning("GDELT has no file of %s", stamp)  # it leaves one out now and then
        last = stamp
    lines, bad = _sorted(iter(rows))
    return Turn(lines, bad, cursor.model_copy(update={"last": last}))


def _stamps(last: str, newest: str) -> list[str]:
    """Files to read next, oldest first.

    >>> _stamps("20220224043000", "20220224051500")
    ['20220224044500', '20220224050000', '20220224051500']
    >>> _stamps("", "20220224051500"), _stamps("20220224051500", "20220224051500")
    (['20220224051500'], [])
    """
    end = datetime.strptime(newest, STAMP).replace(tzinfo=UTC)
    at = (
        max(datetime.strptime(last, STAMP).replace(tzinfo=UTC), end - GDELT_BACK)
        if last
        else end - GDELT_STEP
    )
    found: list[str] = []
    while at < end and len(found) < GDELT_FILES:
        at += GDELT_STEP
        found.append(at.strftime(STAMP))
    return found


def _sorted(rows: Iterator[Row]) -> tuple[list[Line], list[Bad]]:
    lines: list[Line] = []
    bad: list[Bad] = []
    for row in rows:
        (bad if isinstance(row, Bad) else lines).append(row)  # type: ignore[arg-type] # each to its own
    return lines, bad


def _revised(value: bytes, revision: int) -> bytes:
    return (
        json.dumps(json.loads(value) | {"revision": revision}, ensure_ascii=False).encode()
        if revision
        else value
    )


def _hash(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()[:16]


class Poller:
    """Asks each feed when it is due. Time is given: `now` in epoch seconds, `wait` sleeps and says when to stop."""

    def __init__(
        self,
        settings: Settings,
        feeds: Sequence[Feed],
        known: Mapping[str, Cursor],
        *,
        fetch: Fetch,
        sender: Send,
        now: Callable[[], float],
    ) -> None:
        self._names = {role: topic.name for role, topic in topics(settings).items()}
        self._feeds = feeds
        self._cursors = {feed.url: known.get(feed.url, Cursor()) for feed in feeds}
        self._fetch = fetch
        self._sender = sender
        self._now = now

    def round(self, tell: Callable[[Feed, Turn | FetchProblem], None] = lambda *_: None) -> float:
        """Ask every feed that is due; gives when the next one is (epoch seconds). `tell` hears what came of each."""
        for feed in self._feeds:
            cursor = self._cursors[feed.url]
            if cursor.next_at > self._now():
                continue
            try:
                turn = look(feed, cursor, self._fetch)
                self._publish(turn)
                tell(feed, turn)
                after = turn.cursor.model_copy(
                    update={"failures": 0, "next_at": self._now() + 60 * feed.every_minutes}
                )
            except FetchProblem as problem:
                tell(feed, problem)
                after = backed_off(feed, cursor, problem.retry_after, self._now())
            self._sender.send(
                self._names[cursors.ROLE], feed.url, after.model_dump_json().encode(), self._now()
            )
            self._sender.flush()
            self._cursors[feed.url] = after
        return min(cursor.next_at for cursor in self._cursors.values())

    def run(self, wait: Callable[[float], bool], tell: Callable[[Feed, Turn | FetchProblem], None]) -> None:
        """Go on until told to stop."""
        while not wait(min(max(self.round(tell) - self._now(), BREATH), LONGEST_WAIT)):
            pass

    def _publish(self, turn: Turn) -> None:
        for line in turn.lines:
            self._sender.send(self._names[ROLE[line.kind]], message_key(line.value), line.value, self._now())
        self._sender.flush()


def backed_off(feed: Feed, cursor: Cursor, retry_after: float, at: float) -> Cursor:
    """After the nth failure in a row wait 2ⁿ times the usual, six hours at most, or as long as the server asks.

    >>> feed = Feed(url="https://a.example/", every_minutes=10)
    >>> [backed_off(feed, Cursor(failures=n), 0, at=0).next_at / 60 for n in (0, 1, 10)]
    [20.0, 40.0, 360.0]
    """
    failures = cursor.failures + 1
    delay = min(60 * feed.every_minutes * 2.0 ** min(failures, 16), LONGEST_WAIT)
    return cursor.model_copy(update={"failures": failures, "next_at": at + max(delay, retry_after)})
