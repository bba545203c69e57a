"""RSS and Atom, as publishers really write them, by feedparser.

An article is an entry's title, and as text its standfirst and body, without markup. An entry without title and text
is refused, and so is one whose date can't be read: a guessed date would put it into somebody's week of crisis.
Day names in other languages are no part of a date, so they are dropped before it is read.
"""

import hashlib
import html
import json
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import IO, Any
from urllib.parse import urlsplit

import feedparser

from schemas.wire import MAX_ID, MAX_TITLE, instant, rfc3339
from stream.sources.jsonl import Line
from stream.sources.readers.row import Row, guarded

LONGEST_TEXT = 200_000  # characters; the longest articles are a tenth of it
MONTHS = {
    "fev": "Feb", "abr": "Apr", "mai": "May", "ago": "Aug", "set": "Sep", "out": "Oct", "dez": "Dec",
    "mär": "Mar", "okt": "Oct", "dec": "Dec",
}  # fmt: skip  # other languages' months, where they differ from English


def read(stream: IO[bytes], publisher: str = "") -> Iterator[Row]:
    """Read one feed document; entries are numbered from 1. `publisher`: else the host of the feed's own link.

    Raises
    ------
    ValueError
        where it is no feed (an error page, most often).
    """
    found = feedparser.parse(stream.read(), sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version"):  # none at all for no bytes at all
        raise ValueError("no RSS or Atom feed; a page of HTML, perhaps")
    own = publisher or _host(found.feed.get("link", ""))
    lang = (found.feed.get("language") or "und").split("-")[0].lower()[:16] or "und"
    return guarded(enumerate(found.entries, 1), lambda n, entry: _article(n, entry, own, lang))


def _article(number: int, entry: Any, own: str, lang: str) -> Line:  # noqa: ANN401 - feedparser's
    title = plain(entry.get("title", ""))[:MAX_TITLE]
    bodies = [entry.get("summary", ""), *(part.get("value", "") for part in entry.get("content", ()))]
    paragraphs = dict.fromkeys(filter(None, map(plain, bodies)))  # a summary is often the body again
    text = "\n".join(p for p in paragraphs if not any(p != q and p in q for q in paragraphs))[:LONGEST_TEXT]
    if not title and not text:
        raise ValueError("neither title nor text")
    link = entry.get("link", "")
    publisher = own or _host(link)
    if not publisher:
        raise ValueError("no publisher: neither feed nor entry has a link; name it (--publisher)")
    at = published(entry)
    name = entry.get("id") or link or hashlib.sha256(f"{title}{at}".encode()).hexdigest()[:24]
    body = {
        "id": f"{publisher}:{name}"[:MAX_ID],
        "published_at": rfc3339(at),
        "publisher": publisher[:200],
        "lang": lang,
        "title": title,
        "text": text,
        "url": link[:4_000],
    }
    value = json.dumps({k: v for k, v in body.items() if v}, ensure_ascii=False).encode()
    return Line("article", at.timestamp(), stamped=False, number=number, value=value)


def published(entry: Any) -> datetime:  # noqa: ANN401 - feedparser's
    """When an entry was published, else updated.

    Raises
    ------
    ValueError
        where neither can be read.
    """
    # as a plain dict: its own `get` takes one date for the other, and warns of it
    parsed = dict.get(entry, "published_parsed") or dict.get(entry, "updated_parsed")
    if parsed:
        return instant(timegm(parsed))  # feedparser gives UTC
    written = dict.get(entry, "published") or dict.get(entry, "updated") or ""
    if not written:
        raise ValueError("no date")
    return foreign_date(written)


def foreign_date(written: str) -> datetime:
    """Read an RFC 822 date with day and month names in another language.

    >>> foreign_date("Seg, 24 Set 2018 19:42:00 -0300").isoformat()
    '2018-09-24T22:42:00+00:00'
    """
    date = re.sub(r"^\s*[^\W\d]+\.?,?\s+", "", written)
    date = re.sub(r"[^\W\d]{3,}", lambda m: MONTHS.get(m[0].lower()[:3], m[0]), date, count=1)
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        raise ValueError(f"date {written[:60]!r} can't be read") from None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


class _Text(HTMLParser):
    """Markup out, words kept apart."""

    HIDDEN = frozenset({"script", "style", "iframe"})
    INLINE = frozenset(
        {"a", "abbr", "b", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - theirs
        self._hidden += tag in self.HIDDEN
        self._apart(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in self.HIDDEN))
        self._apart(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _apart(self, tag: str) -> None:
        if tag not in self.INLINE:
            self.parts.append(" ")


def plain(marked: str) -> str:
    """Text of what may be HTML, twice escaped as feeds like to.

    >>> plain("&lt;p&gt;Tanks &amp;amp; <b>trains&lt;/b&gt;&lt;/p&gt;".replace("<b>", "&lt;b&gt;"))
    'Tanks & trains'
    >>> plain("<h2>Near Brest</h2>Tanks<script>x()</script>")
    'Near Brest Tanks'
    """
    unescaped = html.unescape(marked) if "&lt;" in marked and "<" not in marked else marked
    reader = _Text()
    reader.feed(unescaped)
    reader.close()
    return " ".join("".join(reader.parts).split())


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
