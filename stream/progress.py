"""Progress: what the worker shows of itself, as one immutable value per batch."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from schemas.assessment import Assessment
from stream.core.pipeline import Assessor
from stream.sinks.metrics import Latency, Published

PATIENCE = 5  # seconds a scrape waits for the event loop
REJECTED, BOUNDED = "rejected:", "bounded:"


class Progress:
    """Counts of this process, and the state while it is ours; publishes with every batch.

    `clock` is monotonic, in seconds; `every` is the grid of ticks. `lag` and `committed_at` are asked at each
    batch.
    """

    def __init__(
        self, publish: Callable[[Published | None], None], clock: Callable[[], float], every: float
    ) -> None:
        self._publish = publish
        self._clock = clock
        self._every = every
        self._outcomes: Counter[str] = Counter()
        self._latency = Latency()
        self._assessor: Assessor | None = None
        self.lag: Callable[[], Mapping[tuple[str, int], int]] = dict
        self.committed_at: Callable[[], float | None] = lambda: None
        self.recovered: Callable[[], None] = lambda: None

    @contextmanager
    def timed(self, records: int) -> Iterator[None]:
        """Take the time of one pack, from its arrival to its acknowledgement."""
        began = self._clock()
        yield
        self._latency = self._latency.observe(self._clock() - began, records)

    def count(self, outcomes: Counter[str]) -> None:
        """Add what became of a pack."""
        self._outcomes.update(outcomes)

    def stands(self, assessor: Assessor) -> None:
        """Show the problem's state: it is ours and recovered."""
        self._assessor = assessor
        self.recovered()
        self.show()

    def lost(self) -> None:
        """Show nothing until partitions are assigned and recovered."""
        self._assessor = None
        self._publish(None)

    def bounded(self) -> dict[str, int]:
        """Count what bounds kept out, by bound."""
        kept_out = {
            name.removeprefix(BOUNDED): n for name, n in self._outcomes.items() if name.startswith(BOUNDED)
        }
        return kept_out | (self._assessor.bounded if self._assessor else {})

    def event_time(self) -> float:
        """Newest time the log has shown: the clock of a replay. Epoch seconds, 0 before anything came."""
        return self._assessor.fold.clock if self._assessor else 0.0

    def show(self) -> None:
        """Publish the whole as it is now."""
        rejections = {
            name.removeprefix(REJECTED): n for name, n in self._outcomes.items() if name.startswith(REJECTED)
        }
        shown = Published(
            every=self._every,
            messages={name: n for name, n in self._outcomes.items() if not name.startswith(REJECTED)},
            rejections=rejections,
            lag=self.lag(),
            committed_at=self.committed_at(),
            latency=self._latency,
        )
        assessor = self._assessor
        if assessor is not None:
            fold = assessor.fold
            shown = replace(
                shown,
                every=fold.every or self._every,  # the run's own grid, where it has ticked
                assess=_on(asyncio.get_running_loop(), assessor),
                tick_at=fold.evaluated,
                newest_at=fold.newest,
                sources=fold.seen,
            )
        self._publish(shown)


def _on(loop: asyncio.AbstractEventLoop, assessor: Assessor) -> Callable[[float], Assessment]:
    """Evaluate on the event loop, whose state it is: scrapes come from another thread."""

    async def at(now: float) -> Assessment:
        return assessor.at(now)

    return lambda now: asyncio.run_coroutine_threadsafe(at(now), loop).result(PATIENCE)
