"""History: the whole back-test of one catalogue against dated facts, put together."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from schemas.assessment import Level
from schemas.catalogue import Catalogue
from stream.core.observe import Observer
from stream.core.pipeline import Inbound
from stream.core.statements import DAY
from stream.evaluation.ablations import ABLATIONS, relevant
from stream.evaluation.alerts import Firing, Rule, firings
from stream.evaluation.backtest import WHOLE, Ablation, Heard, Trace, assess, changed, observe, rearranged
from stream.evaluation.calm import Day, FalseAlarms, Month, daily, false_alarms, months
from stream.evaluation.dated import (
    Fact,
    Failed,
    Seen,
    alone,
    drift,
    failed_claims,
    families,
    lead_days,
    seen,
    unsupported_criticals,
)
from stream.evaluation.episodes import Episode, episodes
from stream.evaluation.record import Record, by_family, by_source
from stream.evaluation.robustness import Shake, shakes
from stream.sources.files import FileProblem

NAMED = 5  # claims noted of an indicator at each tick: enough to name what raised it
MARGIN = 14.0  # days around a marked truth that are no plain false alarm


class Plan(NamedTuple):
    """What is asked for: grid in seconds, days around truths, alert rules, and which long parts to leave out."""

    every: float
    margin: float = MARGIN
    rules: Sequence[Rule] = ()
    ablations: bool = True
    robustness: bool = True


class Truth(NamedTuple):
    """A marked truth, and the days by which watch and warning stood before its day; None where they didn't."""

    fact: Fact
    watch: float | None
    warning: float | None


class Varied(NamedTuple):
    """One run with something changed: days by level, lead on the first truth in days, index drift (max, mean)."""

    name: str
    why: str
    days: Mapping[Level, float]
    lead: float | None
    peak: float
    drift: tuple[float, float]


class Findings(NamedTuple):
    """All that the back-test of one catalogue found; `messages` counts them by outcome."""

    catalogue: Catalogue
    plan: Plan
    messages: Mapping[str, int]
    trace: Trace
    days: Sequence[Day]
    truths: Sequence[Truth]
    facts: Sequence[Seen]
    failed: Sequence[Failed]
    unsupported: int
    alone: Mapping[str, float]
    false_alarms: Sequence[FalseAlarms]
    episodes: Mapping[Level, Sequence[Episode]]
    firings: Sequence[tuple[Rule, Sequence[Firing]]]
    months: Sequence[Month]
    sources: Sequence[Record]
    families: Sequence[Record]
    ablations: Sequence[Varied]
    robustness: Sequence[Varied]


def study(
    catalogue: Catalogue,
    records: Sequence[Inbound],
    facts: Sequence[Fact],
    plan: Plan,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> Findings:
    """Run the records (ordered by receipt) whole, ablated and shaken; `tell` hears runs done, and of how many.

    Raises
    ------
    FileProblem
        where the records hold no time to judge.
    """
    observer, outcomes = Observer(catalogue), Counter[str]()
    tell(0, 1)
    heard = list(observe(observer, records, plan.every, outcomes))
    trace = assess(catalogue, heard, listed=NAMED)
    if not trace.ticks:
        raise FileProblem(
            "nothing to judge: no record could be placed in time; look at them with: belwatch score"
        )
    speaking = list(rearranged(heard, list))
    names = families(heard)
    variations = list(_variations(catalogue, observer, records, speaking, (trace, names), plan))
    total = len(variations) + 2
    tell(1, total)
    peaks = alone(catalogue, _coarse(speaking), names if plan.ablations or plan.robustness else ())
    truth = next((f for f in facts if f.mark.startswith("T")), None)
    varied: dict[str, list[Varied]] = {"ablation": [], "shake": []}
    for done, (kind, name, why, run) in enumerate(variations, 2):
        tell(done, total)
        varied[kind].append(_varied(name, why, run(), trace, truth))
    tell(total, total)
    days = daily(trace)
    return Findings(
        catalogue=catalogue,
        plan=plan,
        messages={k: outcomes[k] for k in ("matched", "unmatched", "rejected")},
        trace=trace,
        days=days,
        truths=_truths(trace, facts),
        facts=seen(trace, facts),
        failed=failed_claims(trace, facts, catalogue),
        unsupported=len(unsupported_criticals(trace, catalogue)),
        alone=peaks,
        false_alarms=false_alarms(days, facts, plan.margin),
        episodes={level: episodes(trace, level) for level in catalogue.problem.levels},
        firings=[(rule, firings(trace, rule, catalogue.problem.levels)) for rule in plan.rules],
        months=months(days, facts),
        sources=by_source(trace, catalogue),
        families=by_family(trace, catalogue),
        ablations=varied["ablation"],
        robustness=varied["shake"],
    )


Run = tuple[str, str, str, Callable[[], Trace]]


def _variations(
    catalogue: Catalogue,
    observer: Observer,
    records: Sequence[Inbound],
    speaking: Sequence[Heard],
    found: tuple[Trace, Sequence[str]],
    plan: Plan,
) -> Iterator[Run]:
    """Every other run, to be made when asked for. What was heard is heard once: only other records are read anew."""
    trace, names = found

    def ablated(ablation: Ablation) -> Trace:
        theirs = ablation.catalogue(catalogue) if ablation.catalogue else catalogue
        heard: Sequence[Heard] = speaking
        if ablation.records:
            heard = list(observe(observer, ablation.records(relevant(records, trace.reports)), plan.every))
        return assess(theirs, (changed(one, ablation) for one in heard), listed=0)

    def shaken(shake: Shake) -> Trace:
        return assess(
            catalogue, rearranged(_coarse(speaking) if shake.coarse else speaking, shake.change), listed=0
        )

    for ablation in (WHOLE, *ABLATIONS) if plan.ablations else ():
        run = (lambda: trace) if ablation is WHOLE else partial(ablated, ablation)
        yield "ablation", ablation.name, ablation.why, run
    for shake in shakes(names) if plan.robustness else ():
        yield "shake", shake.name, shake.why, partial(shaken, shake)


def _varied(name: str, why: str, trace: Trace, whole: Trace, truth: Fact | None) -> Varied:
    return Varied(
        name,
        why,
        trace.days(),
        lead_days(trace, truth.at) if truth else None,
        max(p.index for p in trace.ticks),
        drift(trace, whole),
    )


def _truths(trace: Trace, facts: Sequence[Fact]) -> list[Truth]:
    """Marked truths within the run."""
    return [
        Truth(f, lead_days(trace, f.at), lead_days(trace, f.at, Level.WARNING))
        for f in facts
        if f.mark.startswith("T") and trace.ticks[0].at <= f.at <= trace.ticks[-1].at
    ]


def _coarse(heard: Sequence[Heard]) -> list[Heard]:
    """Ticks of whole days only: one family alone is asked for its peak."""
    return [one for one in heard if one.tick is None or one.tick % DAY == 0]
