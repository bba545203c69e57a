"""The catalogue's concepts, compiled: which of them stand where in a sentence.

A cascade of small token grammars, each level reading what the one below found, as in FASTUS (Hobbs et al.,
"FASTUS: A Cascaded Finite-State Transducer for Extracting Information from Natural-Language Text", 1997).
A word wakes only the terms that begin with it, so the cost follows the text, not the catalogue.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

from schemas.pattern import Concept
from stream.core.fold import words

CACHE = 50_000  # distinct words remembered; a language's news has about as many
_GAP = re.compile(r"_(\d?)$")


class Span(NamedTuple):
    """Words `start` to `end` (exclusive)."""

    start: int
    end: int


Hits = dict[str, list[Span]]
_Ends = dict[tuple[str, int], set[int]]  # of each concept's hits, by where they start


class _Element(NamedTuple):
    """One step of a term: a word class (`word`), a concept, or a gap of up to `gap` words."""

    word: int | None = None
    concept: str | None = None
    gap: int = 0
    optional: bool = False


class _Term(NamedTuple):
    concept: str
    level: int
    steps: tuple[_Element, ...]
    words: frozenset[int]  # what must stand somewhere in the sentence, or the term needn't be tried
    concepts: frozenset[str]
    lone: bool  # one word and no more: the usual case, and a quick one


_Queue = list[list[tuple[_Term, int]]]  # by level: terms to try, and from which word on


class Lexicon:
    """All concepts, compiled once. Names of concepts that a term refers to must exist, without a cycle."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[int]] = defaultdict(list)
        self._classes: dict[str, int] = {}
        self._stem = snowballstemmer.stemmer("english").stemWord
        self._by_word: dict[int, list[_Term]] = defaultdict(list)
        self._by_concept: dict[str, list[_Term]] = defaultdict(list)
        order = levels(concepts)
        self._depth = 1 + max(order.values(), default=0)
        self._names = {key: concept.name for key, concept in concepts.items() if concept.name}
        self._unless = {name: concept.unless for name, concept in concepts.items() if concept.unless}
        for name, concept in concepts.items():
            for term in concept.terms:
                self._add(name, order[name], term)
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._classify = lru_cache(CACHE)(self._classes_of)

    def _add(self, concept: str, level: int, term: str) -> None:
        steps = tuple(self._element(part) for part in _parts(term))
        first = steps[0]
        needed = [step for step in steps if not step.optional and not step.gap]
        entry = _Term(
            concept,
            level,
            steps,
            words=frozenset(step.word for step in needed if step.word is not None),
            concepts=frozenset(step.concept for step in needed if step.concept is not None),
            lone=len(steps) == 1 and first.word is not None,
        )
        if first.word is not None:
            self._by_word[first.word].append(entry)
        else:
            self._by_concept[first.concept or ""].append(entry)

    def _element(self, part: str) -> _Element:
        if gap := _GAP.match(part):
            return _Element(gap=int(gap[1] or 1))
        optional = part.endswith("?")
        part = part.removesuffix("?")
        if part.startswith("{"):
            return _Element(concept=part[1:-1], optional=optional)
        return _Element(word=self._class(part), optional=optional)

    def _class(self, part: str) -> int:
        if part in self._classes:
            return self._classes[part]
        number = self._classes[part] = len(self._classes)
        if part.endswith("*"):
            self._prefixes[part[:-1]].append(number)
        elif part.startswith("="):
            self._exact[part[1:]].append(number)
        elif part.isascii() and part.isalpha():
            self._stems[self._stem(part)].append(number)
        else:
            self._exact[part].append(number)
        return number

    def _classes_of(self, word: str) -> tuple[int, ...]:
        found = list(self._exact.get(word, ()))
        if word.isascii():
            found += self._stems.get(self._stem(word), ())
        for length in self._lengths:
            if length > len(word):
                break
            found += self._prefixes.get(word[:length], ())
        return tuple(found)

    def name(self, hits: Hits) -> str | None:
        """The proper name that a sentence mentions, the first in order of the alphabet; None where none."""
        return min((self._names[key] for key in self._names.keys() & hits.keys()), default=None)

    def hits(self, text: tuple[str, ...]) -> Hits:
        """Where each concept stands in the folded words `text`; only concepts that do."""
        classes = [self._classify(word) for word in text]
        present = {number for found in classes for number in found}
        queue: _Queue = [[] for _ in range(self._depth)]
        for at, found in enumerate(classes):
            for number in found:
                for term in self._by_word.get(number, ()):
                    if term.words <= present:
                        queue[term.level].append((term, at))
        hits: Hits = defaultdict(list)
        ends: dict[tuple[str, int], set[int]] = defaultdict(set)
        for level in queue:
            for term, at in level:
                if not term.concepts <= hits.keys():
                    continue
                fits = (at + 1,) if term.lone else _match(term.steps, 0, at, classes, ends)
                for end in fits:
                    self._record(term, Span(at, end), hits, ends, present, queue)
        return dict(hits)

    def _record(
        self, term: _Term, span: Span, hits: Hits, ends: _Ends, present: set[int], queue: _Queue
    ) -> None:
        """Note a hit, unless it is known or barred, and wake the terms that begin with its concept."""
        known = ends[term.concept, span.start]
        bars = self._unless.get(term.concept, ())
        if span.end in known or any(_overlap(span, bar) for other in bars for bar in hits.get(other, ())):
            return
        known.add(span.end)
        hits[term.concept].append(span)
        for later in self._by_concept.get(term.concept, ()):
            if later.words <= present:
                queue[later.level].append((later, span.start))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _match(
    steps: tuple[_Element, ...],
    step: int,
    at: int,
    classes: list[tuple[int, ...]],
    ends: _Ends,
) -> set[int]:
    """Ends of all ways the steps from `step` on fit from word `at` on."""
    if step == len(steps):
        return {at}
    element = steps[step]
    if element.word is not None and not element.optional:
        fits = at < len(classes) and element.word in classes[at]
        return _match(steps, step + 1, at + 1, classes, ends) if fits else set()
    found: set[int] = set()
    if element.gap:
        for skip in range(element.gap + 1):
            found |= _match(steps, step + 1, at + skip, classes, ends)
        return found
    if element.optional:
        found |= _match(steps, step + 1, at, classes, ends)
    if element.word is not None:
        if at < len(classes) and element.word in classes[at]:
            found |= _match(steps, step + 1, at + 1, classes, ends)
    else:
        for end in ends.get((element.concept or "", at), ()):
            found |= _match(steps, step + 1, end, classes, ends)
    return found


