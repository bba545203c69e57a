"""Held: what a memory keeps of its messages in order, so that one more costs about as much whatever is held."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain

from schemas.indication import Indication

SLACK = 1_000  # entries of a heap that may speak of what has gone, besides as many as are held


class Ranks:
    """A number by message; finding the lowest costs the logarithm of how many there are.

    >>> ranks = Ranks()
    >>> ranks["a"], ranks["b"], ranks["c"] = 3.0, 1.0, 2.0
    >>> ranks["b"] = 4.0
    >>> ranks.lowest(), len(ranks)
    ('c', 3)
    >>> ranks.discard("c")
    >>> ranks.lowest()
    'a'
    """

    def __init__(self) -> None:
        self._of: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []  # what holds no more stays in it until it comes up

    def __len__(self) -> int:
        return len(self._of)

    def __setitem__(self, message_id: str, rank: float) -> None:
        self._of[message_id] = rank
        heappush(self._heap, (rank, message_id))
        if len(self._heap) > 2 * len(self._of) + SLACK:
            self._heap = [(r, m) for m, r in self._of.items()]
            heapify(self._heap)

    def discard(self, message_id: str) -> None:
        """Forget a message, if it is held."""
        self._of.pop(message_id, None)

    def lowest(self) -> str:
        """The message of the lowest rank, by its id where they are equal; there must be one."""
        while self._of.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][1]


class Settled:
    """What messages say of one indicator once time changes it no more, in order of when that is (epoch seconds)."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._order: list[tuple[float, str]] = []
        self._said: list[Sequence[Indication]] = []  # beside `_order`
        self._current: tuple[int, list[Indication]] = 0, []

    def put(self, message_id: str, at: float, said: Sequence[Indication]) -> None:
        """Note what a message says from `at` on."""
        self.discard(message_id)
        self._at[message_id] = at
        place = bisect_left(self._order, (at, message_id))
        self._order.insert(place, (at, message_id))
        self._said.insert(place, said)
        self._current = 0, []

    def discard(self, message_id: str) -> None:
        """Forget a message, if it is held."""
        if message_id in self._at:
            place = bisect_left(self._order, (self._at.pop(message_id), message_id))
            del self._order[place], self._said[place]
            self._current = 0, []

    def by(self, t: float) -> tuple[list[Indication], Iterator[str]]:
        """What had been settled by t, the same list while nothing changes; and the messages that weren't yet."""
        count = bisect_right(self._order, t, key=lambda entry: entry[0])
        if count != self._current[0]:
            self._current = count, list(chain.from_iterable(self._said[:count]))
        return self._current[1], (message_id for _, message_id in self._order[count:])
