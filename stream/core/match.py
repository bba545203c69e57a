"""Text in, indications' raw material out: which indicators a message speaks of, who says so, and how.

Three passes, cheapest first: one Aho-Corasick search for any word of the `anchor` concept (nearly all text
leaves here), concepts per sentence, then the patterns that the concepts found wake.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

import ahocorasick_rs
from ahocorasick_rs import Implementation

from schemas.catalogue import Catalogue
from schemas.indication import Act, Facts
from schemas.pattern import Concept, Pattern
from stream.core.facts import deadline_in, facts_in
from stream.core.fold import INVISIBLE, Words, fold, is_disguised, sentences, words
from stream.core.lexicon import Hits, Lexicon
from stream.core.sources import SourceIndex
from stream.core.stance import Speaker, Stance
from stream.core.window import window

ANCHOR = "anchor"  # the concept without which a text is not read
EXCERPT = 300  # characters
_HEADLINE_TAIL = re.compile(r"\s[«|]\s")  # what follows names the section and the site


class Match(NamedTuple):
    """One indicator that a message speaks of.

    `claimant` is a name known to sources.toml, "" where nobody is quoted; `credibility` None means: by act.
    `excerpt` is the sentence (at most 300 characters), `why` the pattern's own explanation.
    """

    indicator: str
    act: Act
    severity: int
    claimant: str
    credibility: int | None
    facts: Facts
    deadline: datetime | None
    excerpt: str
    why: str


class _Rule(NamedTuple):
    indicator: str
    number: int
    pattern: Pattern
    all: tuple[tuple[str, ...], ...]
    none: tuple[str, ...]
    about: tuple[tuple[str, ...], ...]
    stronger: tuple[str, ...]
    max_severity: int


class _Scope(NamedTuple):
    """One sentence or headline with what was found in it and around it."""

    kind: str
    raw: str
    words: Words
    hits: Hits
    around: frozenset[str]
    speakers: tuple[Speaker, ...]


class _Finding(NamedTuple):
    """A rule that holds in a scope; the lowest `rank` (severity first, then place) speaks for its indicator."""

    rank: tuple[int, int, int]
    rule: _Rule
    scope: _Scope
    speaker: Speaker | None


class Matcher:
    """The catalogue's patterns, compiled; `match` is a pure function of the text.

    `anchors`: a text with none of them, as it is written, says nothing.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        voices = {f"voice_{n}": voice for n, voice in enumerate(catalogue.voices)}
        self._lexicon = Lexicon(
            catalogue.lexicon
            | {key: Concept(any=voice.terms, unless=voice.unless) for key, voice in voices.items()}
        )
        self._stance = Stance(voices)
        self._sources = SourceIndex(catalogue)
        self.anchors = _anchor_words(catalogue.lexicon.get(ANCHOR, Concept()))
        self._anchors = ahocorasick_rs.AhoCorasick(self.anchors, implementation=Implementation.DFA)
        self._rules = _index(catalogue)

    def match(self, title: str, text: str, lang: str, at: datetime, publisher: str = "") -> tuple[Match, ...]:
        """Find what a message says: at most one match per indicator, the most severe, then the first.

        A `publisher` that is itself a voice (a president's site) speaks where nobody else is quoted.
        """
        if not self._is_anchored(f"{title}\n{text}"):
            return ()
        best: dict[str, _Finding] = {}
        for place, scope in enumerate(self._scopes(title, text, self._owner(publisher))):
            for rule in self._awake(scope):
                found = self._judge(rule, scope, place)
                if found and (rule.indicator not in best or found.rank < best[rule.indicator].rank):
                    best[rule.indicator] = found
        return tuple(self._told(best[name], lang, at) for name in sorted(best))

    def _is_anchored(self, text: str) -> bool:
        """One search over the raw text; only where characters hide in it is it folded, and searched again."""
        search = self._anchors.find_matches_as_strings  # cheaper than where they stand
        if not search(text):
            return False
        return not is_disguised(text) or bool(search(fold(text)))

    def _anchored(self, found: list[str]) -> set[int]:
        """Which of these sentences an anchor stands in: one search over all of them."""
        ends = list(accumulate(len(sentence) + 1 for sentence in found))
        near = {
            bisect_right(ends, start)
            for _, start, _ in self._anchors.find_matches_as_indexes("\n".join(found))
        }
        return {number for number in near if self._is_anchored(found[number])}

    def _owner(self, publisher: str) -> tuple[Speaker, ...]:
        source = self._sources.find(publisher)
        return tuple(self._stance.named[name] for name in source.names if name in self._stance.named)[:1]

    def _scopes(self, title: str, text: str, owner: tuple[Speaker, ...]) -> Iterator[_Scope]:
        """Headline, then each sentence that an anchor stands in, or that follows one, or its headline.

        Who speaks is carried over: a headline without a speaker has the standfirst's, a sentence the headline's.
        """
        topic = frozenset(speaker.role for speaker in owner)
        speakers = owner
        rest = sentences(text)
        head = " ".join(sentences(_HEADLINE_TAIL.split(title, maxsplit=1)[0]))
        if head:
            scope = self._scope("headline", head, topic, ())
            if not scope.speakers and rest and ANCHOR in scope.hits:
                scope = scope._replace(speakers=self._scope("sentence", rest[0], topic, owner).speakers)
            topic, speakers = topic | scope.hits.keys(), scope.speakers or owner
            yield scope
        before: frozenset[str] = frozenset()
        anchored = range(len(rest)) if ANCHOR in topic else self._anchored(rest)
        for number, sentence in enumerate(rest):
            if number in anchored or ANCHOR in before:
                scope = self._scope("sentence", sentence, topic | before, speakers)
                before = frozenset(scope.hits)
                yield scope
            else:
                before = frozenset()

    def _scope(self, kind: str, raw: str, around: frozenset[str], carried: tuple[Speaker, ...]) -> _Scope:
        found = words(raw)
        hits = self._lexicon.hits(found.words)
        return _Scope(kind, raw, found, hits, around, self._stance.speakers(found, hits) or carried)

    def _awake(self, scope: _Scope) -> Iterator[_Rule]:
        for concept in scope.hits:
            yield from self._rules.get(concept, ())

    def _judge(self, rule: _Rule, scope: _Scope, place: int) -> _Finding | None:
        pattern, found = rule.pattern, scope.hits.keys()
        if pattern.scope not in ("sentence", scope.kind) or not found.isdisjoint(rule.none):
            return None
        if any(found.isdisjoint(one) for one in rule.all):
            return None
        if any(found.isdisjoint(one) and scope.around.isdisjoint(one) for one in rule.about):
            return None
        chosen = window(
            [sorted(span for c in one for span in scope.hits.get(c, ())) for one in rule.all],
            near=pattern.near,
            order=pattern.order,
        )
        if chosen is None or not self._stance.fits(pattern, chosen, scope.hits):
            return None
        speaker = self._stance.claimant(pattern, scope.speakers)
        if (pattern.by and speaker is None) or any(
            s.quoted and s.role in pattern.not_by for s in scope.speakers
        ):
            return None
        severity = min(pattern.severity + (not found.isdisjoint(rule.stronger)), rule.max_severity)
        return _Finding((-severity, place, rule.number), rule, scope, speaker)

    def _told(self, found: _Finding, lang: str, at: datetime) -> Match:
        pattern, scope, speaker = found.rule.pattern, found.scope, found.speaker
        return Match(
            indicator=found.rule.indicator,
            act=pattern.act or self._stance.act(speaker, scope.hits),
            severity=-found.rank[0],
            claimant=speaker.name if speaker else "",
            credibility=pattern.credibility,
            facts=facts_in(
                scope.raw, lang, at, pattern.direction, self._lexicon.name(scope.hits), scope.hits
            ),
            deadline=deadline_in(scope.raw, at),
            excerpt=scope.raw[:EXCERPT],
            why=pattern.why,
        )


