"""History: assessments of the past as OpenMetrics with their own times, as if Prometheus had scraped them.

The families are those of /metrics, so the same panels and rules read them. Prometheus looks back five minutes for a
value, so each assessment is told again every `step` until the next. One text a month, since blocks cover a month, each
metric in one piece, as the format wants it.

Source: OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from math import ceil
from typing import IO

from prometheus_client.core import Metric

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from stream.sinks.families import Families, about, standing
from stream.sinks.metrics import Published, progress

STEP = 300.0
Held = tuple[float, float, Assessment]


def months(assessments: Iterable[Assessment], until: float | None = None) -> Iterator[tuple[str, list[Held]]]:
    """Group assessments by month ("2022-02") as (from, to, assessment): each holds until the next, the last to `until`.

    Times are epoch seconds, `to` left out.
    """
    ordered = sorted(assessments, key=lambda a: (a.at, a.cause == "tick"))
    last = [next(reversed(list(group))) for _, group in groupby(ordered, key=lambda a: a.at)]
    ends = [b.at.timestamp() for _, b in pairwise(last)]
    final = [] if not last else [max(until or 0.0, last[-1].at.timestamp() + STEP)]
    held = [(a.at.timestamp(), end, a) for a, end in zip(last, [*ends, *final], strict=True)]
    yield from ((month, list(rows)) for month, rows in groupby(held, key=lambda row: f"{row[2].at:%Y-%m}"))


def write(
    out: IO[str], catalogue: Catalogue, labels: tuple[str, str], held: Sequence[Held], step: float = STEP
) -> int:
    """Write one month; gives how many samples. `labels`: environment, and version of the code that assessed."""
    environment, version = labels
    families = Families({"environment": environment, "problem": catalogue.problem.id})
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = defaultdict(lambda: defaultdict(list))
    for begin, end, assessment in held:
        for metric in _metrics(families, catalogue, assessment, version, end - begin):
            for sample in metric.samples:
                text = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
                rows[sample.name][text].append((begin, end, sample.value))
    count = 0
    for name, series in rows.items():
        out.write(f"# TYPE {name} gauge\n")
        for text, spans in series.items():
            for begin, end, value in spans:
                head = f"{name}{{{text}}} {value!r} "
                times = [begin + n * step for n in range(ceil((end - begin) / step))]
                out.writelines(f"{head}{at!r}\n" for at in times)
                count += len(times)
    out.write("# EOF\n")
    return count


def _escaped(value: str) -> str:
    r"""Escape a label's value as OpenMetrics has it; the client's own function writes whole registries only.

    >>> _escaped('a "b"\n')
    'a \\"b\\"\\n'
    """
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _metrics(
    families: Families, catalogue: Catalogue, assessment: Assessment, version: str, every: float
) -> Iterator[Metric]:
    at = assessment.at.timestamp()
    newest = None if assessment.newest_at is None else assessment.newest_at.timestamp()
    yield from about(families, catalogue, version, None)
    yield from progress(families, Published(tick_at=at, every=every, newest_at=newest), at)
    yield from standing(families, assessment)
