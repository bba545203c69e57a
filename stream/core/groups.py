"""Groups: statements that agree in what tells claims apart, and which of them only repeat another.

What a statement repeats is found in the few that share its text, its figures or its source, so one more costs
about as much however many there are, and what comes or goes in any order leaves what all at once would.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from schemas.catalogue import Indicator
from schemas.indication import Act, Indication
from stream.core.statements import DAY, Statement, order

Key = tuple[object, ...]  # whether triggered, and the facts that tell an indicator's claims apart


def keys(indicator: Indicator, s: Statement) -> list[Key]:
    """Name the groups a statement stands in. A denial speaks to triggered and routine ones of its claim alike."""
    facts = [_fact(s.indication, name) for name in indicator.claim_facts]
    return [(said, *facts) for said in ((True, False) if s.indication.act is Act.DENIED else (s.triggered,))]


class Group:
    """Statements sorted by (τ, id): all that are `said`, and those that are `independent`.

    Left out is what repeats another statement: a copy, a translation, what is derived from one, a text sent again.
    A copy has the text of an earlier report by another publisher; within `link` seconds, as what is derived has of
    its source. A translation has the act and numbers of an earlier one in another language, within a day. A
    publisher's own text, again on the same day (UTC), is the same report under another id; on another day it is a
    refrain, and says that the thing still holds.
    """

    def __init__(self, link: float, *, triggered: bool) -> None:
        self.triggered = triggered
        self.said: list[Statement] = []
        self.independent: list[Statement] = []
        self._link = link
        self._reach = max(link, DAY)
        self._texts: dict[Hashable, list[Statement]] = defaultdict(list)
        self._figures: dict[Hashable, list[Statement]] = defaultdict(list)
        self._named: dict[Hashable, list[Statement]] = defaultdict(
            list
        )  # by what reports can be derived from
        self._derived: dict[Hashable, list[Statement]] = defaultdict(list)  # by what they are derived from

    def change(self, gone: Sequence[Statement], come: Sequence[Statement]) -> None:
        """Take statements out, then in, and judge again what may repeat them."""
        doubtful: dict[tuple[float, str], Statement] = {}
        for s in gone:
            for ordered in (self.said, self.independent, *self._alike(s)):
                _remove(ordered, s)
        for s in come:
            for ordered in (self.said, *self._alike(s)):
                insort(ordered, s, key=order)
            doubtful[order(s)] = s
        for s in (*gone, *come):
            doubtful |= {order(other): other for other in self._answering(s)}
            self._clear(s)
        for s in doubtful.values():
            _remove(self.independent, s)
            if not self._repeats(s):
                insort(self.independent, s, key=order)

    def _alike(self, s: Statement) -> Iterator[list[Statement]]:
        """The lists that a statement stands in."""
        for index, names in self._entries(s):
            for name in names:
                yield index[name]

    def _entries(
        self, s: Statement
    ) -> Iterator[tuple[dict[Hashable, list[Statement]], AbstractSet[Hashable]]]:
        i = s.indication
        yield self._texts, {i.fingerprint}
        yield self._figures, {_numbers(i)} - {None}
        yield self._named, _names(i)
        yield self._derived, {i.derived_from} - {None} - _names(i)

    def _clear(self, s: Statement) -> None:
        for index, names in self._entries(s):
            for name in names:
                if not index[name]:
                    del index[name]

    def _answering(self, s: Statement) -> Iterator[Statement]:
        """Whatever may repeat s, or may have: of its text or figures the next, and what is derived from it."""
        i = s.indication
        later = [*_streak(self._texts[i.fingerprint], s, "publisher", self._reach)]
        if (numbers := _numbers(i)) is not None:
            later += _streak(self._figures[numbers], s, "lang", self._reach)
        yield from later
        for name in _names(i):
            yield from self._derived.get(name, ())

    def _repeats(self, s: Statement) -> bool:
        i = s.indication
        last = next(_earlier(self._texts[i.fingerprint], s, DAY), None)
        if last and last.indication.publisher == i.publisher and last.at // DAY == s.at // DAY:
            return True
        copied = _earlier(self._texts[i.fingerprint], s, self._link)
        if any(other.indication.publisher != i.publisher for other in copied):
            return True
        numbers = _numbers(i)
        translated = _earlier(self._figures[numbers], s, DAY) if numbers else iter(())
        if any(other.indication.lang != i.lang for other in translated):
            return True
        sources = self._named.get(i.derived_from, ()) if i.derived_from not in _names(i) else ()
        return any(abs(s.at - source.at) <= self._link for source in sources)


def _earlier(ordered: list[Statement], s: Statement, within: float) -> Iterator[Statement]:
    """Statements before s, by at most `within` seconds, the latest first."""
    place = bisect_left(ordered, order(s))
    while place and s.at - ordered[place - 1].at <= within:
        place -= 1
        yield ordered[place]


def _streak(ordered: list[Statement], s: Statement, who: str, reach: float) -> Iterator[Statement]:
    """Statements after s until somebody else speaks: those look back no further than to the one before."""
    place = bisect_left(ordered, order(s))
    place += place < len(ordered) and order(ordered[place]) == order(s)
    for other in ordered[place:]:
        same = getattr(other.indication, who) == getattr(ordered[place].indication, who)
        if not same or other.at - s.at > reach:
            return
        yield other


def _remove(ordered: list[Statement], s: Statement) -> None:
    """Take s out, if it stands there."""
    place = bisect_left(ordered, order(s))
    if place < len(ordered) and order(ordered[place]) == order(s):
        del ordered[place]


def _fact(indication: Indication, name: str) -> object:
    if name == "deadline":
        return indication.deadline and indication.deadline.date()
    return getattr(indication.facts, name)


def _names(i: Indication) -> AbstractSet[Hashable]:
    return {i.message_id, i.url} - {""}


def _numbers(i: Indication) -> tuple[object, ...] | None:
    """What survives translation: act, figures, dates and names; None where there is no figure to know it by."""
    facts = i.facts
    if facts.headcount is None and facts.ends_on is None:
        return None
    return i.act, facts.headcount, facts.ends_on, facts.direction, facts.name
