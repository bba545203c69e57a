"""Robustness: shake what was heard in ways that should not matter, or not much, and see how far the index moves.

Each is a pure function from reports to reports. The order within one time of receipt must change nothing at all:
that is the law (DESIGN.md), shown here on the user's own stream.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from schemas.report import Report
from stream.core.statements import DAY

SHARE = 5  # one of so many is kept
SEEDS = (1, 2, 3)
LAST_SECOND = DAY - 1  # where an item of day precision stands


class Shake(NamedTuple):
    """One way to shake the stream; `change` maps reports to reports. `coarse`: judged at the ends of days only."""

    name: str
    why: str
    change: Callable[[Sequence[Report]], list[Report]]
    coarse: bool = False


def shakes(families: Iterable[str]) -> list[Shake]:
    """All of them; every family that says anything is left out once."""
    return [
        Shake("order within a second", "arrival shuffled among equal times of receipt", shuffled),
        Shake("order within a day", "times of receipt exchanged within each day", exchanged),
        Shake("time within the day", "items that name only a day at a random time of it", jittered),
        *(
            Shake(f"a fifth, draw {seed}", "four of five messages left out", partial(thinned, seed=seed))
            for seed in SEEDS
        ),
        *(
            Shake(
                f"without {family}",
                "nothing that this family publishes",
                partial(without, family=family),
                coarse=True,
            )
            for family in families
        ),
    ]


def shuffled(reports: Sequence[Report]) -> list[Report]:
    """In any order; who puts them back by receipt finds ties in another order."""
    return _rng(0).sample(list(reports), len(reports))


def exchanged(reports: Sequence[Report]) -> list[Report]:
    """Times of receipt exchanged among the messages of the same day (UTC), none before its event."""
    rng = _rng(0)
    by_day: dict[object, list[Report]] = defaultdict(list)
    for report in reports:
        by_day[report.received_at.date()].append(report)
    made = []
    for held in by_day.values():
        times = rng.sample([r.received_at for r in held], len(held))
        made += [
            r.model_copy(update={"received_at": max(at, r.at)}) for r, at in zip(held, times, strict=True)
        ]
    return made


def jittered(reports: Sequence[Report]) -> list[Report]:
    """What stands at the last second of a day, because only the day is known, at a random second of it."""
    rng = _rng(0)
    made = []
    for report in reports:
        if report.at.timestamp() % DAY != LAST_SECOND:
            made.append(report)
            continue
        earlier = timedelta(seconds=rng.randrange(int(DAY)))
        received = report.received_at - earlier if report.received_at == report.at else report.received_at
        kept = tuple(i.model_copy(update={"at": i.at - earlier}) for i in report.indications)
        update = {"at": report.at - earlier, "received_at": received, "indications": kept}
        made.append(report.model_copy(update=update))
    return made


def thinned(reports: Sequence[Report], seed: int) -> list[Report]:
    """A fifth of the messages, drawn by id and not by what they say."""
    names = sorted({report.message_id for report in reports})
    kept = set(_rng(seed).sample(names, -(-len(names) // SHARE)))
    return [report for report in reports if report.message_id in kept]


def without(reports: Sequence[Report], family: str) -> list[Report]:
    """Nothing that one family publishes."""
    return [r for r in reports if not any(i.family == family for i in r.indications)]


def _rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - reproducible, nothing secret
