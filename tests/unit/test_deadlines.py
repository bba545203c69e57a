"""Who foretells an entry by a time, or for now, pays when it has not come: whoever says it, not whoever quotes it."""

from datetime import UTC, datetime

import pytest

from schemas.article import Article
from schemas.indication import Act
from stream.catalogue.load import load
from stream.core.facts import deadline_in
from stream.core.observe import Observer
from stream.core.statements import entries, expired

AT = datetime(2022, 3, 11, 15, tzinfo=UTC)
CATALOGUE = load()
OBSERVER = Observer(CATALOGUE)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Belarus may invade today at 21:00", 4),
        ("Belarus may invade today at 9 p.m.", 4),
        ("Белорусские войска могут войти сегодня в 21:00", 4),
        ("Вторгнення можливе сьогодні о 21 годині", 4),
        ("Belarus may attack within 48 hours", 48),
        ("Troops are to enter in one or two days", 48),
        ("Войска могут войти в ближайшие сутки-двое", 48),
        ("Джерела чекають вторгнення за день-два", 48),
        ("Вторгнення чекають протягом двох діб", 48),
        ("Belarus could strike at any moment", 72),
        ("Вторжение возможно в ближайшие часы", 72),
        ("Напад можливий найближчим часом", 72),
        ("Belarus will invade tomorrow", 31),
        ("Вторгнутся завтра", 31),
        ("Belarus may invade today at 25:00", None),
        ("The drills last through 20 February", None),
        ("They came in 2022, five days ago, 5 km away", None),
    ],
)
def test_when_it_should_have_happened(text: str, hours: int | None) -> None:
    found = deadline_in(text, AT)
    assert hours == (found and round((found - AT).total_seconds() / 3_600))


@pytest.mark.parametrize(
    ("lang", "title", "claimant"),
    [
        ("en", "Belarus may invade Ukraine at 21:00 today: Centre for Strategic Communications", "ukraine_officials"),
        ("en", "General Staff: Belarusian troops could enter Ukraine within 48 hours", "ukraine_general_staff"),
        ("en", "Belarusian troops have entered Chernihiv region, Ukraine's parliament says", "ukraine_officials"),
        ("ru", "Генштаб: белорусские войска могут вторгнуться в Украину в течение суток", "ukraine_general_staff"),
        ("ru", "Белорусские войска вошли в Черниговскую область, заявили в Верховной раде", "ukraine_officials"),
        ("uk", "Генштаб: білоруські війська можуть вторгнутися в Україну протягом двох діб", "ukraine_general_staff"),
        ("uk", "Білоруські війська зайшли на Чернігівщину, повідомили у Верховній Раді", "ukraine_officials"),
    ],
)  # fmt: skip
def test_whoever_is_quoted_pays(lang: str, title: str, claimant: str) -> None:
    article = Article(
        id="x", published_at="2022-03-11T15:00:00Z", publisher="nobody.example", lang=lang, title=title
    )
    found = [
        i
        for i in OBSERVER.indications(article, AT.timestamp())
        if i.indicator in {"border_crossing", "ukrainian_warning"}
    ]
    assert found, "read as no claim of entry"
    paying = {
        who
        for i in found
        for who in expired(CATALOGUE.indicators[i.indicator], [i], entries([]), CATALOGUE.problem)
    }
    assert paying == {claimant}
    assert {i.publisher for i in found} == {"nobody.example"}


@pytest.mark.parametrize(
    ("act", "pays"),
    [("claimed", True), ("predicted", True), ("official", False), ("observed", False), ("denied", False)],
)
def test_only_what_is_alleged_or_foretold_can_fail(act: str, pays: object) -> None:
    article = Article(
        id="x",
        published_at="2022-03-11T15:00:00Z",
        publisher="n.example",
        title="General Staff: Belarus may invade Ukraine",
    )
    [found] = [i for i in OBSERVER.indications(article, AT.timestamp()) if i.indicator == "ukrainian_warning"]
    made = found.model_copy(update={"act": Act(act), "deadline": AT})
    assert bool(expired(CATALOGUE.indicators[made.indicator], [made], [], CATALOGUE.problem)) is pays
