"""One agency line in three languages is one voice; another figure, or another day, is another report."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from schemas.wire import rfc3339
from stream.catalogue.load import load
from stream.core.assess import Assessor
from stream.core.observe import Inbound, Observer

CATALOGUE = load()
OBSERVER = Observer(CATALOGUE)
AT = datetime(2022, 10, 15, 8, tzinfo=UTC)
ENGLISH = ("en", "reuters.com", "9,000 Russian troops arrive in Belarus")
UKRAINIAN = ("uk", "ukrinform.ua", "До Білорусі прибули 9000 російських військових")
RUSSIAN = ("ru", "meduza.io", "В Беларусь прибыли 9000 российских военных")
MORE = ("uk", "ukrinform.ua", "До Білорусі прибули 12000 російських військових")


def mass(*told: tuple[str, str, str], hours: float = 3) -> float:
    """Weight of the heaviest claim of an inflow, told every so many hours."""
    assessor = Assessor(CATALOGUE, origins=["articles-0"])
    for n, (lang, publisher, title) in enumerate(told):
        at = AT + n * timedelta(hours=hours)
        body = {
            "id": f"m{n}",
            "publisher": publisher,
            "published_at": rfc3339(at),
            "lang": lang,
            "title": title,
        }
        record = Inbound("article", json.dumps(body).encode(), at.timestamp(), "articles-0", n)
        for k, value in enumerate(OBSERVER.observe([record]).observations):
            assessor.apply("indications-0", 10 * n + k, value)
    last = AT + timedelta(days=3)
    rows = {row.indicator: row for row in assessor.at(last.timestamp()).ledger}
    return max(e.mass for e in rows["russian_inflow"].claims)


def test_a_translated_line_adds_nothing() -> None:
    assert mass(ENGLISH, UKRAINIAN, RUSSIAN) == pytest.approx(mass(ENGLISH))


def test_another_figure_or_another_day_is_another_report() -> None:
    assert mass(ENGLISH, MORE) > 1.05 * mass(ENGLISH)
    assert mass(ENGLISH, UKRAINIAN, hours=30) > 1.05 * mass(ENGLISH)
