"""Travel: where things stood at a moment, as known then or as known later.

`at` is when things happened, `known_at` what had been received. The level is what was announced by then: a later
message changes what we think of a moment, never what was told at it.
"""

from collections.abc import Iterable

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from schemas.wire import instant
from stream.core.pipeline import Inbound, Run, with_ticks


def moment(
    catalogue: Catalogue, records: Iterable[Inbound], at: float, every: float, known_at: float | None = None
) -> Assessment | None:
    """Assess the moment `at` (epoch seconds) from records ordered by receipt; None where none was received by then.

    `every`: grid of the levels in seconds. `known_at`: only what was received by then counts; left out: `at`.
    """
    known = at if known_at is None else known_at
    run = Run(catalogue, with_ticks(records, every, known))
    announced: Assessment | None = None
    first: Assessment | None = None
    for assessment in run:
        first = first or assessment
        if assessment.cause == "tick" and assessment.at.timestamp() <= at:
            announced = assessment
    if first is None:
        return None
    found = run.assessor.at(at)
    update: dict[str, object] = {"known_at": instant(known)}
    if announced is not None:
        update |= {"level": announced.level, "since": announced.since, "fragile": announced.fragile}
    return found.model_copy(update=update)
