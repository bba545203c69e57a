"""Ledger: what moved the index, claim by claim, in index points that add up."""

import math

from schemas.assessment import Contribution, Evidence
from schemas.catalogue import Catalogue, Indicator
from schemas.review import Review
from schemas.wire import instant, rfc3339
from stream.core.claims import Claim
from stream.core.evaluate import Account, Picture
from stream.core.reviews import Reviewed
from stream.core.score import ledger_points
from stream.core.statements import DAY, timed

LISTED = 20  # claims named in an indicator's line; the rest are summed


def ledger(
    picture: Picture, catalogue: Catalogue, t: float, listed: int = LISTED
) -> tuple[Contribution, ...]:
    """The signed account in index points, most moving first; base + Σ points = index."""
    points = ledger_points(picture.contributions, picture.index, picture.base)
    rows = [
        _line(a, points[a.indicator.id], catalogue, t, listed)
        for a in picture.accounts
        if a.activation or a.ambiguous
    ]
    return tuple(sorted(rows, key=lambda row: (-abs(row.points), -row.ambiguous, row.indicator)))


def _line(account: Account, points: float, catalogue: Catalogue, t: float, listed: int) -> Contribution:
    weighing = [(c, m) for c, m in zip(account.claims, account.masses, strict=True) if m > 0]
    counting = math.fsum(m for c, m in weighing if _counts(account, c))
    shares = [(points * m / counting if _counts(account, c) else 0.0, m, c) for c, m in weighing]
    shares.sort(key=lambda share: (-abs(share[0]), -share[1], share[2].id))
    return Contribution(
        indicator=account.indicator.id,
        group=account.indicator.group,
        kind=account.indicator.kind,
        activation=account.activation,
        ambiguous=account.ambiguous,
        points=points,
        claims=tuple(_evidence(c, m, p, catalogue, account.indicator, t) for p, m, c in shares[:listed]),
        rest=len(shares[listed:]),
        rest_points=math.fsum(p for p, _, _ in shares[listed:]),
    )


def _evidence(
    claim: Claim, mass: float, points: float, catalogue: Catalogue, indicator: Indicator, t: float
) -> Evidence:
    lead = claim.lead
    notes = (
        ("widens the band only" if not claim.triggered else ""),
        (
            f"gated ×{indicator.gate.factor:g} until {indicator.gate.families} voices observe it"
            if claim.gated and indicator.gate
            else ""
        ),
        ("denied by " + ", ".join(claim.denied_by) if claim.denied_by else ""),
        (
            f"state media about their own side: at most {catalogue.problem.own_side_cap:g}"
            if lead.own_side
            else ""
        ),
        *(_said(r) for r in (lead.reviews if isinstance(lead, Reviewed) else ())),
        (f"{(t - claim.at) / DAY:.1f} days old, half-life {indicator.half_life_days:g}"),
    )
    return Evidence(
        claim=claim.id,
        indicator=indicator.id,
        points=points,
        mass=mass,
        at=instant(claim.at),
        act=lead.act,
        severity=claim.severity,
        grade=f"{lead.reliability}{lead.credibility}",
        families=claim.voices,
        denied_by=claim.denied_by,
        reports=claim.reports,
        title=lead.title or lead.excerpt,
        url=lead.url,
        publisher=lead.publisher,
        message_id=lead.message_id,
        messages=claim.messages,
        notes=tuple(note for note in notes if note),
        deadline=lead.deadline if indicator.kind == "warning" and timed(lead) else None,
    )


def _said(review: Review) -> str:
    done = {"confirm": "confirmed", "regrade": "regraded", "hold": "held", "end-exercise": "end corrected"}
    until = f" until {rfc3339(review.expires_at)}" if review.expires_at else ""
    return f"{done[review.action]} by {review.reviewer}{until}: {review.reason}"


def _counts(account: Account, claim: Claim) -> bool:
    return claim.triggered and account.indicator.kind != "ambiguous"
