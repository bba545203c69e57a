"""Event: one coded event of a dataset, or of an analyst."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.article import Id, Url
from schemas.indication import Act, Facts
from schemas.moment import Moment
from schemas.wire import MAX_TITLE, Foreign

Code = Annotated[str, StringConstraints(max_length=64)]


class Event(Foreign):
    """One coded event. Codes are mapped to indicators by the catalogue; scores of a dataset are not used.

    An analyst's event names its indicator, severity, grade (Admiralty, "B2"), claimant and act itself.
    """

    id: Id
    occurred_at: Moment
    precision: Literal["second", "minute", "day"] = "second"
    tz_assumed: Annotated[str, StringConstraints(max_length=64)] | None = None
    dataset: Literal["gdelt", "acled", "ucdp", "icews", "analyst"]
    publisher: Annotated[str, StringConstraints(max_length=200)] = ""
    actor1: Code = ""
    actor2: Code = ""
    code: Code = ""
    country: Code = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    fatalities: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    summary: Annotated[str, StringConstraints(max_length=MAX_TITLE)] = ""
    url: Url = ""
    derived_from: Url | None = None
    revision: Annotated[int, Field(ge=0)] = 0
    # analyst events only
    indicator: Code | None = None
    severity: Annotated[int, Field(ge=1, le=3)] | None = None
    grade: Annotated[str, StringConstraints(pattern=r"^[A-F][1-6]$")] | None = None
    claimant: Annotated[str, StringConstraints(max_length=200)] | None = None
    act: Act | None = None
    facts: Facts = Facts()
    deadline: Moment | None = None