def _parts(term: str) -> list[str]:
    """Split a term into its steps, folding its words as texts are folded.

    >>> _parts("S-300 _2 {place} войск* там?")
    ['s', '300', '_2', '{place}', 'войск*', 'там?']
    """
    parts: list[str] = []
    for raw in term.split():
        if raw.startswith("{") or _GAP.match(raw):
            parts.append(raw)
            continue
        mark, body = ("=", raw[1:]) if raw.startswith("=") else ("", raw)
        tail = body[len(body.rstrip("*?")) :]
        folded = words(body.rstrip("*?")).words
        parts += [f"{mark}{word}" for word in folded[:-1]] + [f"{mark}{word}{tail}" for word in folded[-1:]]
    return parts


def levels(concepts: Mapping[str, Concept]) -> dict[str, int]:
    """Level of each concept: one above the highest that it refers to or yields to.

    Raises
    ------
    ValueError
        where a term refers to nothing, in a circle, or begins with something that may be missing.

    >>> levels({"town": Concept(en=("minsk",)), "inside": Concept(en=("in {town}",))})
    {'town': 0, 'inside': 1}
    """
    for name, concept in concepts.items():
        for term in concept.terms:
            first = term.split()[:1]
            if not first or first[0].endswith("?") or _GAP.match(first[0]):
                msg = f"{name}: the term {term!r} must begin with a word or a concept that can't be missing"
                raise ValueError(msg)
    refers = {
        name: {ref for term in concept.terms for ref in re.findall(r"\{(\w+)\}", term)} | {*concept.unless}
        for name, concept in concepts.items()
    }
    found: dict[str, int] = {}
    while len(found) < len(refers):
        ready = [n for n, refs in refers.items() if n not in found and refs <= found.keys()]
        if not ready:
            stuck = sorted(set(refers) - found.keys())
            msg = f"{', '.join(stuck)}: refer to an unknown concept or to each other"
            raise ValueError(msg)
        found |= {name: 1 + max((found[ref] for ref in refers[name]), default=-1) for name in ready}
    return found
