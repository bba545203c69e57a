"""Assessment: index, band, level and the signed ledger behind them, at one time."""

from enum import StrEnum
from typing import Literal

from schemas.indication import Act
from schemas.wire import Instant, Own


class Level(StrEnum):
    """How near, in the four words the watch floor uses."""

    NORMAL = "normal"
    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"


LEVELS = tuple(Level)


class Evidence(Own):
    """One claim's line in the ledger. `points` are index points, signed; `mass` is after decay."""

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
    notes: tuple[str, ...] = ()


class Contribution(Own):
    """One indicator's line: activation 0..1, contribution in index points, and its claims, heaviest first.

    `ambiguous` is the activation of untriggered routine or ambiguous claims: it widens the band only.
    """

    indicator: str
    group: str
    kind: Literal["warning", "counter", "ambiguous"]
    activation: float
    ambiguous: float
    points: float
    claims: tuple[Evidence, ...] = ()


class Versions(Own):
    """What computed it."""

    catalogue: str
    code: str
    formula: str


class Assessment(Own):
    """Index (0..100, not a probability), band and level at `at`, with the ledger: base + points = index."""

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
    silence: float
    newest_at: Instant | None
    knockout: int | None
    ledger: tuple[Contribution, ...]
    versions: Versions
    owner: str = ""
