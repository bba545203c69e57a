"""Ablations: take one rule away, or swell or thin the stream, and see what that rule was worth.

Each is a pure function from catalogue to catalogue, from records to records, or from indication to indication;
the score itself knows nothing of them.
"""

import json
import zlib
from collections.abc import Callable, Collection, Sequence

import jiter

from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from schemas.moment import parse
from schemas.wire import instant, rfc3339
from stream.core.pipeline import Inbound
from stream.core.statements import HOUR
from stream.evaluation.backtest import Ablation

EQUAL = 0.6  # every R and every C: as if all were usual sources (C) saying possible things (3)
TIMES = 5
SHORT_DAY = len("2022-02-24")


def ungraded(catalogue: Catalogue) -> Catalogue:
    """Every source and statement trusted alike."""
    problem = catalogue.problem
    same = {
        "reliability": dict.fromkeys(problem.reliability, EQUAL),
        "credibility": dict.fromkeys(problem.credibility, EQUAL),
        "own_side_cap": 1.0,
    }
    return catalogue.model_copy(update={"problem": problem.model_copy(update=same)})


def own_voice(indication: Indication) -> Indication:
    """Every publisher a family of its own, whoever it quotes."""
    return indication.model_copy(
        update={"voice": indication.publisher.casefold(), "family": indication.publisher.casefold()}
    )


def never_a_copy(indication: Indication) -> Indication:
    """Every message an original."""
    return indication.model_copy(update={"fingerprint": indication.id, "derived_from": None})


def without_counters(catalogue: Catalogue) -> Catalogue:
    """Only what raises."""
    kept = {name: i for name, i in catalogue.indicators.items() if i.kind != "counter"}
    return catalogue.model_copy(update={"indicators": kept})


def without_routine(catalogue: Catalogue) -> Catalogue:
    """Drills, arrivals, checks, call-up notices and trains count as they come."""
    return _each(catalogue, lambda _: {"routine": ()})


def without_gate(catalogue: Catalogue) -> Catalogue:
    """An entry that one voice claims counts in full."""
    return _each(catalogue, lambda _: {"gate": None})


def slower(catalogue: Catalogue) -> Catalogue:
    """Half-lives four times as long."""
    return _each(catalogue, lambda i: {"half_life_days": 4 * i.half_life_days})


def relevant(records: Sequence[Inbound], matched: Collection[str]) -> list[Inbound]:
    """The records whose ids matched, and the first and last, which bound the time.

    `observe` keeps no state, so what it answers with nothing once it answers so always: leaving that out changes
    neither index nor level, only which sources seem silent (the band).
    """
    last = len(records) - 1
    return [
        r for n, r in enumerate(records) if n in (0, last) or r.kind == "review" or identity(r) in matched
    ]


def swollen(records: Sequence[Inbound]) -> list[Inbound]:
    """The same news five times: again by its publisher under a new id, and three copies by others, hours later."""
    copies = [copy for record in records for copy in _copies(record)]
    return sorted([*records, *copies], key=lambda record: record.received_at)


def thinned(records: Sequence[Inbound]) -> list[Inbound]:
    """A fifth of the stream, chosen by id and not by what it says; the first and last record bound the time."""
    last = len(records) - 1
    return [
        r
        for n, r in enumerate(records)
        if n in (0, last) or zlib.crc32((identity(r) or "").encode()) % TIMES == 0
    ]


ABLATIONS = (
    Ablation("no grading", "every reliability and credibility alike", catalogue=ungraded),
    Ablation("no families", "every publisher its own voice", indication=own_voice),
    Ablation("duplicates kept", "every message an original", indication=never_a_copy),
    Ablation("no counter-indicators", "only what raises", catalogue=without_counters),
    Ablation("no routine rule", "drills, arrivals and trains count as they come", catalogue=without_routine),
    Ablation("no gate", "an entry claimed by one voice counts in full", catalogue=without_gate),
    Ablation("half-lives × 4", "slower to forget", catalogue=slower),
    Ablation("volume × 5", "every message again, and three copies by others", records=swollen),
    Ablation("a fifth of the stream", "four of five messages left out", records=thinned),
)


def identity(record: Inbound) -> str | None:
    """The id a record gives itself; None where it can't be read."""
    try:
        return str(jiter.from_json(record.value)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _each(catalogue: Catalogue, change: Callable[[Indicator], dict[str, object]]) -> Catalogue:
    changed = {name: i.model_copy(update=change(i)) for name, i in catalogue.indicators.items()}
    return catalogue.model_copy(update={"indicators": changed})


def _copies(record: Inbound) -> list[Inbound]:
    name = identity(record)
    if name is None:
        return []
    body = json.loads(record.value)
    moment = "occurred_at" if record.kind == "event" else "published_at"
    made = []
    for n in range(1, TIMES):
        later = n * HOUR
        copy = {**body, "id": f"{name}#again-{n}", moment: _later(body, moment, later)}
        copy.pop("received_at", None)
        if n > 1:
            copy["publisher"] = f"copy-{n}.example"
        value = json.dumps(copy, ensure_ascii=False).encode()
        made.append(record._replace(value=value, received_at=record.received_at + later))
    return made


def _later(body: dict[str, str], moment: str, seconds: float) -> str:
    """A stated time moved on; a bare day stays that day."""
    if body.get("precision") == "day" or len(body[moment]) == SHORT_DAY:
        return body[moment]
    try:
        return rfc3339(
            instant(parse(body[moment], body.get("tz_assumed"), day=False)[0].timestamp() + seconds)
        )
    except ValueError:
        return body[moment]
