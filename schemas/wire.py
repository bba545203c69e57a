"""What all models share: strictness, and time as an aware UTC instant."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

MAX_MESSAGE_BYTES = 1 << 20
MAX_TITLE = 2_000
MAX_ID = 512


def rfc3339(at: datetime) -> str:
    """Write an instant the one way we write it.

    >>> rfc3339(datetime(2022, 2, 24, 3, 0, tzinfo=UTC))
    '2022-02-24T03:00:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(seconds: float) -> datetime:
    """Epoch seconds (UTC) as an aware datetime.

    >>> rfc3339(instant(0))
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, UTC)


Instant = Annotated[
    AwareDatetime,
    AfterValidator(lambda at: at.astimezone(UTC)),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]


class Foreign(BaseModel):
    """A message from outside: unknown fields are kept out, not fatal."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Own(BaseModel):
    """A message or file of ours: an unknown field is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")
