"""Render: values into HTML. Everything is escaped; what is foreign is made plain first, links included."""

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from schemas.wire import instant, rfc3339
from stream.sinks.plain import link, plain

STATIC = Path(__file__).with_name("static")
TITLE = 300  # characters of a headline on the page
LINK = 2_000
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def environment(package: str = "stream.page") -> Environment:
    """A package's templates with the filters they use."""
    found = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "when": when,
        "day": day,
        "signed": signed,
        "age": age,
        "words": words,
        "plain": lambda text: plain(text, TITLE),
        "link": lambda url: link(url, LINK),
        "segment": lambda text: quote(text, safe=""),
        "stamp": lambda at: rfc3339(_moment(at)),
        "field": lambda at: f"{_moment(at):%Y-%m-%dT%H:%M}",
    }
    return found


def document(text: str) -> Markup:
    """A page written in Markdown; HTML in it is shown, not obeyed, and links with odd schemes are text.

    >>> document("*so* <b>").strip()
    Markup('<p><em>so</em> &lt;b&gt;</p>')
    """
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))  # noqa: S704 - html is off


def when(at: datetime | float) -> Markup:
    """A moment as an element that machines can read, too.

    >>> when(0.0)
    Markup('<time datetime="1970-01-01T00:00:00Z">1 Jan 1970 00:00 UTC</time>')
    """
    moment = _moment(at)
    text = f"{moment.day} {moment:%b %Y %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), text)


def day(at: datetime | float) -> Markup:
    """As `when`, the day only."""
    moment = _moment(at)
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), f"{moment.day} {moment:%b %Y}")


def signed(points: float) -> str:
    """Index points with their sign, a true minus, two decimals.

    >>> signed(-0.5), signed(0.001)
    ('−0.50', '0.00')
    """
    text = f"{abs(points):.2f}"
    return text if float(text) == 0 else f"{'+' if points > 0 else '−'}{text}"


def age(seconds: float) -> str:
    """A length of time, to two figures or so.

    >>> age(42), age(4_000), age(200_000)
    ('42 s', '67 min', '2.3 days')
    """
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.0f} h" if seconds < 2 * DAY else f"{seconds / DAY:.1f} days"


def words(name: str) -> str:
    """A name from the catalogue as words.

    >>> words("border_crossing")
    'border crossing'
    """
    return name.replace("_", " ")


def _moment(at: datetime | float) -> datetime:
    return at if isinstance(at, datetime) else instant(at)
