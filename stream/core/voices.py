"""Voices: who speaks within a span of time around a moment, as the moment slides along a chain of statements."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Sequence

from schemas.indication import Act
from stream.core.statements import Statement

# voice, grade, severity, observed: a second near such a one changes nothing
Alike = tuple[str, float, int, bool]


class Voices:
    """Best grade a voice, highest severity and number of observing voices among statements within `reach` seconds.

    `statements` are sorted by time, and moments come in ascending order: each statement enters and leaves once.
    """

    def __init__(self, statements: Sequence[Statement], reach: float) -> None:
        self._statements = statements
        self._reach = reach
        self._begin = self._end = 0
        self._alike: Counter[Alike] = Counter()
        self._grades: dict[str, list[float]] = defaultdict(list)  # of each voice, ascending
        self._bests: list[float] = []  # of all voices, ascending
        self._severities = [0, 0, 0, 0]  # kinds of statement of severity 0..3
        self._observed: Counter[str] = Counter()

    def around(self, at: float) -> bool:
        """Slide to the moment `at`, not earlier than the last; whether another kind of statement is near than was."""
        changed = False
        statements, reach = self._statements, self._reach
        while self._end < len(statements) and statements[self._end].at - at <= reach:
            kind = _alike(statements[self._end])
            self._end += 1
            self._alike[kind] += 1
            if self._alike[kind] == 1:
                self._take(kind)
                changed = True
        while self._begin < self._end and at - statements[self._begin].at > reach:
            kind = _alike(statements[self._begin])
            self._begin += 1
            self._alike[kind] -= 1
            if not self._alike[kind]:
                self._leave(kind)
                changed = True
        return changed

    def best(self, most: int) -> list[float]:
        """The highest grades, one a voice, at most `most`."""
        return self._bests[-most:]

    @property
    def severity(self) -> int:
        """The highest severity; 0 where nobody speaks."""
        return next((n for n in (3, 2, 1) if self._severities[n]), 0)

    @property
    def observing(self) -> int:
        """Voices that say they saw it."""
        return len(self._observed)

    def _take(self, kind: Alike) -> None:
        voice, grade, severity, observed = kind
        grades = self._grades[voice]
        if not grades or grade > grades[-1]:
            if grades:
                _remove(self._bests, grades[-1])
            insort(self._bests, grade)
        insort(grades, grade)
        self._severities[severity] += 1
        if observed:
            self._observed[voice] += 1

    def _leave(self, kind: Alike) -> None:
        voice, grade, severity, observed = kind
        grades = self._grades[voice]
        best = grades[-1]
        _remove(grades, grade)
        if not grades or grades[-1] < best:
            _remove(self._bests, best)
            if grades:
                insort(self._bests, grades[-1])
        self._severities[severity] -= 1
        if observed:
            self._observed[voice] -= 1
            if not self._observed[voice]:
                del self._observed[voice]


def _alike(s: Statement) -> Alike:
    return s.indication.voice, s.grade, s.indication.severity, s.indication.act is Act.OBSERVED


def _remove(ordered: list[float], value: float) -> None:
    del ordered[bisect_left(ordered, value)]
