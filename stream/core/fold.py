"""Text as it is compared: folded letters, whole words, whole sentences. One pass, no backtracking."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

# Soft hyphen, zero-width and bidi controls, variation selectors, BOM: they hide inside words.
INVISIBLE = "\u00ad\u034f\u061c\u180e" + "".join(
    map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFE0E, 0xFE0F, 0xFEFF])
)
_STRESS = "\u0300\u0301"
_APOSTROPHES = "'’‘ʼʹ`´＇"
# Letters that spelling reforms, keyboards and euphony (Belarusian у/ў) make interchangeable.
_LETTERS = str.maketrans(
    {"ё": "е", "ў": "у", "ї": "і", "ґ": "г"} | dict.fromkeys(INVISIBLE + _STRESS + _APOSTROPHES)
)
_HIDDEN = re.compile(f"[{INVISIBLE}]")
_POSSESSIVE = re.compile(
    rf"[{_APOSTROPHES}](?<=[A-Za-z].)s\b"
)  # a pattern that begins with a set is a quick search
_AMERICA = re.compile(r"\bU\.S\.A?\.?|\bUSA?\b")  # "US", not "us"
_MAY = re.compile(r"\bMay(?=\s+\d)|(?<=\d\s)May\b|(?<=\bin\s)May\b")  # the month, not the modal
_DISTANCE = re.compile(r"\d(?=(?:km|км)\b)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-zа-яёіїєґў])(?=[A-ZА-ЯЁІЇЄҐЎ][a-zа-яёіїєґў])")
_HASHTAG = re.compile(r"#(\w+)")
_LINK = re.compile(r"https?://\S+")
_DASH = re.compile(r"\s-\s")
_PLAIN = re.compile(r"[^\W_]+")
_WORD = re.compile(r"([:\u2013\u2014]|(?<=\s)-(?=\s))|([\U0001F1E6-\U0001F1FF]{2}|[^\W_]+)")
# Where a sentence may end; a cut mark, a list's semicolon and a line break end one too.
# Where one would match at all is told by its first character, so nothing else is tried, and no text is slow.
_END = re.compile(
    r"[.!?…\n;*\[](?:(?<=[.!?…])[\"»”)]*\s+|(?<=\n)\n*|(?<=\[)(?:…|\.\.\.)\]\s*|(?<=;)\s+|(?<=\*)\*+)"
)
_STOPS = frozenset(".!?…")  # these stay with their sentence
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Gen|Lt|Col|Maj|Adm|Sen|Rep|Gov|St|No|vs|approx|им|ул|гг?|тыс|тис|млн|обл|рр?|св|гл)"
    r"|\b[А-ЯІЇЄ])\.$"
)
MAX_SENTENCE = 1_200  # characters; longer runs are no sentences, and are cut


class Words(NamedTuple):
    """The folded words of one sentence, and the word indices where a colon and the last dash stand."""

    words: tuple[str, ...]
    colon: int | None
    dash: int | None


def fold(text: str) -> str:
    """Fold what writing varies without meaning: composition, case, ё/е, apostrophes, hidden characters.

    >>> fold("Бела\u00adрусь ЁЛКА об’єкт Russia’s")
    'беларусь елка обєкт russia'
    """
    text = _POSSESSIVE.sub("", unicodedata.normalize("NFC", text)).lower()
    return text.replace("'", "").replace("`", "") if text.isascii() else text.translate(_LETTERS)


def is_disguised(text: str) -> bool:
    """Whether hidden characters stand in the text, so that a plain search could miss a word."""
    return not text.isascii() and _HIDDEN.search(text) is not None


def sentences(text: str) -> list[str]:
    """Split into sentences.

    >>> sentences("Mr. Putin met U.S. envoys. He left; they stayed [\u2026] on")
    ['Mr. Putin met U.S. envoys.', 'He left', 'they stayed', 'on']
    """
    found: list[str] = []
    held = ""
    for part in _parts(text):
        piece = f"{held} {part}".strip() if held else part.strip()
        held = ""
        if not piece:
            continue
        if piece[-1] == "." and _ABBREVIATION.search(piece[-12:]):
            held = piece
            continue
        found.extend(piece[n : n + MAX_SENTENCE] for n in range(0, len(piece), MAX_SENTENCE))
    return [*found, held] if held else found


def _parts(text: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        at = end.start()
        yield text[start : at + (text[at] in _STOPS)]
        start = end.end()
    yield text[start:]


def words(sentence: str) -> Words:
    """Folded words of a sentence; flags count as words, hashtags are opened, links are dropped.

    >>> words("🇧🇾 #RussianTroops near Брест: ёлка https://t.co/x").words
    ('🇧🇾', 'russian', 'troops', 'near', 'брест', 'елка')
    >>> words("Minsk: calm – Reuters")[1:]
    (1, 2)
    """
    if "://" in sentence:
        sentence = _LINK.sub(" ", sentence)
    if "#" in sentence:
        sentence = _HASHTAG.sub(lambda tag: _CAMEL.sub(" ", tag[1]), sentence)
    if "U" in sentence:
        sentence = _AMERICA.sub(" usa ", sentence)
    if "May" in sentence:
        sentence = _MAY.sub("5", sentence)
    sentence = fold(_DISTANCE.sub(r"\g<0> ", sentence))
    if sentence.isascii() and ":" not in sentence and not _DASH.search(sentence):
        return Words(tuple(_PLAIN.findall(sentence)), None, None)
    found: list[str] = []
    colon = dash = None
    for mark, word in _WORD.findall(sentence):
        if word:
            found.append(word)
        elif mark == ":":
            colon = len(found) if colon is None else colon
        else:
            dash = len(found)
    return Words(tuple(found), colon, dash)
