"""Fingerprint: one key for all copies of a text, made from the text alone.

Copies are retitled a little on their way: an agency's name before it, the speaker after a dash, "UPDATE 1",
another case or order. What can be cut without looking at any other message is cut; so the key is the same
whichever copy comes first. Translations are not found here: they meet as one voice, where they quote one.
"""

import hashlib
import re
import unicodedata

AGENCY = (
    r"reuters|ap|afp|tass|тасс|belta|белта|interfax|интерфакс|ria(?: novosti)?|риа(?: новости)?"
    r"|ukrinform|укринформ|укрінформ|unian|униан|уніан"
)
_BEFORE = re.compile(
    rf"^(?:(?:rt\s+@\w+|update(?:\s*\d+)?|breaking|срочно|терміново|молния|{AGENCY})\s*[-:|]+\s*"
    rf"|\((?:{AGENCY})\)\s*[-:|]*\s*)+"
)
_AFTER = re.compile(r"(?:\s*\(\d[\d.: ]*\))?(?:\s+[-|«:]\s+\S+(?:\s+\S+){0,3})?$")  # "- ministry", "| site"
_DASHES = re.compile(r"[‐-―−]")
_SIGNS = re.compile(r"[^\w\s@#:|«()./-]")
STEM = 6  # letters: regular endings in four languages are behind them
LEAST = 4  # words; fewer are a label, not a headline


def fingerprint(title: str, excerpt: str) -> str:
    """Equal for copies of one text: the set of word beginnings of its title; where that is short, of the excerpt too.

    >>> wire = fingerprint("Belarus extends its drills on the border", "")
    >>> wire == fingerprint("UPDATE 1-(Reuters) - Belarus extends its drills on the border — ministry", "")
    True
    >>> wire == fingerprint("Belarus ends its drills on the border", "")
    False
    >>> fingerprint("9,000 troops are to come to Belarus", "") == fingerprint("900 troops are to come to Belarus", "")
    False
    """
    words = _words(title)
    if len(words) < LEAST:
        words += _words(excerpt)
    numbers = [word for word in words if word.isdigit()]  # 02.04 is not 04.02: their order tells
    key = " ".join([*sorted(set(words) - set(numbers)), *numbers])
    return hashlib.blake2b(key.encode(), digest_size=8).hexdigest()


def _words(text: str) -> list[str]:
    """Beginnings of the words that carry it, without who passes it on.

    >>> _words("RT @someone: Drills in Minsk EXTENDED - army")
    ['drills', 'in', 'minsk', 'extend']
    """
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text).casefold())
    plain = " ".join(_SIGNS.sub(" ", plain).split())
    bare = _BEFORE.sub("", plain)
    kept = re.findall(r"\w+", _AFTER.sub("", bare))
    found = kept if len(kept) >= LEAST else re.findall(r"\w+", bare)
    return [word if word.isdigit() else word[:STEM] for word in found]
