"""Metrics: what Prometheus scrapes, computed from one immutable snapshot at the moment of the scrape.

The worker publishes a `Published` per batch; `collect` reads it once. Levels, thresholds and the grid are
exported beside the values that are compared with them, so that no rule or panel needs a typed-in number.
Nothing carries a timestamp: event times are values.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from stream.core.decode import REASONS
from stream.settings import Settings
from stream.sinks.families import Families, about, standing

OUTCOMES = ("matched", "unmatched", "rejected")
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Latency:
    """Histogram of seconds, as a value: `observe` returns the next one.

    >>> Latency().observe(0.003).observe(60.0).cumulative()[-2:]
    [('10.0', 1), ('+Inf', 2)]
    """

    counts: tuple[int, ...] = (0,) * (len(BOUNDS) + 1)
    total: float = 0.0

    def observe(self, seconds: float, times: int = 1) -> "Latency":
        """Count `times` observations of `seconds`."""
        at = bisect_left(BOUNDS, seconds)
        counts = (*self.counts[:at], self.counts[at] + times, *self.counts[at + 1 :])
        return replace(self, counts=counts, total=self.total + seconds * times)

    def cumulative(self) -> list[tuple[str, float]]:
        """Buckets as Prometheus wants them: (upper bound, observations at or below it)."""
        bounds = (*map(str, BOUNDS), "+Inf")
        return [(bound, sum(self.counts[: i + 1])) for i, bound in enumerate(bounds)]


@dataclass(frozen=True)
class Published:
    """All that one worker shows, as it stands after a batch. Times are epoch seconds.

    `assess` re-evaluates the problem at a time; None where another worker owns the problem. `tick_at` is the
    last tick evaluated, `every` the grid in seconds, `newest_at` and `sources` the newest event time, overall
    and of each expected source. `messages` counts by outcome, `rejections` by reason, `lag` by (topic,
    partition). `committed_at` is wall-clock time, given by the shell.
    """

    assess: Callable[[float], Assessment] | None = None
    tick_at: float | None = None
    every: float | None = None
    newest_at: float | None = None
    sources: Mapping[str, float] = field(default_factory=dict)
    messages: Mapping[str, int] = field(default_factory=dict)
    rejections: Mapping[str, int] = field(default_factory=dict)
    lag: Mapping[tuple[str, int], int] = field(default_factory=dict)
    committed_at: float | None = None
    latency: Latency = Latency()


class Metrics(Collector):
    """Collector over the snapshot last published; `now` is the wall clock (live) or the run's (replay)."""

    def __init__(self, settings: Settings, catalogue: Catalogue, now: Callable[[], float]) -> None:
        self._families = Families({"environment": settings.environment, "problem": catalogue.problem.id})
        self._catalogue = catalogue
        self._run = settings.run
        self._now = now
        self._published: Published | None = None

    def publish(self, published: Published | None) -> None:
        """Show this from the next scrape on; None while recovering."""
        self._published = published  # one reference: a scrape sees the old or the new one, never a mixture

    def collect(self) -> Iterator[Metric]:
        """Yield every family: what is fixed, the pipeline, and the problem where it is this worker's."""
        yield from about(self._families, self._catalogue, version("belwatch"), self._run)
        published = self._published
        if published is None:
            return
        yield from _pipeline(self._families, published)
        if published.assess is not None:
            now = self._now()
            yield from progress(self._families, published, now)
            yield from standing(self._families, published.assess(now))


def _pipeline(families: Families, published: Published) -> Iterator[Metric]:
    yield families.counter(
        "belwatch_messages_total",
        "Messages read, by what became of them.",
        [((outcome,), published.messages.get(outcome, 0)) for outcome in OUTCOMES],
        "outcome",
    )
    reasons = sorted({*REASONS, *published.rejections})
    yield families.counter(
        "belwatch_rejections_total",
        "Messages that could not be taken, by reason.",
        [((reason,), published.rejections.get(reason, 0)) for reason in reasons],
        "reason",
    )
    yield families.gauge(
        "belwatch_consumer_lag",
        "Messages still unread.",
        [((topic, str(partition)), lag) for (topic, partition), lag in sorted(published.lag.items())],
        "topic",
        "partition",
    )
    yield families.one(
        "belwatch_commit_timestamp_seconds", "Wall-clock time of the last commit.", published.committed_at
    )
    yield families.histogram(
        "belwatch_processing_seconds",
        "From a batch's arrival to its acknowledgement.",
        published.latency.cumulative(),
        published.latency.total,
    )


def progress(families: Families, published: Published, now: float) -> Iterator[Metric]:
    """Yield how far time has come: of the assessment, of ticks, of events and sources."""
    yield families.one(
        "belwatch_clock_timestamp_seconds", "Time of this assessment: wall clock, or the replay's.", now
    )
    yield families.one("belwatch_tick_timestamp_seconds", "Last tick evaluated.", published.tick_at)
    yield families.one("belwatch_tick_interval_seconds", "The grid ticks come on.", published.every)
    yield families.one(
        "belwatch_newest_event_timestamp_seconds", "Newest event time seen.", published.newest_at
    )
    yield families.gauge(
        "belwatch_source_last_seen_timestamp_seconds",
        "Newest event time of an expected source.",
        [((source,), at) for source, at in sorted(published.sources.items())],
        "source",
    )
