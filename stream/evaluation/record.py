"""Record: how each source's word has stood the test of time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.catalogue import Catalogue
from schemas.indication import Indication
from stream.core.statements import timed
from stream.evaluation.backtest import Trace


class Record(NamedTuple):
    """What one claimant, or one family of claimants, has said.

    `timed`: claims that time can refute; `expired`: those that it did, reports of one claim counted once; `grades`:
    how often each Admiralty grade was given; `factor`: what is left of its reliability where it failed most often.
    """

    name: str
    family: str
    said: int
    timed: int
    expired: int
    grades: Mapping[str, int]
    factor: float


def by_source(trace: Trace, catalogue: Catalogue) -> list[Record]:
    """Of each claimant; most failed first, then who said most."""
    return _records(trace, catalogue, lambda i: i.claimant)


def by_family(trace: Trace, catalogue: Catalogue) -> list[Record]:
    """Of each family of claimants."""
    return _records(trace, catalogue, lambda i: i.voice)


def _records(trace: Trace, catalogue: Catalogue, key: Callable[[Indication], str]) -> list[Record]:
    said: dict[str, list[Indication]] = defaultdict(list)
    for i in trace.indications():
        said[key(i)].append(i)
    family = {i.claimant: i.voice for i in trace.indications()}
    end = trace.ticks[-1].at
    expired: Counter[str] = Counter()
    worst: Counter[str] = Counter()
    for (claimant, _), times in trace.expiries(catalogue).items():
        past = sum(at <= end for at in times)
        for name in {claimant, family[claimant]}:
            expired[name] += past
            worst[name] = max(worst[name], past)
    rows = [
        Record(
            name,
            found[0].voice,
            len(found),
            sum(_refutable(i, catalogue) for i in found),
            expired[name],
            dict(sorted(Counter(f"{i.reliability}{i.credibility}" for i in found).items())),
            0.5 ** worst[name],
        )
        for name, found in said.items()
    ]
    return sorted(rows, key=lambda row: (-row.expired, -row.said, row.name))


def _refutable(indication: Indication, catalogue: Catalogue) -> bool:
    indicator = catalogue.indicators.get(indication.indicator)
    return (
        indicator is not None
        and indicator.kind == "warning"
        and timed(indication)
        and (indication.deadline is not None or indicator.deadline_hours is not None)
    )
