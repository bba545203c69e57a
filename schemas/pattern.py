"""Pattern, concept, voice and example: what a matcher looks for, written so that an analyst can read it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from schemas.indication import Act
from schemas.wire import Own

# One requirement: names of concepts, "|" between alternatives.
Alternatives = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\|[a-z][a-z0-9_]*)*$")]


class Concept(Own):
    """One idea in four languages: the terms that name it.

    A term is a sequence of words. `word*` is any word that begins so; a plain Latin word stands for all its
    regular inflections (Snowball stem), a plain Cyrillic word for itself, `=word` for exactly itself;
    `{concept}` is any term of that concept; `word?` may be missing; `_` is any one word or none, `_3` up to
    three. Writing folds as texts do (case, ё/е, apostrophes, hyphens).
    """

    en: tuple[str, ...] = ()
    ru: tuple[str, ...] = ()
    uk: tuple[str, ...] = ()
    be: tuple[str, ...] = ()
    any: tuple[str, ...] = ()  # names and signs that are no language's own
    unless: tuple[str, ...] = ()  # a hit that overlaps one of these concepts is none
    name: Annotated[str, StringConstraints(max_length=80)] = ""  # the proper name it stands for, as a fact

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms: texts mix languages, and what a message says of its language may be wrong."""
        return self.en + self.ru + self.uk + self.be + self.any


class Voice(Own):
    """Somebody who is quoted: by which terms, known to sources.toml by which name, in which role."""

    name: str
    role: str
    terms: Annotated[tuple[str, ...], Field(min_length=1)]
    act: Act = Act.CLAIMED  # what this voice's word is, unless the text says otherwise
    unless: tuple[str, ...] = ()  # as in Concept
    reach: Annotated[int, Field(ge=0)] = 6  # most words between the voice and its verb of saying


class Pattern(Own):
    """One way of saying it: every requirement of `all` and nothing of `none` within one scope.

    `scope`: "sentence" is one sentence (the headline is one), "headline" the headline only. `about`: must
    stand in the sentence, the one before it or the headline; a role there means that the publisher is such a
    voice. `near`: most words from the first hit to the last. `polarity`:
    whether the hits stand under a negation. `by`: roles of voices, one of whom must say it (`not_by`: none of
    whom may). `severity` grows by one where something of `stronger` stands in the scope. `act` and `direction`
    overrule what the text's own way of saying it gives.
    """

    why: str
    all: Annotated[tuple[Alternatives, ...], Field(min_length=1)]
    about: tuple[Alternatives, ...] = ()
    none: tuple[Alternatives, ...] = ()
    scope: Literal["sentence", "headline"] = "sentence"
    near: Annotated[int, Field(ge=1)] = 25
    order: bool = False
    polarity: Literal["affirmed", "negated", "any"] = "affirmed"
    by: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    act: Act | None = None
    severity: Annotated[int, Field(ge=1, le=3)] = 1
    stronger: tuple[Alternatives, ...] = ()
    credibility: Annotated[int, Field(ge=1, le=6)] | None = None
    direction: Literal["in", "out", "border"] | None = None


class Example(Own):
    """One text and whether it is an indication of the indicator in whose file it stands."""

    lang: str
    text: str
    expect: bool
    title: str = ""
    act: Act | None = None  # where given, the match must have it
    severity: Annotated[int, Field(ge=1, le=3)] | None = None

    @model_validator(mode="after")
    def _only_positive(self) -> "Example":
        if not self.expect and (self.act or self.severity):
            msg = "an example that expects nothing has no act or severity: remove them"
            raise ValueError(msg)
        return self
