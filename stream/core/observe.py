"""Observe: raw records into indications, without state."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from schemas.article import Article
from schemas.catalogue import Catalogue
from schemas.event import Event
from schemas.indication import Indication
from schemas.rejection import Rejection
from schemas.report import Report, SourceSeen
from schemas.wire import instant
from stream.core.decode import Refused, decode_article, decode_event, decode_review, decode_tick
from stream.core.grade import Grader
from stream.core.match import Matcher
from stream.core.sources import SourceIndex
from stream.core.talk import Mentions, Teller

SAMPLE = 200  # characters of a rejected message that are kept, for whoever mends its source
# What one message can add: a text that is made to match everything must not fill the state, and its report, of which
# a row of the state holds `memory.VERSIONS`, must fit a record of 1 MiB.
MOST_INDICATIONS = 32
LARGEST_REPORT = 200 << 10  # bytes of JSON


class Inbound(NamedTuple):
    """One record of a source topic: `kind` article, event, review or tick; `received_at` epoch seconds."""

    kind: str
    value: bytes
    received_at: float
    origin: str
    offset: int


class Observed(NamedTuple):
    """What came of a pack: observations in order, rejections as (key, JSON), and a count by outcome.

    `outcomes` counts "matched", "unmatched", "rejected" (these add up to the messages), "rejected:<reason>", and
    "bounded:indications" and "bounded:report" where a message held more than one can add.
    """

    observations: list[bytes]
    rejections: list[tuple[bytes, bytes]]
    outcomes: Counter[str]


class Observer:
    """Decodes and matches one problem's messages."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.problem = catalogue.problem.id
        self._matcher = Matcher(catalogue)
        self._grader = Grader(catalogue)
        self._sources = SourceIndex(catalogue)
        self._indicators = frozenset(catalogue.indicators)
        self._expected = frozenset(s.id for s in catalogue.sources if s.expected_every_hours)
        self._mentions = Mentions(catalogue.problem.attention_words)
        self._gate = Mentions([*catalogue.problem.attention_words, *self._matcher.anchors])

    def observe(self, pack: Sequence[Inbound]) -> Observed:
        """Turn a pack of one partition into observations; whatever can't be read is rejected with its reason."""
        found = Observed([], [], Counter())
        seen = _Seen(self.problem, pack[0].origin if pack else "")
        for record in pack:
            try:
                if record.kind == "tick":
                    seen.tell(found)
                    tick = decode_tick(record.value).model_copy(update={"origin": record.origin})
                    found.observations.append(tick.model_dump_json().encode())
                elif record.kind == "review":
                    self._review(record, found)
                else:
                    self._message(record, found, seen)
            except Refused as refused:
                found.rejections.append(_rejection(record, refused))
                found.outcomes.update(("rejected", f"rejected:{refused.reason}"))
        seen.tell(found)
        return found

    def indications(self, body: Article | Event, at: float) -> tuple[Indication, ...]:
        """All indications of one message with event time `at` (epoch seconds)."""
        if isinstance(body, Event):
            return self._grader.event(body, at)
        matches = self._matcher.match(body.title, body.text, body.lang, instant(at), body.publisher)
        return tuple(self._grader.article(body, at, match) for match in matches)

    def _review(self, record: Inbound, found: Observed) -> None:
        review = decode_review(record.value)
        if review.problem != self.problem:
            raise Refused("wrong_shape", f"problem: {review.problem!r} is not {self.problem!r}")
        # it counts from when it was received, or it would change what ticks have concluded before
        at = max(review.at, instant(record.received_at))
        found.observations.append(review.model_copy(update={"at": at}).model_dump_json().encode())
        found.outcomes["matched"] += 1

    def _message(self, record: Inbound, found: Observed, seen: "_Seen") -> None:
        decode = decode_event if record.kind == "event" else decode_article
        message = decode(record.value, record.received_at)
        body, at = message  # `type(...) is`: `isinstance` of a pydantic model is a slow call
        if type(body) is Event and body.dataset == "analyst" and body.indicator not in self._indicators:
            raise Refused("unknown_indicator", f"indicator {body.indicator!r} is not in the catalogue")
        source = self._sources.find(body.publisher)
        if source.id in self._expected:
            seen.note(source.id, at, record.received_at)
        heartbeat = None
        if type(body) is Article:
            text = f"{body.title}\n{body.text}"
            telling = self._gate(text)  # nearly no text is: one search for all that anybody looks for
            indications = self.indications(body, at) if telling else ()
            seen.talk.note(record.offset, record.received_at, about=telling and self._mentions(text))
            heartbeat = self._grader.heartbeat(body, source, indications)
        else:
            indications = self.indications(body, at)
        matched = bool(indications or heartbeat)
        found.outcomes["matched" if matched else "unmatched"] += 1
        if matched or body.revision:
            report = Report(
                problem=self.problem,
                message_id=body.id,
                at=instant(at),
                received_at=instant(record.received_at),
                content_hash=hashlib.sha256(record.value).hexdigest()[:16],
                indications=_strongest(indications, found),
                heartbeat=heartbeat,
            )
            found.observations.append(_fitting(report, found))


class _Seen:
    """Newest event time a source, and the articles, since this was last told."""

    def __init__(self, problem: str, origin: str) -> None:
        self._problem = problem
        self._newest: dict[str, float] = {}
        self._received_at = 0.0
        self.talk = Teller(origin)

    def note(self, source: str, at: float, received_at: float) -> None:
        self._newest[source] = max(self._newest.get(source, at), at)
        self._received_at = max(self._received_at, received_at)

    def tell(self, found: Observed) -> None:
        articles = self.talk.told()
        if self._newest or articles:
            told = SourceSeen(
                problem=self._problem,
                received_at=instant(self._received_at),
                seen={source: instant(at) for source, at in sorted(self._newest.items())},
                articles=articles,
            )
            found.observations.append(told.model_dump_json().encode())
        self._newest, self._received_at = {}, 0.0


def _strongest(indications: tuple[Indication, ...], found: Observed) -> tuple[Indication, ...]:
    """Keep the most severe where there are more than one message can add."""
    if len(indications) <= MOST_INDICATIONS:
        return indications
    found.outcomes["bounded:indications"] += 1
    kept = sorted(indications, key=lambda i: (-i.severity, i.id))[:MOST_INDICATIONS]
    return tuple(i for i in indications if i in kept)


def _fitting(report: Report, found: Observed) -> bytes:
    """Write a report; one that is too large goes without its words: what counts of it is short."""
    value = report.model_dump_json().encode()
    if len(value) <= LARGEST_REPORT:
        return value
    found.outcomes["bounded:report"] += 1
    wordless = {"title": "", "excerpt": "", "url": "", "derived_from": None}
    kept = tuple(i.model_copy(update=wordless) for i in report.indications)
    return report.model_copy(update={"indications": kept}).model_dump_json().encode()


def _rejection(record: Inbound, refused: Refused) -> tuple[bytes, bytes]:
    sample = re.sub(r"[^\x20-\x7e]", "?", record.value[:SAMPLE].decode(errors="replace"))
    rejection = Rejection(
        origin=record.origin,
        offset=record.offset,
        reason=refused.reason,
        detail=str(refused)[:SAMPLE],
        received_at=instant(record.received_at),
        size=len(record.value),
        sample=sample,
    )
    return f"{record.origin}:{record.offset}".encode(), rejection.model_dump_json().encode()
