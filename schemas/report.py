"""What travels on the `indications` topic besides ticks and reviews."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter

from schemas.indication import Indication
from schemas.review import Review
from schemas.tick import Tick
from schemas.wire import Instant, Own


class Heartbeat(Own):
    """A source published its periodic report; `kept`: it carried the expected reassurance."""

    indicator: str
    source: str
    kept: bool


class Report(Own):
    """What one version of one message says: its indications, possibly none.

    Of several versions of one message the highest (received_at, content_hash) known counts, as a whole.
    """

    type: Literal["report"] = "report"
    problem: str
    message_id: str
    at: Instant
    received_at: Instant
    content_hash: str
    indications: tuple[Indication, ...] = ()
    heartbeat: Heartbeat | None = None


class Stretch(NamedTuple):
    """So many articles at neighbouring offsets from `first` on, all received in the second that ends at `second`."""

    first: int
    articles: int
    second: int


class Articles(Own):
    """The readable articles of part of a source partition ("articles-2"); `about`: offsets that mention the problem.

    Offsets are told, not sums, so that whoever hears them twice can count them once.
    """

    origin: str
    stretches: tuple[Stretch, ...]
    about: tuple[int, ...]


class SourceSeen(Own):
    """Newest event time of each expected source among records received by `received_at`, and what `articles` came.

    Any traffic proves that a source lives, the irrelevant too. Told before each tick and at the end of a pack.
    """

    type: Literal["source_seen"] = "source_seen"
    problem: str
    received_at: Instant
    seen: dict[str, Instant]
    articles: Articles | None = None


Observation = Annotated[Report | SourceSeen | Tick | Review, Field(discriminator="type")]
OBSERVATION: TypeAdapter[Observation] = TypeAdapter(Observation)
