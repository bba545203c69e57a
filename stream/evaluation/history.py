"""History: the whole back-test against dated facts, put together."""

from collections.abc import Callable, Sequence

from schemas.catalogue import Catalogue
from stream.core.pipeline import Inbound
from stream.evaluation.ablations import ABLATIONS
from stream.evaluation.backtest import WHOLE, Ablation, Trace, backtest, relevant
from stream.evaluation.dated import Fact, alone, drift, failed_claims, lead_days, seen, unsupported_criticals
from stream.evaluation.tables import Ablated, Findings
from stream.sources.files import FileProblem

COARSE = 86_400.0  # seconds; one family at a time is asked for its peak only


def study(
    catalogue: Catalogue,
    records: Sequence[Inbound],
    facts: Sequence[Fact],
    every: float,
    *,
    ablations: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Run the records (ordered by receipt) whole and ablated; `tell` hears what is being done.

    Raises
    ------
    FileProblem
        where the records hold no time to judge.
    """
    tell("every rule in force")
    trace = backtest(catalogue, records, every)
    if not trace.ticks:
        raise FileProblem(
            "nothing to judge: no record could be placed in time; look at them with: belwatch score"
        )
    truth = next((f for f in facts if f.mark.startswith("T")), None)
    speaking = relevant(catalogue, records)
    tell("each family alone")
    peaks = alone(catalogue, speaking, COARSE)
    rows = []
    for ablation in (WHOLE, *ABLATIONS) if ablations else ():
        tell(ablation.name)
        rows.append(_ablated(ablation, catalogue, speaking, every, (trace, truth)))
    return Findings(
        messages=len(records),
        trace=trace,
        truth=truth,
        lead=lead_days(trace, truth.at) if truth else None,
        facts=seen(trace, facts),
        failed=failed_claims(trace, facts, catalogue),
        unsupported=len(unsupported_criticals(trace, catalogue)),
        alone=peaks,
        ablations=rows,
    )


def _ablated(
    ablation: Ablation,
    catalogue: Catalogue,
    speaking: Sequence[Inbound],
    every: float,
    against: tuple[Trace, Fact | None],
) -> Ablated:
    whole, truth = against
    trace = whole if ablation is WHOLE else backtest(catalogue, speaking, every, ablation)
    return Ablated(
        ablation.name,
        ablation.why,
        trace.days(),
        lead_days(trace, truth.at) if truth else None,
        max(a.index for a in trace.ticks),
        drift(trace, whole),
    )
