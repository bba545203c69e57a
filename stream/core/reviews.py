"""Reviews: what analysts said of messages, as a set, and what it makes of an indication."""

import hashlib
import math
from collections import defaultdict

from schemas.indication import Act, Indication
from schemas.review import Review


class Reviewed(Indication):
    """An indication that analysts have spoken on: `reviews` are those in force."""

    reviews: tuple[Review, ...]

    @property
    def held(self) -> bool:
        """Set aside: it widens the band only."""
        return any(r.action == "hold" for r in self.reviews)


class Reviews:
    """All reviews of one problem. Adding is idempotent, and the order of adding changes nothing."""

    def __init__(self) -> None:
        self._by_target: dict[str, set[Review]] = defaultdict(set)
        self._targets: dict[str, set[str]] = defaultdict(set)  # by message

    def add(self, review: Review) -> bool:
        """Take one in; whether it is new."""
        for message_id in (review.target, message_of(review.target)):
            self._targets[message_id].add(review.target)
        if review in self._by_target[review.target]:
            return False
        self._by_target[review.target].add(review)
        return True

    def apply(self, indication: Indication, t: float, known_at: float) -> Indication | None:
        """What is left of an indication at t with what was said by `known_at`; None where it is retracted."""
        said = self._on(indication, t, known_at)
        if not said:
            return indication
        grading = max((r for r in said if r.action != "end-exercise"), key=_order, default=None)
        ending = max((r for r in said if r.action == "end-exercise"), key=_order, default=None)
        reviews = tuple(r for r in (grading, ending) if r is not None)
        if grading is not None and grading.action == "retract":
            return None
        update: dict[str, object] = {}
        if grading is not None and grading.action == "confirm":
            update |= {"act": Act.OBSERVED, "credibility": 1}
        if grading is not None and grading.action == "regrade":
            regraded = {"reliability": grading.reliability, "credibility": grading.credibility}
            update |= {name: grade for name, grade in regraded.items() if grade is not None}
        if ending is not None and indication.facts.ends_on is not None:
            update["facts"] = indication.facts.model_copy(update={"ends_on": ending.ends_on})
        fields = {name: getattr(indication, name) for name in Indication.model_fields}
        return Reviewed.model_construct(**fields | update, reviews=reviews)

    def settled_at(self, message_id: str) -> float:
        """Time (epoch seconds) after which reviews of a message change nothing any more by themselves."""
        moments = (
            at.timestamp()
            for target in self._targets.get(message_id, ())
            for r in self._by_target[target]
            for at in (r.at, r.expires_at)
            if at is not None
        )
        return max(moments, default=-math.inf)

    def in_force(self, t: float, known_at: float) -> list[Review]:
        """Every review that counts at t as known at `known_at`, newest first; superseded ones left out."""
        found = []
        for known in self._by_target.values():
            said = [r for r in known if _counts(r, t, known_at)]
            for ending in (False, True):
                kind = [r for r in said if (r.action == "end-exercise") is ending]
                found += [max(kind, key=_order)] if kind else []
        return sorted(found, key=_order, reverse=True)

    def _on(self, indication: Indication, t: float, known_at: float) -> list[Review]:
        return [
            r
            for target in (indication.id, indication.message_id)
            if target in self._by_target
            for r in self._by_target[target]
            if _counts(r, t, known_at)
        ]


def message_of(target: str) -> str:
    """Id of the message that a target's indication stands in.

    >>> message_of("isw:12#strike_group"), message_of("isw:12")
    ('isw:12', 'isw:12')
    """
    return target.rpartition("#")[0] or target


def row_key(review: Review) -> str:
    """Name a review's row: two that share an id and differ are two, whichever came first."""
    content = hashlib.sha256(review.model_dump_json().encode()).hexdigest()[:16]
    return f"r/{review.id}/{content}"


def _counts(review: Review, t: float, known_at: float) -> bool:
    expires = review.expires_at.timestamp() if review.expires_at else math.inf
    return review.at.timestamp() <= min(t, known_at) and t < expires


def _order(review: Review) -> tuple[float, str, str]:
    return review.at.timestamp(), review.id, review.model_dump_json()
