"""Article: one published text."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.moment import Moment
from schemas.wire import MAX_ID, MAX_TITLE, Foreign

# Control and bidi-override characters could make one id look like another in a log or a Slack message.
Id = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=MAX_ID,
        pattern=r"^[^\p{Cc}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{2066}-\u{2069}]+$",
    ),
]
Url = Annotated[str, StringConstraints(max_length=4_000)]


class Article(Foreign):
    """One published text, as its publisher dated it.

    `id` is namespaced by publisher. `published_at` with `precision` "day" means some moment of that day.
    `derived_from` is the id or URL of the message this one repeats. `revision` counts corrections: a message
    with revision > 0 is heard even when it no longer says anything of interest, so that it can take back
    what an earlier version said.
    """

    id: Id
    published_at: Moment
    precision: Literal["second", "minute", "day"] = "second"
    tz_assumed: Annotated[str, StringConstraints(max_length=64)] | None = None
    publisher: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    lang: Annotated[str, StringConstraints(max_length=16)] = "und"
    title: Annotated[str, StringConstraints(max_length=MAX_TITLE)] = ""
    text: str = ""
    url: Url = ""
    derived_from: Url | None = None
    revision: Annotated[int, Field(ge=0)] = 0
