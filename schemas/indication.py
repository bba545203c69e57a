"""Indication: one observation of one indicator in one message."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.wire import Instant, Own

Reliability = Literal["A", "B", "C", "D", "E", "F"]


class Act(StrEnum):
    """What kind of statement it is: seen, announced, alleged, foretold, judged or denied."""

    OBSERVED = "observed"
    OFFICIAL = "official"
    CLAIMED = "claimed"
    PREDICTED = "predicted"
    ASSESSED = "assessed"
    DENIED = "denied"


class Facts(Own):
    """What the text says that rules need: numbers, dates, direction, names."""

    headcount: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    ends_on: date | None = None
    direction: Literal["in", "out", "border"] | None = None
    name: Annotated[str, StringConstraints(max_length=80)] | None = None
    unit: Annotated[str, StringConstraints(max_length=80)] | None = None
    extended: bool = False
    standing: bool = False


class Indication(Own):
    """One observation of one indicator in one message.

    `at` is event time. `voice` is whose word it is: the claimant's family where somebody is quoted, else the
    publisher's; corroboration counts voices. `own_side`: state media about their own side. `fingerprint` is
    equal for copies of one text. `deadline`: by when the foretold thing should have happened.
    """

    id: str
    message_id: str
    indicator: str
    at: Instant
    publisher: str
    family: str
    claimant: str
    voice: str
    act: Act
    severity: Annotated[int, Field(ge=1, le=3)]
    reliability: Reliability
    credibility: Annotated[int, Field(ge=1, le=6)]
    own_side: bool = False
    derived_from: str | None = None
    deadline: Instant | None = None
    facts: Facts = Facts()
    fingerprint: str
    lang: str = "und"
    title: str = ""
    excerpt: str = ""
    url: str = ""
