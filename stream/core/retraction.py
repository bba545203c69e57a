"""Retraction: what past alerts rested on, so that taking a message back says how much it had done.

A level was entered on some evidence. A message is one it rests on if, with everything else as it was known, the
index would have stayed below where that level begins. This is asked when the level is entered, while all that was
known is still held, and kept: a retraction years later needs nothing that has been forgotten since.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from schemas.assessment import Answer
from schemas.catalogue import Catalogue
from schemas.indication import Indication
from schemas.review import Review
from stream.core.evaluate import Account, Evaluator, Picture
from stream.core.heartbeat import Beat
from stream.core.memory import Memory
from stream.core.reviews import message_of
from stream.core.score import activation, logit
from stream.core.state import Alert
from stream.core.statements import HOUR

ASKED = 50  # messages that can have added most: each costs an evaluation, while the log waits


def rests_on(
    catalogue: Catalogue, memory: Memory, picture: Picture, t: float, enter: float
) -> tuple[str, ...]:
    """Messages without any one of which the index at t (epoch seconds) would be below `enter`."""
    excess = logit(picture.index / 100) - logit(enter / 100)
    most = _most(catalogue, memory, picture.accounts, t)
    candidates = sorted((-drop, m) for m, drop in most.items() if drop > excess)
    without = _Without(memory)
    evaluator = Evaluator(
        catalogue, without
    )  # one for all: it links again only what the left out message is in

    def below(message_id: str) -> bool:
        without.message_id = message_id
        return evaluator.index(t, t) < enter

    return tuple(sorted(m for _, m in candidates[:ASKED] if below(m)))


def answers(reviews: Iterable[Review], alerts: Sequence[Alert]) -> tuple[Answer, ...]:
    """Each review with what a retraction of its message means for the alerts before it."""
    found = []
    for review in reviews:
        before = [a for a in alerts if a.at <= review.at.timestamp()] if review.action == "retract" else []
        names = {review.target, message_of(review.target)}
        rested = sum(1 for alert in before if names & set(alert.rests_on))
        found.append(Answer(review=review, alerts=len(before), rested=rested))
    return tuple(found)


def _most(catalogue: Catalogue, memory: Memory, accounts: Iterable[Account], t: float) -> Mapping[str, float]:
    """Most that each message can have added, in log-odds: all claims it stands near taken away.

    A claim weighs what its lead and the voices near the lead give it, so a message further away adds nothing.
    """
    link = catalogue.problem.link_hours * HOUR
    drops: dict[str, list[float]] = defaultdict(list)
    for account in accounts:
        if account.indicator.kind != "warning" or not account.activation:
            continue
        pairs = list(zip(account.claims, account.masses, strict=True))
        near: dict[str, set[str]] = defaultdict(set)
        for i in memory.indications(account.indicator.id, t, t):
            near[i.message_id] |= {c.id for c, _ in pairs if abs(i.at.timestamp() - c.at) <= link}
        for message_id, gone in near.items():
            left = activation(m for c, m in pairs if c.triggered and c.id not in gone)
            drops[message_id].append(account.indicator.weight * (account.activation - left))
    return {message_id: math.fsum(found) for message_id, found in drops.items()}


class _Without(Memory):
    """A memory with one message left out; only read."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.message_id = ""

    def indications(self, indicator: str, t: float, known_at: float) -> list[Indication]:
        found = self._memory.indications(indicator, t, known_at)
        return [i for i in found if i.message_id != self.message_id]

    def beats(self, t: float, known_at: float) -> Mapping[str, list[Beat]]:
        return self._memory.beats(t, known_at)
