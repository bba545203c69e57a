"""Who says it, and how: attribution, negation and the kind of statement, from a sentence's concepts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.indication import Act
from schemas.pattern import Pattern, Voice
from stream.core.fold import Words
from stream.core.lexicon import Hits, Span

NEGATION_REACH = 4  # words after "not" that it denies
HEADING = 10  # a colon this early separates the speaker from what is said
TAIL = 4  # words that may follow the speaker after a closing dash
SUBJECT = 2  # a person named this early is the sentence's subject


class Speaker(NamedTuple):
    """A voice that the sentence attributes its statement to; not `quoted` where it is only the subject."""

    name: str
    role: str
    act: Act
    quoted: bool = True


class Stance:
    """Reads `says`, `addresses`, `according`, `capital`, `negation`, `contrast`, `evidence`, `foretold` by name."""

    def __init__(self, voices: Mapping[str, Voice]) -> None:
        self._voices = voices
        self._speakers = {key: Speaker(voice.name, voice.role, voice.act) for key, voice in voices.items()}
        self.named = {speaker.name: speaker for speaker in self._speakers.values()}

    def speakers(self, text: Words, hits: Hits) -> tuple[Speaker, ...]:
        """Who is quoted: before a colon, after a late one or the last dash, beside a verb of saying, or the subject.

        In that order. A country is a speaker only as the subject of a verb of saying.
        """
        found = sorted((span, key) for key in self._voices.keys() & hits.keys() for span in hits[key])
        if not found:
            return ()
        ranked: list[tuple[int, int, str]] = []
        for span, key in found:
            if not self._voices[key].reach and not (
                span == Span(0, text.colon or 0) and span in hits.get("capital", ())
            ):
                continue  # a country before a colon is the topic, a capital alone there the speaker
            if text.colon is not None and text.colon <= HEADING and span.end <= text.colon:
                ranked.append((0, span.start, key))
            elif any(
                mark is not None and span.start >= mark and len(text.words) - span.end <= TAIL
                for mark in (text.dash, text.colon)
            ):
                ranked.append((1, span.start, key))
        for verb in hits.get("says", ()):
            ranked += self._nearest(
                [(s, k) for s, k in found if self._voices[k].reach or s.end <= verb.start],
                verb,
                addresses=verb in hits.get("addresses", ()),
            )
        for phrase in hits.get("according", ()):
            ranked += self._nearest([(s, k) for s, k in found if s.start >= phrase.end], phrase)
        if ranked:
            return tuple(dict.fromkeys(self._speakers[key] for _, _, key in sorted(ranked)))
        subjects = (key for span, key in found if span.start <= SUBJECT and self._voices[key].reach)
        return tuple(dict.fromkeys(self._speakers[key]._replace(quoted=False) for key in subjects))

    def _nearest(
        self, voices: Sequence[tuple[Span, str]], to: Span, *, addresses: bool = False
    ) -> list[tuple[int, int, str]]:
        """The voice nearest to a verb of saying, before it rather than after, if within its reach.

        Where the verb addresses somebody ("warns", "urges"), any voice before it comes before those after.
        """
        near = sorted(
            (addresses and span.start > to.start, gap, span.start > to.start, key)
            for span, key in voices
            if (gap := _gap(span, to)) <= self._voices[key].reach
        )[:1]
        return [(2, gap, key) for _, gap, _, key in near]

    def claimant(self, pattern: Pattern, speakers: Sequence[Speaker]) -> Speaker | None:
        """The first speaker in a role that the pattern asks for; any speaker where it asks for none."""
        return next((s for s in speakers if not pattern.by or s.role in pattern.by), None)

    def fits(self, pattern: Pattern, chosen: Sequence[Span], hits: Hits) -> bool:
        """Whether the chosen words stand under a negation, or not, as the pattern wants."""
        if pattern.polarity == "any":
            return True
        turns = [turn.start for turn in hits.get("contrast", ())]
        negated = any(
            no.end <= span.start < no.end + NEGATION_REACH
            and not any(no.end <= turn < span.start for turn in turns)
            for no in hits.get("negation", ())
            for span in chosen
        )
        return negated == (pattern.polarity == "negated")

    def act(self, speaker: Speaker | None, hits: Hits) -> Act:
        """Evidence in the sentence makes it observed, a future or possibility predicted; else by speaker."""
        if "evidence" in hits:
            return Act.OBSERVED
        if "foretold" in hits and (speaker is None or speaker.act is not Act.OFFICIAL):
            return Act.PREDICTED
        return speaker.act if speaker else Act.CLAIMED


def _gap(one: Span, other: Span) -> int:
    return max(other.start - one.end, one.start - other.end)
