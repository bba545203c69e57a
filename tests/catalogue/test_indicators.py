"""What holds for every indicator of the catalogue that ships: it is a data file that proves itself."""

import re
from datetime import UTC, datetime

import pytest

from schemas.catalogue import Catalogue, Indicator
from schemas.pattern import Example
from stream.catalogue.load import load
from stream.core.match import ANCHOR, Matcher

CATALOGUE = load()
MATCHER = Matcher(CATALOGUE)
AT = datetime(2022, 6, 1, tzinfo=UTC)
# Concepts that code reads by name (stream/core/stance.py, facts.py, match.py).
READ_BY_CODE = {
    ANCHOR,
    "says",
    "addresses",
    "according",
    "negation",
    "contrast",
    "evidence",
    "foretold",
    "extended",
    "standing",
    "capital",
}
EXAMPLES = [(i.id, e) for i in CATALOGUE.indicators.values() for e in i.examples]
PATTERNS = [(i.id, n) for i in CATALOGUE.indicators.values() for n in range(len(i.patterns))]


@pytest.mark.parametrize(
    ("indicator", "example"), EXAMPLES, ids=lambda value: str(getattr(value, "text", value))[:60]
)
def test_an_example_is_found_where_it_says_so_and_nowhere_else(indicator: str, example: Example) -> None:
    found = {m.indicator: m for m in MATCHER.match(example.title, example.text, example.lang, AT)}
    assert (indicator in found) == example.expect, sorted(found)
    if example.act:
        assert found[indicator].act == example.act
    if example.severity:
        assert found[indicator].severity == example.severity


@pytest.mark.parametrize(("indicator", "number"), PATTERNS)
def test_every_pattern_alone_finds_one_of_its_examples(indicator: str, number: int) -> None:
    row = CATALOGUE.indicators[indicator]
    lone = row.model_copy(update={"patterns": (row.patterns[number],)})
    matcher = Matcher(CATALOGUE.model_copy(update={"indicators": {indicator: lone}}))
    texts = [e for e in row.examples if e.expect]
    assert any(matcher.match(e.title, e.text, e.lang, AT) for e in texts), row.patterns[number].why


@pytest.mark.parametrize("indicator", CATALOGUE.indicators.values(), ids=lambda i: i.id)
def test_an_indicator_proves_itself_in_four_languages(indicator: Indicator) -> None:
    positive = [e for e in indicator.examples if e.expect]
    negative = [e for e in indicator.examples if not e.expect]
    assert len(positive) >= 4
    assert len(negative) >= 2
    assert {e.lang for e in positive} == {"en", "ru", "uk", "be"}
    assert indicator.rationale
    assert indicator.known_gaps
    assert all(re.match(r"https?://", url) for url in indicator.references)
    assert indicator.references


def test_every_concept_is_used_by_a_pattern_another_concept_or_the_code() -> None:
    named = {
        concept
        for indicator in CATALOGUE.indicators.values()
        for pattern in indicator.patterns
        for one in (*pattern.all, *pattern.about, *pattern.none, *pattern.stronger)
        for concept in one.split("|")
    }
    voices = CATALOGUE.voices
    referred = {
        ref
        for concept in (*CATALOGUE.lexicon.values(), *voices)
        for ref in (*re.findall(r"\{(\w+)\}", " ".join(concept.terms)), *concept.unless)
    }
    facts = {key for key, concept in CATALOGUE.lexicon.items() if concept.name}
    assert CATALOGUE.lexicon.keys() - named - referred - facts - READ_BY_CODE == set()


def test_every_role_is_spoken_for() -> None:
    wanted = {r for i in CATALOGUE.indicators.values() for p in i.patterns for r in (*p.by, *p.not_by)}
    assert wanted <= {voice.role for voice in CATALOGUE.voices}


def test_nothing_is_found_in_nothing_nor_without_an_anchor() -> None:
    assert MATCHER.match("", "", "en", AT) == ()
    for indicator, example in EXAMPLES:
        assert indicator
        plain = re.sub(
            r"(?i)\b\w*(b[iy]?elar|belor|беларус|белорус|білорус|минск|мінськ)\w*", "X", example.text
        )
        assert isinstance(MATCHER.match("", plain, example.lang, AT), tuple)
    assert MATCHER.match("Drills extended", "Russian troops arrive, the army said.", "en", AT) == ()


def test_all_languages_of_a_concept_compile_and_no_term_begins_with_a_gap() -> None:
    for key, concept in CATALOGUE.lexicon.items():
        for term in concept.terms:
            assert term.strip() == term, (key, term)
            assert not re.match(r"_\d?( |$)|\S+\?( |$)", term), (key, term)


def test_the_catalogue_is_one_frozen_value() -> None:
    assert isinstance(CATALOGUE, Catalogue)
    assert load().version == CATALOGUE.version
    assert len(CATALOGUE.indicators) == 25
