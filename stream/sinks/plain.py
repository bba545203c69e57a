"""Plain: foreign text made safe to show on one line, and foreign links made safe to follow.

What is unsafe *anywhere* (control, bidi and other invisible characters, line breaks, odd schemes) goes here.
What is unsafe only in one place is escaped in that place: `<`, `>` and `&` by the Slack template.
"""

import logging
import re
import unicodedata
from urllib.parse import urlsplit

LIMIT = 150  # characters of a label value: enough for a headline, bounded for Prometheus
# Controls, bidi and zero-width, surrogates, private, unassigned; line and paragraph separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NOT_IN_LINKS = re.compile(r"[\s<>|\"'`{}\\^*]")
_SCHEMES = {"http", "https"}


def plain(text: str, limit: int = LIMIT) -> str:
    r"""One line of visible text, at most `limit` characters.

    >>> plain("Tanks\u202e near\n\tBrest\x07  <now>")
    'Tanks near Brest <now>'
    >>> plain("a long headline", limit=8)
    'a long…'
    """
    visible = "".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c))
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shown(text: str) -> str:
    r"""Text of several lines as a terminal or a log may have it: nothing in it moves the cursor or hides.

    >>> shown("index 7\n  Tanks\x1b[2J near\rBrest")
    'index 7\n  Tanks[2J near Brest'
    """
    return "".join(c if c == "\n" or _visible(c) else " " * c.isspace() for c in text)


class Plainly(logging.Formatter):
    """Log lines in which foreign text stays text: one line a message, and nothing that hides."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        """Join the message's lines; a traceback, which comes after it, keeps its own."""
        return super().formatMessage(record).replace("\n", " ")

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        return shown(super().format(record))


def link(url: str, limit: int = LIMIT) -> str:
    """Return the URL when it is safe to follow from a message, else "".

    Safe is http(s) with a host, without a user name (`https://bank.example@evil.example` leads to the
    second), all visible, and free of what ends a link in Slack. One that is too long is dropped, since a
    shortened link leads elsewhere.

    >>> link("https://isw.example/report?a=1&b=2")
    'https://isw.example/report?a=1&b=2'
    >>> link("javascript:alert(1)"), link("https://a.example/|x>"), link("https://a@b.example")
    ('', '', '')
    """
    try:
        parts = urlsplit(url)
        odd = parts.scheme not in _SCHEMES or not parts.hostname or parts.username is not None
    except ValueError:
        return ""
    if odd or len(url) > limit or _NOT_IN_LINKS.search(url) or not all(map(_visible, url)):
        return ""
    return url


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE
