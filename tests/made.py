"""Assessments and a catalogue made by hand, for tests of what is shown of them."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from schemas.assessment import Assessment, Contribution, Evidence, Level, Versions
from schemas.catalogue import Catalogue, Problem
from schemas.indication import Act
from schemas.wire import instant
from stream.settings import Settings

PROBLEM = Path(__file__).parents[1] / "stream" / "catalogue" / "belarus_entry" / "problem.toml"


def bare_catalogue() -> Catalogue:
    """The shipped problem without indicators: levels and thresholds are real."""
    problem = Problem.model_validate(tomllib.loads(PROBLEM.read_text(encoding="utf-8")))
    return Catalogue(version="c0ffee", problem=problem, indicators={}, sources=(), unknown_source="F")


def evidence(**given: object) -> Evidence:
    """One line of the ledger; any field can be given."""
    plain: dict[str, Any] = {
        "claim": "c1",
        "indicator": "russian_inflow",
        "points": 12.5,
        "mass": 0.8,
        "at": instant(1_645_000_000),
        "act": Act.OBSERVED,
        "severity": 2,
        "grade": "B2",
        "families": ("isw",),
        "denied_by": (),
        "reports": 1,
        "title": "Trains with armour arrive at Brest",
        "url": "https://isw.example/report",
        "publisher": "ISW",
        "message_id": "isw:1",
    }
    return Evidence(**plain | given)


def assessed(
    level: Level, at: float, claims: tuple[Evidence, ...] | None = None, **given: object
) -> Assessment:
    """An assessment at `at` (epoch seconds) with one raising and one calming indicator."""
    now = instant(at)
    inflow = Contribution(
        indicator="russian_inflow",
        group="forces",
        kind="warning",
        activation=0.5,
        ambiguous=0.0,
        points=30.0,
        claims=(evidence(),) if claims is None else claims,
    )
    reluctance = Contribution(
        indicator="reluctant_ranks",
        group="society",
        kind="counter",
        activation=0.2,
        ambiguous=0.0,
        points=-4.0,
    )
    plain: dict[str, Any] = {
        "id": "a1",
        "problem": "belarus_entry",
        "at": now,
        "known_at": now,
        "cause": "tick",
        "upto": {},
        "index": 31.0,
        "base": 5.0,
        "low": 24.0,
        "high": 40.0,
        "level": level,
        "since": now - timedelta(hours=3),
        "fragile": False,
        "robust": 27.0,
        "silence": 0.0,
        "newest_at": now,
        "knockout": 2,
        "ledger": (inflow, reluctance),
        "versions": Versions(catalogue="c0ffee", code="0", formula="v1"),
    }
    return Assessment(**plain | given)


def environment(settings: Settings) -> dict[str, str]:
    """Settings as a process of its own gets them, secrets included."""
    rows = settings.model_dump(exclude_none=True)
    if settings.sasl_password:
        rows["sasl_password"] = settings.sasl_password.get_secret_value()
    return {f"BELWATCH_{name.upper()}": str(value) for name, value in rows.items()}
