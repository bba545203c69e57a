"""Examples: whether every text in an indicator's own file reads as the file says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.article import Article
from schemas.catalogue import Catalogue
from schemas.indication import Indication
from schemas.pattern import Example
from stream.core.observe import Observer

AT = datetime(2022, 6, 1, tzinfo=UTC).timestamp()


class Failure(NamedTuple):
    """One example that reads otherwise than expected."""

    indicator: str
    example: Example
    wrong: str


def failures(catalogue: Catalogue) -> Iterator[Failure]:
    """Read every example as an article of a publisher nobody knows."""
    observer = Observer(catalogue)
    for name, indicator in catalogue.indicators.items():
        for example in indicator.examples:
            found = {i.indicator: i for i in observer.indications(_article(example), AT)}
            if wrong := _wrong(name, example, found):
                yield Failure(name, example, wrong)


def _article(example: Example) -> Article:
    return Article(
        id="example",
        published_at="2022-06-01",
        publisher="example.org",
        lang=example.lang,
        title=example.title,
        text=example.text,
    )


def _wrong(name: str, example: Example, found: dict[str, Indication]) -> str:
    others = ", ".join(sorted(found)) or "nothing"
    if (name in found) != example.expect:
        return f"expected {name}, found {others}" if example.expect else f"found {name}, expected not"
    if example.act and found[name].act != example.act:
        return f"act is {found[name].act}, expected {example.act}"
    if example.severity and found[name].severity != example.severity:
        return f"severity is {found[name].severity}, expected {example.severity}"
    return ""
