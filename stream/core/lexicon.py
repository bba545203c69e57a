"""The catalogue's concepts, compiled: which of them stand where in a sentence.

A cascade of small token grammars, each level reading what the one below found, as in FASTUS (Hobbs et al.,
"FASTUS: A Cascaded Finite-State Transducer for Extracting Information from Natural-Language Text", 1997).
A word wakes only the terms that begin with it, so the cost follows the text, not the catalogue.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
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


class _Node:
    """One place in the terms of a level, laid over each other as a trie: what may come next, what ends here."""

    __slots__ = ("any", "concepts", "ends", "leaf", "open", "words")

    def __init__(self) -> None:
        self.words: dict[int, _Node] = {}  # by word class
        self.concepts: dict[str, _Node] = {}
        self.any: _Node | None = None  # any one word
        self.ends: list[str] = []  # concepts that a term up to here stands for
        self.leaf = self.open = True  # nothing follows; not only a certain word does; `_seal` says which


class _Word(NamedTuple):
    """What is known of a word: its classes, and by level where terms go on that begin with it."""

    classes: tuple[int, ...]
    begins: tuple[tuple[int, _Node], ...]


class Lexicon:
    """All concepts, compiled once. Names of concepts that a term refers to must exist, without a cycle."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._stems: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[int]] = defaultdict(list)
        self._classes: dict[str, int] = {}
        self._stem = snowballstemmer.stemmer("english").stemWord
        order = levels(concepts)
        self._roots = [_Node() for _ in range(1 + max(order.values(), default=0))]
        self._names = {key: concept.name for key, concept in concepts.items() if concept.name}
        self._unless = {name: concept.unless for name, concept in concepts.items() if concept.unless}
        for name, concept in concepts.items():
            for term in concept.terms:
                self._add(name, self._roots[order[name]], _parts(term))
        for root in self._roots:
            _seal(root)
        self._after: dict[str, list[tuple[int, _Node]]] = defaultdict(
            list
        )  # where terms go on from a concept
        for level, root in enumerate(self._roots):
            for name, node in root.concepts.items():
                self._after[name].append((level, node))
        self._lengths = tuple(sorted({len(prefix) for prefix in self._prefixes}))
        self._known = lru_cache(CACHE)(self._word)

    def _add(self, concept: str, node: _Node, parts: Sequence[str]) -> None:
        """Lay a term's steps into the trie from `node` on; what may be missing is laid with it and without."""
        if not parts:
            if concept not in node.ends:
                node.ends.append(concept)
            return
        part, rest = parts[0], parts[1:]
        if gap := _GAP.match(part):
            self._add(concept, node, rest)
            for _ in range(int(gap[1] or 1)):
                node.any = node.any or _Node()
                node = node.any
                self._add(concept, node, rest)
            return
        if part.endswith("?"):
            self._add(concept, node, rest)
        part = part.removesuffix("?")
        if part.startswith("{"):
            self._add(concept, node.concepts.setdefault(part[1:-1], _Node()), rest)
        else:
            self._add(concept, node.words.setdefault(self._class(part), _Node()), rest)

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

    def _word(self, word: str) -> _Word:
        found = list(self._exact.get(word, ()))
        if word.isascii():
            found += self._stems.get(self._stem(word), ())
        for length in self._lengths:
            if length > len(word):
                break
            found += self._prefixes.get(word[:length], ())
        begins = [
            (level, root.words[number])
            for level, root in enumerate(self._roots)
            for number in found
            if number in root.words
        ]
        return _Word(tuple(found), tuple(begins))

    def name(self, hits: Hits) -> str | None:
        """The proper name that a sentence mentions, the first in order of the alphabet; None where none."""
        return min((self._names[key] for key in self._names.keys() & hits.keys()), default=None)

    def _begun(self, known: Sequence[_Word]) -> list[list[tuple[_Node, int, int]]]:
        """By level, the places in the trie where the words lead at once: (node, first word, next word)."""
        queue: list[list[tuple[_Node, int, int]]] = [[] for _ in self._roots]
        for at, word in enumerate(known):
            following = known[at + 1].classes if at + 1 < len(known) else ()
            for level, node in word.begins:
                # most terms stop at the second word: they aren't worth a look
                if node.open or not node.words.keys().isdisjoint(following):
                    queue[level].append((node, at, at + 1))
        return queue

    def hits(self, text: tuple[str, ...]) -> Hits:
        """Where each concept stands in the folded words `text`; only concepts that do.

        What reading costs is this one loop: from level to level, each way on from a place in the trie is put at the
        end of what waits.
        """
        known = [self._known(word) for word in text]
        hits: Hits = {}
        starts: dict[int, list[tuple[str, int]]] = {}  # concepts by word, with their ends
        queue = self._begun(known)
        for waiting in queue:
            for node, start, at in waiting:
                for concept in node.ends:
                    found = starts.setdefault(start, [])
                    if (concept, at) in found or self._barred(concept, start, at, hits):
                        continue
                    found.append((concept, at))
                    hits.setdefault(concept, []).append(Span(start, at))
                    for level, after in self._after.get(concept, ()):
                        queue[level].append((after, start, at))
                if node.leaf or at == len(known):
                    continue
                if node.words:
                    waiting += [(node.words[n], start, at + 1) for n in known[at].classes if n in node.words]
                if node.any:
                    waiting.append((node.any, start, at + 1))
                if node.concepts and at in starts:
                    waiting += [
                        (node.concepts[name], start, end) for name, end in starts[at] if name in node.concepts
                    ]
        return hits

    def _barred(self, concept: str, start: int, end: int, hits: Hits) -> bool:
        bars = self._unless.get(concept)
        return bars is not None and any(
            start < bar.end and bar.start < end for other in bars for bar in hits.get(other, ())
        )


def _seal(node: _Node) -> None:
    """Note of a finished trie where it ends."""
    below = [*node.words.values(), *node.concepts.values(), *([node.any] if node.any else [])]
    node.leaf, node.open = not below, bool(node.ends or node.any or node.concepts)
    for child in below:
        _seal(child)


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
