"""Catalogue: what an analyst writes about one warning problem."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from schemas.assessment import Level
from schemas.indication import Act, Reliability
from schemas.pattern import Concept, Example, Pattern, Voice
from schemas.wire import Own

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Side = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Trigger = Literal[
    "extended", "past_announced_end", "above_peak", "new_organisation", "inbound", "toward_border"
]


class Threshold(Own):
    """Index points at which a level is entered, and below which it is left."""

    enter: Annotated[float, Field(gt=0, lt=100)]
    leave: Annotated[float, Field(gt=0, lt=100)]

    @model_validator(mode="after")
    def _hysteresis(self) -> "Threshold":
        if self.leave >= self.enter:
            msg = f"leave ({self.leave}) must be below enter ({self.enter})"
            raise ValueError(msg)
        return self


class Problem(Own):
    """The question, and every constant of the score (DESIGN.md, "The score")."""

    id: Name
    question: str
    formula: str
    baseline: Annotated[float, Field(gt=0, lt=1)]
    kappa: Annotated[float, Field(gt=0)]
    epsilon: Annotated[float, Field(gt=0)]
    link_hours: Annotated[float, Field(gt=0)]
    own_side_cap: Annotated[float, Field(gt=0, le=1)]
    families_counted: Annotated[int, Field(ge=1)]
    silence_weight: Annotated[float, Field(ge=0)]
    register_days: Annotated[float, Field(gt=0)]
    entry_indicator: Name  # two observed voices of it fulfil a timed claim
    reports_cap: Annotated[int, Field(ge=1)]
    attention_words: tuple[str, ...] = ()  # an article that shows one of these mentions the problem
    reliability: dict[Reliability, float]
    credibility: dict[int, float]
    credibility_by_act: dict[Act, int]
    levels: dict[Level, Threshold]

    @field_validator("levels")
    @classmethod
    def _ascending(cls, levels: dict[Level, Threshold]) -> dict[Level, Threshold]:
        expected = [Level.WATCH, Level.WARNING, Level.CRITICAL]
        if list(levels) != expected or sorted(t.enter for t in levels.values()) != [
            levels[name].enter for name in expected
        ]:
            msg = "levels must be watch, warning, critical, with ascending enter"
            raise ValueError(msg)
        return levels


class Gate(Own):
    """Mass is multiplied by `factor` until `families` voices have act `observed`."""

    families: Annotated[int, Field(ge=1)]
    factor: Annotated[float, Field(gt=0, lt=1)]


class HeartbeatRule(Own):
    """An expected reassurance: who publishes it, how its periodic report is known, and what a miss raises."""

    source: str
    every_hours: Annotated[float, Field(gt=0)]
    title: tuple[str, ...]
    punctual: Annotated[int, Field(ge=1)]
    misses: Annotated[int, Field(ge=1)]
    raises: Name
    severity: Annotated[int, Field(ge=1, le=3)]


class EventRule(Own):
    """Coded events that count for an indicator; empty lists match anything."""

    dataset: tuple[Literal["gdelt", "acled", "ucdp", "icews"], ...] = ()
    code: tuple[str, ...] = ()
    actor1: tuple[str, ...] = ()
    actor2: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    min_fatalities: Annotated[int, Field(ge=0)] = 0
    severity: Annotated[int, Field(ge=1, le=3)] = 1
    act: Act = Act.CLAIMED


class Indicator(Own):
    """One indicator: meaning, constants, rules, patterns and its own examples, one TOML file."""

    id: Name
    group: Name
    kind: Literal["warning", "counter", "ambiguous"]
    meaning: str
    rationale: str
    references: tuple[str, ...]
    half_life_days: Annotated[float, Field(gt=0)]
    weight: Annotated[float, Field(gt=0)]
    max_severity: Annotated[int, Field(ge=1, le=3)]
    direction: Literal["up", "down", "both"] = "both"  # which way an ambiguous one widens the band
    routine: tuple[Trigger, ...] = ()  # ambiguous unless one of these holds
    claim_facts: tuple[Literal["deadline", "name", "headcount", "direction"], ...] = ()  # tell claims apart
    own_side: tuple[Side, ...] = ()  # sides whose state media speak of themselves here
    deadline_hours: Annotated[float, Field(gt=0)] | None = None  # an open claim expires after this
    gate: Gate | None = None
    heartbeat: HeartbeatRule | None = None
    known_gaps: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    events: tuple[EventRule, ...] = ()
    examples: tuple[Example, ...] = ()


class Source(Own):
    """One source: how it is named in messages, whose voice it is, how far it is trusted."""

    id: Name
    names: Annotated[tuple[str, ...], Field(min_length=1)]  # publishers and claimants, as written, any case
    family: Name
    reliability: Reliability
    side: Side | None = None  # state-owned or official voice of this side
    state_media: bool = False
    expected_every_hours: Annotated[float, Field(gt=0)] | None = None
    reason: str = ""


class Register(Own):
    """One known fact that rules start from, with its source: a head-count peak, an announced end date."""

    indicator: Name
    at: str
    headcount: int | None = None
    ends_on: str | None = None
    name: str | None = None
    source: str


class Catalogue(Own):
    """One warning problem, whole. `version` is the hash of its files."""

    version: str
    problem: Problem
    indicators: dict[Name, Indicator]
    sources: tuple[Source, ...]
    unknown_source: Reliability
    registers: tuple[Register, ...] = ()
    lexicon: dict[Name, Concept] = Field(default_factory=dict)
    voices: tuple[Voice, ...] = ()
