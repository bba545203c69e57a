"""Reviews in: an analyst's word, made complete and sent to its topic; and read back from there."""

import uuid
from collections.abc import Iterator
from datetime import date

from kafka import TopicPartition
from pydantic import ValidationError

from schemas.review import Action, Review
from schemas.wire import instant
from stream.connection import consumer
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.topics import SOURCE_PARTITIONS, topics

QUIET_MS = 2_000


class Incomplete(ValueError):  # noqa: N818 - what is missing, said so that it can be mended
    """A review that lacks something; the text says what."""


def make(  # noqa: PLR0913 - the fields of a review, by name
    problem: str,
    action: Action,
    target: str,
    reviewer: str,
    reason: str,
    *,
    at: float,
    expires_at: float | None = None,
    reliability: str | None = None,
    credibility: int | None = None,
    ends_on: date | None = None,
) -> Review:
    """Complete a review with an id of its own; `at` and `expires_at` in epoch seconds.

    Raises
    ------
    Incomplete
        where it lacks what its action needs.
    """
    given = {
        "id": f"review:{uuid.uuid4()}",
        "problem": problem,
        "action": action,
        "target": target,
        "reviewer": reviewer.strip(),
        "reason": reason.strip(),
        "at": instant(at),
        "expires_at": instant(expires_at) if expires_at is not None else None,
        "reliability": reliability or None,
        "credibility": credibility,
        "ends_on": ends_on,
    }
    try:
        return Review.model_validate(given)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        said = first["msg"].removeprefix("Value error, ")
        where = ".".join(map(str, first["loc"]))
        raise Incomplete(f"{where}: {said}" if where else said) from None


def send(settings: Settings, review: Review) -> None:
    """Put a review on its topic, confirmed.

    Raises
    ------
    BrokerProblem
        where the broker does not take it.
    """
    sender = Sender(settings)
    try:
        name = topics(settings)["reviews"].name
        sender.send(name, review.problem, review.model_dump_json().encode(), review.at.timestamp())
        sender.flush()
    finally:
        sender.close()


def given(settings: Settings) -> Iterator[Review]:
    """Every review on the topic, in order; what is no review is passed over: `observe` has rejected it."""
    name = topics(settings)["reviews"].name
    reader = consumer(settings)
    try:
        tps = [TopicPartition(name, p) for p in range(SOURCE_PARTITIONS["reviews"])]
        reader.assign(tps)
        ends = reader.end_offsets(tps)
        while any(reader.position(tp) < end for tp, end in ends.items()):
            for records in reader.poll(timeout_ms=QUIET_MS).values():
                for record in records:
                    if dict(record.headers or ()).get("type") == b"tick":
                        continue
                    try:
                        yield Review.model_validate_json(record.value)
                    except ValidationError:
                        continue
    finally:
        reader.close()
