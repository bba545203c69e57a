"""Review: an analyst answers back."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.article import Id
from schemas.indication import Reliability
from schemas.wire import Instant, Own

Action = Literal["retract", "confirm", "regrade", "hold", "end-exercise"]


class Review(Own):
    """One analyst's word on one message (all its indications) or one indication (`target` is its id).

    - `retract` takes it out of the account.
    - `confirm` makes it an observation of credibility 1.
    - `regrade` sets reliability, credibility or both.
    - `hold` sets it aside until it is confirmed, retracted or the hold expires: it moves neither index nor
      level, and opens the band the way it points, since it may yet be true. A hold always expires.
    - `end-exercise` corrects the end date that the target announced: activity beyond `ends_on` is past the
      announced end.

    Reviews are kept for good. Of those on one target the latest by (`at`, `id`) counts, `end-exercise` apart from
    the others. `at`: when it was given; it counts from when it was received.
    """

    type: Literal["review"] = "review"
    id: Id
    problem: str
    action: Action
    target: Id
    reviewer: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    at: Instant
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    reliability: Reliability | None = None
    credibility: Annotated[int, Field(ge=1, le=6)] | None = None
    ends_on: date | None = None
    expires_at: Instant | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.action == "regrade" and self.reliability is None and self.credibility is None:
            raise ValueError("a regrade needs a reliability (A to F), a credibility (1 to 6) or both")
        if self.action == "hold" and self.expires_at is None:
            raise ValueError("a hold needs a time at which it expires")
        if self.action == "end-exercise" and self.ends_on is None:
            raise ValueError("end-exercise needs the date on which the exercise ends")
        if self.expires_at is not None and self.expires_at <= self.at:
            raise ValueError("a review can't expire before it is given")
        return self
