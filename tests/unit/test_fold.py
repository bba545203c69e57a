"""Folding: what writing varies without meaning must not hide a word, and nothing else may change."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from stream.core.fold import INVISIBLE, fold, is_disguised, sentences, words

TEXTS = st.text(max_size=300)
CYRILLIC = st.text(alphabet="беларусьЁёЎўІіЇїЄє АБВ", max_size=60)


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(CYRILLIC)
def test_composition_and_case_do_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text) == fold(text.upper())


@given(st.sampled_from(INVISIBLE), st.integers(0, 7))
def test_a_hidden_character_changes_nothing_but_is_noticed(hidden: str, at: int) -> None:
    word = "беларусь"
    assert fold(word[:at] + hidden + word[at:]) == word
    assert is_disguised(word[:at] + hidden + word[at:])
    assert not is_disguised(word)


@given(TEXTS)
def test_no_letter_is_lost_between_sentences(text: str) -> None:
    kept = "".join(c for c in "".join(sentences(text)) if c.isalnum())
    assert kept == "".join(c for c in text if c.isalnum())


@given(TEXTS)
def test_words_are_folded_and_marks_point_into_them(text: str) -> None:
    found = words(text)
    assert all(word == word.lower() and word.strip() for word in found.words)
    for mark in (found.colon, found.dash):
        assert mark is None or 0 <= mark <= len(found.words)


def test_abbreviations_do_not_end_sentences() -> None:
    assert sentences("Gen. Nayev spoke. О. Данилов ответил.") == ["Gen. Nayev spoke.", "О. Данилов ответил."]


def test_flags_hashtags_and_links() -> None:
    assert words("🇷🇺🇧🇾⚡️#RussianArmy at https://x.org/Belarus").words == (
        "🇷🇺",
        "🇧🇾",
        "russian",
        "army",
        "at",
    )


def test_america_is_not_a_pronoun_and_may_is_a_month_beside_a_number() -> None:
    assert words("US says they attack us").words == ("usa", "says", "they", "attack", "us")
    assert words("On May 3 they may come").words == ("on", "5", "3", "they", "may", "come")
