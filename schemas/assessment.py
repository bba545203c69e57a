"""Assessment: index, band, level and the signed ledger behind them, at one time."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.indication import Act
from schemas.review import Review
from schemas.wire import Instant, Own


class Level(StrEnum):
    """How near, in the four words the watch floor uses."""

    NORMAL = "normal"
    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"


LEVELS = tuple(Level)


def rank(level: Level) -> int:
    """Levels in order, 0 to 3.

    >>> rank(Level.WARNING)
    2
    """
    return LEVELS.index(level)


class Evidence(Own):
    """One claim's line in the ledger. `points` are index points, signed; `mass` is after decay.

    `message_id` is the message it rests on most; `messages` the newest that say the same, copies among them.
    `deadline`: the time by which a timed claim of a warning says it will have happened.
    """

    claim: str
    indicator: str
    points: float
    mass: float
    at: Instant
    act: Act
    severity: int
    grade: str
    families: tuple[str, ...]
    denied_by: tuple[str, ...]
    reports: int
    title: str
    url: str
    publisher: str
    message_id: str
    messages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    deadline: Instant | None = None


class Contribution(Own):
    """One indicator's line: activation 0..1, contribution in index points, and its claims, heaviest first.

    `ambiguous` is the activation of untriggered routine or ambiguous claims: it widens the band only.
    `rest` claims beyond those listed carry `rest_points`.
    """

    indicator: str
    group: str
    kind: Literal["warning", "counter", "ambiguous"]
    activation: float
    ambiguous: float
    points: float
    claims: tuple[Evidence, ...] = ()
    rest: int = 0
    rest_points: float = 0.0


class Attention(Own):
    """How loud the talk is: context, since much talk is not much evidence.

    `share` (0..1) of the day's articles mention the problem; `usual`: that of the same weekday in the weeks before;
    `score`: the distance between the two in robust standard deviations.
    """

    share: float
    usual: float
    score: float


class Answer(Own):
    """A review in force.

    Of a retraction: how many `alerts` (levels entered) came before it, and how many of them `rested` on what it takes
    out: without it the level would not have been entered.
    """

    review: Review
    alerts: int = 0
    rested: int = 0


class Versions(Own):
    """What computed it."""

    catalogue: str
    code: str
    formula: str


class Assessment(Own):
    """Index (0..100, not a probability), band and level at `at`, with the ledger: base + points = index.

    `known_at`: only what had been received by then counts. `upto`: the last offset of the indications log
    that went in. `robust`: the lowest index that leaving out any one family's support gives (below warning's
    lower edge, where nobody asks, the index itself); `fragile`: critical was withheld because of it.
    `knockout`: the fewest claims without which the level entered would not stand. `silence`:
    reliability-weighted share (0..1) of the expected sources that are silent. `missed`: end of the last period
    in which a source's expected reassurance was missing, by source. `answers`: analysts' reviews in force.
    """

    id: str
    problem: str
    at: Instant
    known_at: Instant
    cause: Literal["tick", "batch"]
    upto: dict[str, int]
    index: float
    base: float
    low: float
    high: float
    level: Level
    since: Instant
    fragile: bool
    robust: float
    silence: float
    newest_at: Instant | None
    knockout: int | None
    ledger: tuple[Contribution, ...]
    versions: Versions
    owner: str = ""
    attention: Attention | None = None
    missed: dict[str, Instant] = Field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
