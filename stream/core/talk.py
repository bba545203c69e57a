"""Talk: how many articles came, and how many of them mention the problem; what `attention` compares.

`observe` keeps no state, so it tells what stood at which offsets, and `assess` counts each offset of an origin
once: whoever reads a partition again, in packs of other sizes, tells the same offsets again. A message that its
source sends twice is two, and so is a copy: talk is volume, which is why it never enters the index.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Self

import ahocorasick_rs
from ahocorasick_rs import Implementation
from pydantic import Field

from schemas.assessment import Attention
from schemas.report import Articles, Stretch
from schemas.wire import Own, instant
from stream.core.attention import WEEKS, Day, attention

MOST_AHEAD = 2_000  # times of receipt that no tick has taken in: far more than a clock that runs leaves
KEPT = 7 * (WEEKS + 1)  # days
SECONDS_A_DAY = 86_400
EPOCH = date(1970, 1, 1)

Days = dict[date, Day]


class Mentions:
    """Whether a text shows one of the words that stand for the problem (`attention_words` of problem.toml).

    >>> mentions = Mentions(["belarus"])
    >>> mentions("Lukashenko: BELARUS is ready"), mentions("Rain over Kyiv")
    (True, False)
    """

    def __init__(self, words: tuple[str, ...] | list[str]) -> None:
        ways = {way for word in words for way in (word.lower(), word.title(), word.upper())}
        # every text pays for this search: a DFA takes a third less than what the library chooses by itself
        self._search = ahocorasick_rs.AhoCorasick(sorted(ways), implementation=Implementation.DFA)

    def __call__(self, text: str) -> bool:
        """One pass over the text."""
        return bool(self._search.find_matches_as_strings(text))  # cheaper than where they stand


class Teller:
    """Notes the articles of one pack, record by record, and tells them as `Articles`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        # offset and receipt: every message pays for what is done here
        self._articles: list[tuple[int, float]] = []
        self._about: list[int] = []

    def note(self, offset: int, received_at: float, *, about: bool) -> None:
        """One article."""
        self._articles.append((offset, received_at))
        if about:
            self._about.append(offset)

    def told(self) -> Articles | None:
        """What was noted since this was last asked; None where nothing was."""
        stretches, about = tuple(_stretches(self._articles)), tuple(self._about)
        self._articles, self._about = [], []
        return Articles(origin=self._origin, stretches=stretches, about=about) if stretches else None


def _stretches(articles: list[tuple[int, float]]) -> Iterator[Stretch]:
    """Neighbours received in the same second make one stretch."""
    first, following, until = 0, 0, -1
    for offset, received_at in articles:
        second = math.ceil(received_at)
        if offset != following or second != until:
            if following > first:
                yield Stretch(first, following - first, until)
            first, until = offset, second
        following = offset + 1
    if following > first:
        yield Stretch(first, following - first, until)


class Talk(Own):
    """Articles counted: `upto` which offset of each origin, by day (UTC) of receipt.

    `ahead` is what no tick has taken in yet, by the first tick that may (epoch seconds on the run's grid).
    """

    upto: dict[str, int] = Field(default_factory=dict)
    days: dict[date, Day] = Field(default_factory=dict)
    ahead: dict[float, Days] = Field(default_factory=dict)

    def counting(self, articles: Articles, every: float | None) -> Self:
        """Count what is new in `articles`; `every`: the grid of the ticks, in seconds, where it is known."""
        begin = self.upto.get(articles.origin, -1) + 1
        new = [s for s in articles.stretches if s.first + s.articles > begin]
        ahead = dict(self.ahead)
        for (tick, day), count in _counted(new, articles.about, begin, every).items():
            days = ahead.get(tick, {})
            ahead[tick] = {**days, day: _sum(days.get(day), count)}
        if len(ahead) > MOST_AHEAD:
            ahead = _fewer(ahead)
        end = max((s.first + s.articles for s in new), default=begin)
        return self.model_copy(update={"upto": {**self.upto, articles.origin: end - 1}, "ahead": ahead})

    def concluded(self, at: float) -> Self:
        """Take in what was received by the tick at `at`, and forget the days that nothing is compared with."""
        oldest = instant(at).date() - timedelta(days=KEPT)
        days = {day: count for day, count in self._by(at).items() if day >= oldest}
        return self.model_copy(
            update={"days": days, "ahead": {tick: d for tick, d in self.ahead.items() if tick > at}}
        )

    def attention(self, at: float, known_at: float) -> Attention | None:
        """Attention on the day that `at` ends or lies in; early in a day that has too few, on the day before."""
        days = self._by(known_at)
        today = instant(math.ceil(at) - 1).date()
        return attention(days, today) or attention(days, today - timedelta(days=1))

    def _by(self, known_at: float) -> Mapping[date, Day]:
        days = dict(self.days)
        for tick, counts in self.ahead.items():
            if tick <= known_at:
                for day, count in counts.items():
                    days[day] = _sum(days.get(day), count)
        return days


def _counted(
    stretches: Iterable[Stretch], about: Sequence[int], begin: int, every: float | None
) -> dict[tuple[float, date], Day]:
    """Count articles from the offset `begin` on, by the first tick that may take them in and the day of receipt."""
    found: dict[tuple[float, int], list[int]] = {}
    for first, count, second in stretches:
        # a grid of ticks is finer than a day and coarser than a second: so few counts, each exact
        tick = math.ceil(second / every) * every if every else float(second)
        counts = found.setdefault((tick, second // SECONDS_A_DAY), [0, 0])
        since, end = max(first, begin), first + count
        counts[0] += bisect_left(about, end) - bisect_left(about, since)
        counts[1] += end - since
    return {(tick, EPOCH + timedelta(days=day)): Day(*counts) for (tick, day), counts in found.items()}


def _fewer(ahead: dict[float, Days]) -> dict[float, Days]:
    """Let the older half wait for one tick: where none was heard so far, the first will be after all of them."""
    older = sorted(ahead)[: len(ahead) // 2]
    merged: Days = {}
    for at in older:
        for day, count in ahead.pop(at).items():
            merged[day] = _sum(merged.get(day), count)
    return {older[-1]: merged, **ahead}


def _sum(one: Day | None, other: Day) -> Day:
    return Day(one.about + other.about, one.total + other.total) if one else other
