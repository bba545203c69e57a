"""Tick: time, as data."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.wire import Instant, Own


class Tick(Own):
    """The clock says `at`; nothing received before it is still to come on `origin`.

    Written to every source partition; `observe` sets `origin` ("articles-0") and forwards it.
    `every` (seconds) is the run's grid.
    """

    type: Literal["tick"] = "tick"
    at: Instant
    every: Annotated[float, Field(gt=0)]
    origin: str = ""
