"""The flow in one piece: observe, then assess. Live, replayed and in process it is this code."""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import ceil

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from schemas.tick import Tick
from schemas.wire import instant
from stream.core.assess import Assessor, Step
from stream.core.observe import Inbound, Observed, Observer

__all__ = ["Assessor", "Inbound", "Observed", "Observer", "Run", "Step", "in_one_partition", "with_ticks"]

ORIGIN = "records-0"  # in process everything comes from one partition
LOG = "indications-0"
PACK = 500


def with_ticks(records: Iterable[Inbound], every: float, until: float | None = None) -> Iterator[Inbound]:
    """Put the clock between records ordered by `received_at`: tick T after all that was received by T.

    Ticks stand on the grid of `every` seconds (UTC), from the first record to `until`, or the first grid time
    by which all was received. Records received after `until` are left out: they were not known.
    """
    due: float | None = None
    for record in records:
        if until is not None and record.received_at > until:
            break
        if due is None:
            due = _grid(record.received_at, every)
        while due < record.received_at:
            yield _tick(due, every)
            due += every
        yield record
    end = until if until is not None else due
    while due is not None and end is not None and due <= end:
        yield _tick(due, every)
        due += every


def in_one_partition(records: Iterable[Inbound]) -> Iterator[Inbound]:
    """Number records as one partition would: in process there are no others."""
    for offset, (kind, value, received_at, _, _) in enumerate(records):
        yield Inbound(kind, value, received_at, ORIGIN, offset)


class Run:
    """One pass over records in process: iterate for the assessments, then read the counts.

    `outcomes` counts messages as `Observed` does.
    """

    def __init__(self, catalogue: Catalogue, records: Iterable[Inbound]) -> None:
        self._records = records
        self._observer = Observer(catalogue)
        self._assessor = Assessor(catalogue, origins=[ORIGIN])
        self._offset = 0
        self.outcomes: Counter[str] = Counter()
        self.rejections: list[bytes] = []

    def __iter__(self) -> Iterator[Assessment]:
        """Yield each assessment as it is made."""
        pack: list[Inbound] = []
        for record in in_one_partition(self._records):
            pack.append(record)
            if record.kind == "tick" or len(pack) == PACK:
                yield from self._assess(pack)
                pack = []
        yield from self._assess(pack)

    def _assess(self, pack: list[Inbound]) -> Iterator[Assessment]:
        observed = self._observer.observe(pack)
        self.outcomes += observed.outcomes
        self.rejections += [rejection for _, rejection in observed.rejections]
        for observation in observed.observations:
            step = self._assessor.apply(LOG, self._offset, observation)
            self._offset += 1
            if step.ends_batch:
                for _, value in self._assessor.flush().assessments:
                    yield Assessment.model_validate_json(value)

    @property
    def assessor(self) -> Assessor:
        """The state the run has reached."""
        return self._assessor


def _grid(at: float, every: float) -> float:
    return ceil(at / every) * every


def _tick(at: float, every: float) -> Inbound:
    value = Tick(at=instant(at), every=every).model_dump_json().encode()
    return Inbound("tick", value, at, ORIGIN, -1)
