"""Rejection: a message that could not be read, and why."""

from schemas.wire import Instant, Own


class Rejection(Own):
    """Why one record was not taken, and where it stands; `sample` is its printable beginning."""

    origin: str
    offset: int
    reason: str
    detail: str
    received_at: Instant
    size: int
    sample: str = ""
