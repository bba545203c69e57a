"""Pattern and example: what a matcher looks for, and how an analyst shows that it finds it."""

from schemas.wire import Own


class Pattern(Own):
    """PLACEHOLDER, replaced by the matcher's own model."""


class Example(Own):
    """One text and whether it is an indication of the indicator in whose file it stands."""

    lang: str
    text: str
    expect: bool
    title: str = ""
