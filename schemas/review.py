"""Review: an analyst answers back."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.article import Id
from schemas.indication import Reliability
from schemas.wire import Instant, Own


class Review(Own):
    """One analyst's word on one message (all its indications) or one indication (`target` is its id).

    `retract` takes it out of the account, `confirm` makes it an observation of credibility 1, `regrade` sets
    reliability and credibility. Reviews are kept for good; the latest by (`at`, `id`) for a target counts.
    """

    type: Literal["review"] = "review"
    id: Id
    problem: str
    action: Literal["retract", "confirm", "regrade"]
    target: Id
    reviewer: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    at: Instant
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    reliability: Reliability | None = None
    credibility: Annotated[int, Field(ge=1, le=6)] | None = None
    expires_at: Instant | None = None
