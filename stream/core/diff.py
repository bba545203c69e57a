"""Diff: what changed between two assessments, claim by claim: two moments, two states of knowledge, two catalogues."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from schemas.assessment import Assessment, Evidence
from schemas.wire import rfc3339

WORTH = 0.05  # index points below which a change is not told


class Change(NamedTuple):
    """One claim's points before and after, and what became of it; without evidence: an indicator's smaller claims."""

    indicator: str
    what: Literal["new", "gone", "heavier", "lighter"]
    before: float
    after: float
    evidence: Evidence | None

    @property
    def points(self) -> float:
        """Index points that the change moved."""
        return self.after - self.before


def changes(before: Assessment, after: Assessment) -> list[Change]:
    """List what moved the index, heaviest first. Their points add up to the change of index less that of the base.

    Claims are told apart by id within their indicator. What is listed in neither ledger by name is in its indicator's
    rest, which is compared as a whole.
    """
    found = [change for name in _indicators(before, after) for change in _indicator(name, before, after)]
    return sorted(found, key=lambda c: (-abs(c.points), c.indicator, c.evidence.claim if c.evidence else ""))


def _indicators(*assessments: Assessment) -> list[str]:
    return sorted({row.indicator for a in assessments for row in a.ledger})


def _indicator(name: str, before: Assessment, after: Assessment) -> Iterator[Change]:
    rows = [next((row for row in a.ledger if row.indicator == name), None) for a in (before, after)]
    old, new = ({e.claim: e for e in row.claims} if row else {} for row in rows)
    for claim in sorted(old.keys() | new.keys()):
        was, now = old.get(claim), new.get(claim)
        yield _change(name, was.points if was else 0.0, now.points if now else 0.0, now or was, (was, now))
    rest = [row.rest_points if row else 0.0 for row in rows]
    if rest[0] or rest[1]:
        yield _change(name, rest[0], rest[1], None, (rest[0] or None, rest[1] or None))


def _change(
    name: str,
    before: float,
    after: float,
    evidence: Evidence | None,
    there: tuple[object | None, object | None],
) -> Change:
    if there[0] is None:
        what: Literal["new", "gone", "heavier", "lighter"] = "new"
    elif there[1] is None:
        what = "gone"
    else:
        what = "heavier" if abs(after) > abs(before) else "lighter"
    return Change(name, what, before, after, evidence)


def told(before: Assessment, after: Assessment) -> str:
    """Say in words what changed, heaviest first; what moved less than `WORTH` together in one line."""
    rows = changes(before, after)
    worth = [c for c in rows if abs(c.points) >= WORTH]
    lines = [
        f"{before.problem}: {_stand(before)}",
        f"{' ' * len(before.problem)}  {_stand(after)}",
        f"index {after.index - before.index:+.1f}"
        + ("" if before.level is after.level else f", {before.level} to {after.level}"),
        *_versions(before, after),
        "",
    ]
    lines += [f"{c.points:+7.2f}  {c.what:7}  {c.indicator}: {_text(c)}" for c in worth]
    little = sum(c.points for c in rows if abs(c.points) < WORTH)
    if len(rows) > len(worth):
        lines.append(f"{little:+7.2f}  {len(rows) - len(worth)} smaller changes")
    return "\n".join(lines)


def _stand(a: Assessment) -> str:
    known = "" if a.known_at == a.at else f", as known at {rfc3339(a.known_at)}"
    return f"{rfc3339(a.at)}{known}: {a.level} {a.index:.1f} ({a.low:.1f} to {a.high:.1f})"


def _versions(before: Assessment, after: Assessment) -> list[str]:
    one, other = before.versions.model_dump(), after.versions.model_dump()
    return [f"{name} {one[name]} to {other[name]}" for name in one if one[name] != other[name]]


def _text(change: Change) -> str:
    e = change.evidence
    if e is None:
        return "smaller claims together"
    return f"[{e.grade} {e.act}] {e.at:%d %b}: {e.title} ({e.publisher})"
