"""The matcher: pure, deterministic, linear, and blind to how a text is dressed up."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.indication import Act
from schemas.pattern import Concept, Example
from stream.catalogue.load import load
from stream.core.lexicon import Lexicon, Span
from stream.core.match import EXCERPT, Match, Matcher

CATALOGUE = load()
MATCHER = Matcher(CATALOGUE)
ANOTHER = Matcher(CATALOGUE)
AT = datetime(2022, 3, 11, 15, tzinfo=UTC)
POSITIVE = [e for i in CATALOGUE.indicators.values() for e in i.examples if e.expect]


def match(text: str, title: str = "", lang: str = "en", publisher: str = "") -> dict[str, Match]:
    return {m.indicator: m for m in MATCHER.match(title, text, lang, AT, publisher)}


@given(st.text(max_size=400), st.text(max_size=80))
def test_any_text_is_answered_within_bounds(text: str, title: str) -> None:
    found = MATCHER.match(title, f"Belarus {text} Russian troops", "en", AT)
    assert [m.indicator for m in found] == sorted({m.indicator for m in found})
    for one in found:
        assert 1 <= one.severity <= CATALOGUE.indicators[one.indicator].max_severity
        assert len(one.excerpt) <= EXCERPT
        assert one.why


@given(st.sampled_from(POSITIVE), st.sampled_from(["\u00ad", "\u200b", "\u2060", "\ufeff"]))
def test_hidden_characters_hide_nothing(example: Example, hidden: str) -> None:
    plain = {m.indicator for m in MATCHER.match(example.title, example.text, example.lang, AT)}
    text = hidden.join(example.text)
    dressed = {m.indicator for m in MATCHER.match(example.title, text, example.lang, AT)}
    assert dressed >= plain


@given(st.sampled_from(POSITIVE))
def test_the_same_text_gives_the_same_answer(example: Example) -> None:
    once = MATCHER.match(example.title, example.text, example.lang, AT)
    assert once == ANOTHER.match(example.title, example.text, example.lang, AT)


@pytest.mark.parametrize("text", ["Russian troops arrive for drills.", "Minsk agreements must be kept.", ""])
def test_without_the_anchor_nothing_is_read(text: str) -> None:
    assert match(text) == {}


@pytest.mark.parametrize(
    "text",
    [
        "BELARUS AND RUSSIA EXTEND JOINT DRILLS",
        "#Belarus and #Russia extend joint drills",
        "🇧🇾🇷🇺⚡️Joint drills extended",
        "Byelarus and Russia extend joint drills",
    ],
)
def test_dress_does_not_matter(text: str) -> None:
    assert "exercise" in match(text)


def test_who_says_it_decides_what_it_is() -> None:
    ours = match("Belarus may enter the war, the General Staff said")["ukrainian_warning"]
    theirs = match("Belarus may enter the war, Stoltenberg said")["third_party_warning"]
    assert (ours.claimant, theirs.claimant) == ("General Staff of Ukraine", "NATO")
    assert "ukrainian_warning" not in match("Belarus may enter the war, Stoltenberg said")


def test_a_publisher_that_is_a_voice_speaks_where_nobody_is_quoted() -> None:
    text = "We see that Belarus may enter the war."
    assert match(text, publisher="president.gov.ua")["ukrainian_warning"].claimant == "Zelensky"
    assert "ukrainian_warning" not in match(text, publisher="example.org")


def test_negation_turns_a_claim_around() -> None:
    assert "border_crossing" in match("Belarusian troops entered Ukraine")
    assert "border_crossing" not in match("Belarusian troops have not entered Ukraine")
    assert "threat_rhetoric" in match("Lukashenko says Belarus does not want war, but is ready for it")
    staying = match("Not one Russian soldier will stay in Belarus after the drills, Makei promised")
    assert "russian_outflow" in staying
    assert "russian_inflow" not in staying
    assert "russian_outflow" not in match(
        "Russian soldiers will stay in Belarus after the drills, Makei promised"
    )


def test_acts() -> None:
    assert match("Satellite images show Russian tanks in Belarus")["russian_inflow"].act is Act.OBSERVED
    assert match("Russian troops arrived in Belarus, Khrenin said")["russian_inflow"].act is Act.OFFICIAL
    assert match("Russian troops arrived in Belarus, ISW says")["russian_inflow"].act is Act.ASSESSED


def test_facts_and_deadline() -> None:
    found = match("Belarus may invade Ukraine today at 21:00, Ukrainian officials say")["border_crossing"]
    assert found.deadline == datetime(2022, 3, 11, 19, tzinfo=UTC)
    arrival = match("Just under 9,000 Russian troops will arrive in Belarus")["russian_inflow"]
    assert (arrival.facts.headcount, arrival.severity) == (9_000, 3)
    drills = match("Union Resolve drills in Belarus run until February 20")["exercise"]
    assert (drills.facts.name, str(drills.facts.ends_on)) == ("Union Resolve", "2022-02-20")
    assert match("Россия и Беларусь продлили учения", lang="ru")["exercise"].facts.extended


def test_a_concept_yields_to_what_bars_it_also_inside_other_concepts() -> None:
    lexicon = Lexicon(
        {
            "deal": Concept(en=("minsk deal",)),
            "town": Concept(en=("minsk",), unless=("deal",)),
            "inside": Concept(en=("in _1 {town}",)),
        }
    )
    assert lexicon.hits(("in", "old", "minsk")).get("inside") == [Span(0, 3)]
    assert "inside" not in lexicon.hits(("in", "minsk", "deal"))


def test_concepts_that_refer_to_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="refer to an unknown concept or to each other"):
        Lexicon({"a": Concept(en=("{b} x",)), "b": Concept(en=("{a} y",))})


@pytest.mark.parametrize(
    ("text", "indicator", "speaker"),
    [
        (
            "Macron on Friday evening warned Lukashenko that Belarus must not be drawn into the war",
            "third_party_warning",
            "West",
        ),
        ("Zelensky once more warns Lukashenko against entering the war", "ukrainian_warning", "Zelensky"),
        (
            "We have no plans to go to war with anyone at all: Lukashenko",
            "participation_denial",
            "Lukashenko",
        ),
    ],
)
def test_who_addresses_somebody_speaks_and_so_does_a_name_after_a_late_colon(
    text: str, indicator: str, speaker: str
) -> None:
    found = match(text)
    assert indicator in found
    assert speaker in found[indicator].claimant