def _anchor_words(anchor: Concept) -> list[str]:
    """What the first search looks for: the longest word of each anchor term in the ways it is written.

    Hidden characters stand in the list too: they could split an anchor, so whatever has one is looked at twice.
    """
    longest = [max(re.sub(r"[*=?]", "", term.lower()).split(), key=len) for term in anchor.terms]
    folded = {form for word in longest for form in (word, fold(word))}
    return sorted({way for word in folded for way in (word, word.title(), word.upper())} | set(INVISIBLE))


def _index(catalogue: Catalogue) -> dict[str, list[_Rule]]:
    """Rules by the concepts that wake them: those of the requirement which the fewest patterns share."""
    rules = [
        _Rule(
            indicator=indicator.id,
            number=number,
            pattern=pattern,
            all=tuple(tuple(one.split("|")) for one in pattern.all),
            none=tuple(concept for one in pattern.none for concept in one.split("|")),
            about=tuple(tuple(one.split("|")) for one in pattern.about),
            stronger=tuple(concept for one in pattern.stronger for concept in one.split("|")),
            max_severity=indicator.max_severity,
        )
        for indicator in catalogue.indicators.values()
        for number, pattern in enumerate(indicator.patterns)
    ]
    shared: dict[str, int] = defaultdict(int)
    for rule in rules:
        for concept in {concept for one in rule.all for concept in one}:
            shared[concept] += 1
    index: dict[str, list[_Rule]] = defaultdict(list)
    for rule in rules:
        rarest = min(rule.all, key=lambda one: max(shared[concept] for concept in one))
        for concept in rarest:
            index[concept].append(rule)
    return dict(index)
