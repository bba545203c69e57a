"""Bytes in, a message or the reason why not out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import jiter
from pydantic import TypeAdapter, ValidationError

from schemas.article import Article
from schemas.event import Event
from schemas.moment import parse
from schemas.review import Review
from schemas.tick import Tick
from schemas.wire import MAX_MESSAGE_BYTES

T = TypeVar("T")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
DAY = 86_400.0
# The validators themselves: `model_validate` around them doubles what it costs to read a message.
_ARTICLE: Callable[[object], Article] = TypeAdapter(Article).validator.validate_python
_EVENT: Callable[[object], Event] = TypeAdapter(Event).validator.validate_python
_TICK: Callable[[object], Tick] = TypeAdapter(Tick).validator.validate_python
_REVIEW: Callable[[object], Review] = TypeAdapter(Review).validator.validate_python


class Refused(Exception):  # noqa: N818 - the field's word; it is an answer, not a failure
    """A message that can't be taken: `reason` is a fixed word, for counting; the text says what was wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


REASONS = (
    "empty",
    "too_large",
    "not_utf8",
    "bad_json",
    "duplicate_key",
    "wrong_shape",
    "bad_time",
    "too_old",
    "in_future",
    "unknown_indicator",
)


class Message(NamedTuple):
    """One article or event with its event time τ (epoch seconds)."""

    body: Article | Event
    at: float


def decode_article(value: bytes, received_at: float) -> Message:
    """Read an article; see `decode_event`."""
    article = _validated(_ARTICLE, value)
    return Message(article, _event_time(article.published_at, article, received_at))


def decode_event(value: bytes, received_at: float) -> Message:
    """Read an event.

    Its time is judged against `received_at` (epoch seconds): before 1990, or more than a day ahead, is
    refused. A day-precision time is τ = min(23:59:59Z of that day, received_at): the day may not be over.

    Raises
    ------
    Refused
        with one of `REASONS`.
    """
    event = _validated(_EVENT, value)
    return Message(event, _event_time(event.occurred_at, event, received_at))


def decode_tick(value: bytes) -> Tick:
    """Read a tick."""
    return _validated(_TICK, value)


def decode_review(value: bytes) -> Review:
    """Read a review."""
    return _validated(_REVIEW, value)


def _validated(validate: Callable[[object], T], value: bytes) -> T:
    if not value or value.isspace():
        raise Refused("empty", "the message has no content")
    if len(value) > MAX_MESSAGE_BYTES:
        raise Refused("too_large", f"{len(value)} bytes; at most {MAX_MESSAGE_BYTES} are taken")
    try:
        # duplicate keys: whoever reads the first and whoever reads the last would disagree on what was said
        parsed = jiter.from_json(value, catch_duplicate_keys=True)
        return validate(parsed)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise Refused("wrong_shape", f"{where}: {first['msg']}") from None
    except ValueError as e:
        raise Refused(*_json_reason(value, str(e))) from None


def _json_reason(value: bytes, detail: str) -> tuple[str, str]:
    if "duplicate key" in detail.lower():
        return "duplicate_key", detail
    try:
        value.decode()
    except UnicodeDecodeError as e:
        return "not_utf8", f"byte {e.start} is not UTF-8"
    return "bad_json", detail


def _event_time(moment: str, body: Article | Event, received_at: float) -> float:
    try:
        instant, day_only = parse(moment, body.tz_assumed, day=body.precision == "day")
    except (ValueError, OverflowError):
        raise Refused("bad_time", f"{moment!r} is no RFC 3339 time or date") from None
    at = instant.timestamp()
    if at < EARLIEST:
        raise Refused("too_old", f"{moment} is before 1990")
    if at > received_at + (2 * DAY if day_only else DAY):
        raise Refused("in_future", f"{moment} is more than a day after it was received")
    return min(at, received_at) if day_only else at
