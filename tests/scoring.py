"""A small catalogue and messages for it, for tests of the score."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue, Indicator, Problem, Source
from schemas.wire import instant, rfc3339
from stream.catalogue.load import load
from stream.core.pipeline import Assessor, Inbound, Observer

DAY = 86_400.0
START = 1_643_673_600.0  # 2022-02-01
ORIGIN = "events-0"
PUBLISHERS = ("Alpha", "Alpha Two", "Beta", "Gamma", "State TV", "Wire")


def _indicator(name: str, kind: str, **given: Any) -> Indicator:  # noqa: ANN401 - fields of the model
    plain = {
        "id": name,
        "group": "test",
        "kind": kind,
        "meaning": name,
        "rationale": name,
        "references": (),
        "half_life_days": 7,
        "weight": 1.0,
        "max_severity": 3,
    }
    return Indicator.model_validate(plain | given)


HEARTBEAT = {
    "source": "Alpha",
    "every_hours": 24,
    "title": ("daily report",),
    "punctual": 5,
    "misses": 2,
    "raises": "alarm",
    "severity": 1,
}
INDICATORS = (
    _indicator("alarm", "warning", claim_facts=("deadline",), half_life_days=5),
    _indicator("buildup", "warning", routine=("above_peak", "inbound"), half_life_days=14),
    _indicator("drill", "warning", routine=("extended", "past_announced_end"), half_life_days=14),
    _indicator(
        "entry",
        "warning",
        gate={"families": 2, "factor": 0.2},
        deadline_hours=72,
        weight=5.0,
        half_life_days=30,
    ),
    _indicator("group", "warning", weight=1.6, own_side=("BY",)),
    _indicator("calm", "counter", weight=1.2, heartbeat=HEARTBEAT),
    _indicator("incident", "ambiguous", weight=0.6, direction="up", half_life_days=4),
    _indicator("contact", "ambiguous", weight=0.5, direction="both", half_life_days=4),
)
SOURCES = (
    Source(
        id="alpha", names=("Alpha", "Alpha Two"), family="alpha", reliability="A", expected_every_hours=24
    ),
    Source(id="beta", names=("Beta",), family="beta", reliability="B", expected_every_hours=48),
    Source(id="gamma", names=("Gamma",), family="gamma", reliability="C"),
    Source(id="state_tv", names=("State TV",), family="state", reliability="C", side="BY", state_media=True),
    Source(id="wire", names=("Wire",), family="wire", reliability="B"),
)


def catalogue(**problem: Any) -> Catalogue:  # noqa: ANN401 - fields of the model
    """The shipped problem's constants over eight plain indicators and five sources."""
    shipped = load().problem.model_dump() | {"entry_indicator": "entry"} | problem
    return Catalogue(
        version="test",
        problem=Problem.model_validate(shipped),
        indicators={i.id: i for i in INDICATORS},
        sources=SOURCES,
        unknown_source="F",
    )


def event(name: str, indicator: str, at: float, *, received: float | None = None, **given: Any) -> Inbound:  # noqa: ANN401
    """An analyst's event as a record; `at` and `received` in days after START."""
    body = {
        "id": name,
        "dataset": "analyst",
        "occurred_at": rfc3339(instant(START + at * DAY)),
        "indicator": indicator,
        "severity": 3,
        "grade": "B2",
        "act": "observed",
        "publisher": "Alpha",
        "summary": f"event {name} of {indicator} seen",
    } | given
    late = at if received is None else received
    return Inbound("event", json.dumps(body).encode(), START + late * DAY, ORIGIN, 0)


@st.composite
def events(draw: st.DrawFn, *, most: int = 25) -> list[Inbound]:
    """Up to `most` events over 60 days: late ones, copies, denials, deadlines, corrections, facts."""
    made = []
    for n in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, 60 * 24)) / 24
        delay = draw(st.sampled_from([0.0, 0.0, 0.1, 2.0]))
        given: dict[str, Any] = {
            "severity": draw(st.integers(1, 3)),
            "grade": draw(st.sampled_from("ABCDF")) + draw(st.sampled_from("12346")),
            "publisher": draw(st.sampled_from(PUBLISHERS)),
            "act": draw(
                st.sampled_from(["observed", "official", "claimed", "predicted", "assessed", "denied"])
            ),
            "summary": draw(st.sampled_from(["one text of many words", "another text of many words"]))
            + str(n % 4),
        }
        if draw(st.booleans()):
            given["facts"] = draw(
                st.sampled_from(
                    [
                        {"headcount": 500},
                        {"headcount": 30_000},
                        {"direction": "in"},
                        {"extended": True},
                        {"ends_on": "2022-02-20"},
                    ]
                )
            )
        if draw(st.integers(0, 4)) == 0:
            given["deadline"] = rfc3339(instant(START + (at + 1) * DAY))
        if draw(st.integers(0, 5)) == 0 and n:
            given["derived_from"] = f"e{n - 1}"
        name = f"e{draw(st.integers(0, n))}"  # sometimes an id again: a correction
        given["revision"] = 1
        indicator = draw(st.sampled_from([i.id for i in INDICATORS]))
        made.append(event(name, indicator, at, received=at + delay, **given))
    return made


def observed(made: Iterable[Inbound], cat: Catalogue) -> list[bytes]:
    """What `observe` makes of each, in order."""
    return Observer(cat).observe(list(made)).observations


def assessed(observations: Sequence[bytes], cat: Catalogue) -> Assessor:
    """Fold observations in the order given."""
    assessor = Assessor(cat, origins=[ORIGIN])
    for offset, value in enumerate(observations):
        assessor.apply("indications-0", offset, value)
    return assessor


def scored(made: Iterable[Inbound], cat: Catalogue, day: float) -> Assessment:
    """What is said of these messages `day` days after START."""
    return assessed(observed(made, cat), cat).at(START + day * DAY)


def interleaved(logs: Sequence[Sequence[Inbound]], seed: int) -> list[Inbound]:
    """Merge partitions at random, each in its own order."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    queues = [list(reversed(log)) for log in logs if log]
    merged = []
    while queues:
        queue = rng.choice(queues)
        merged.append(queue.pop())
        if not queue:
            queues.remove(queue)
    return merged


def partitioned(items: Iterable[Inbound], count: int) -> dict[str, list[Inbound]]:
    """Spread records over origins by id, and every tick to each, as the replayer does."""
    logs: dict[str, list[Inbound]] = defaultdict(list)
    names = [f"events-{n}" for n in range(count)]
    for item in items:
        if item.kind == "tick":
            for name in names:
                logs[name].append(item._replace(origin=name))
        else:
            name = names[hash(json.loads(item.value)["id"]) % count]
            logs[name].append(item._replace(origin=name))
    return {name: logs[name] for name in names}


def numbers(assessment: Assessment) -> dict[str, float]:
    """All figures of an assessment, flat."""
    flat = {name: getattr(assessment, name) for name in ("index", "base", "low", "high", "robust", "silence")}
    for row in assessment.ledger:
        flat |= {f"{row.indicator}.{n}": getattr(row, n) for n in ("activation", "ambiguous", "points")}
        flat |= {
            f"{row.indicator}.{e.claim}.{n}": getattr(e, n) for e in row.claims for n in ("points", "mass")
        }
    return flat
