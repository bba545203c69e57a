"""Story: what changed between two assessments, and which claims did it."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.assessment import Assessment, Evidence

NAMED = 4
WORTH = 0.05  # index points below which a claim moved nothing


class Move(NamedTuple):
    """One claim's part in a change: index points before and after; `claim` as it was last seen."""

    claim: Evidence
    before: float
    after: float

    @property
    def points(self) -> float:
        """How far it moved the index."""
        return self.after - self.before


def moves(old: Assessment, new: Assessment) -> list[Move]:
    """Claims whose contribution changed most, largest first; those that only faded are among them.

    A claim is known by its lead statement. Where another statement of the same claim took over the lead, the
    claim appears as one that went and one that came.
    """
    before = {e.claim: e for e in _claims(old)}
    after = {e.claim: e for e in _claims(new)}
    found = [
        Move(after.get(name) or before[name], _points(before.get(name)), _points(after.get(name)))
        for name in before.keys() | after.keys()
    ]
    worth = [m for m in found if abs(m.points) >= WORTH]
    return sorted(worth, key=lambda m: (-abs(m.points), m.claim.claim))[:NAMED]


def _claims(assessment: Assessment) -> Iterator[Evidence]:
    return (e for line in assessment.ledger for e in line.claims)


def _points(claim: Evidence | None) -> float:
    return claim.points if claim else 0.0
