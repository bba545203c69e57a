"""Labels: what two readers saw in a text, against what the matcher sees."""

import json
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from stream.core.decode import Refused, decode_article
from stream.core.observe import Observer
from stream.evaluation.bootstrap import Interval, middle
from stream.sources.files import FileProblem

DRAWS = 2_000
SEED = 2022
By = Literal["indicator", "lang", "source"]


class Figures(NamedTuple):
    """Counts over (item, indicator) pairs: found rightly, found wrongly, not found."""

    right: int = 0
    false_alarms: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 0 where nothing was found."""
        return self.right / ((self.right + self.false_alarms) or 1)

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 0 where nothing is there."""
        return self.right / ((self.right + self.missed) or 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (van Rijsbergen 1979, Information Retrieval, chapter 7).

        >>> Figures(3, 1, 2).f1
        0.6666666666666665
        >>> Figures().f1
        0.0
        """
        return 2 * self.precision * self.recall / ((self.precision + self.recall) or 1)


class Judged(NamedTuple):
    """One labelled text and what was found in it.

    `sure`: both readers say so; `maybe`: one of them, so finding it is neither right nor wrong.
    """

    id: str
    lang: str
    source: str
    title: str
    text: str
    found: frozenset[str]
    sure: frozenset[str]
    maybe: frozenset[str]

    @property
    def false_alarms(self) -> frozenset[str]:
        """Found, and seen by neither reader."""
        return self.found - self.sure - self.maybe

    @property
    def missed(self) -> frozenset[str]:
        """Seen by both readers, and not found."""
        return self.sure - self.found

    def figures(self, indicator: str | None = None) -> Figures:
        """Counts of this text, of one indicator or of all."""
        rows = (self.found & self.sure, self.false_alarms, self.missed)
        return Figures(*(sum(indicator in (None, name) for name in row) for row in rows))


def judge(observer: Observer, path: Path) -> list[Judged]:
    """Read gold labels and ask the observer about each text; a later line with the same id replaces an earlier.

    Raises
    ------
    FileProblem
        where a line is no labelled article: it names the line and what is missing.
    """
    judged: dict[str, Judged] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            sure, maybe = frozenset(row["sure"]), frozenset(row["maybe"])
            body, at = decode_article(line, math.inf)
        except (ValueError, KeyError, TypeError, Refused) as wrong:
            raise FileProblem(
                f"{path}:{number}: no labelled article ({wrong}). Each line needs the fields of an article, "
                f'and "sure" and "maybe": lists of indicators.'
            ) from None
        found = frozenset(i.indicator for i in observer.indications(body, at))
        lang, source, title, text = (str(row.get(k, "")) for k in ("lang", "publisher", "title", "text"))
        judged[body.id] = Judged(body.id, lang, source, title, text, found, sure, maybe)
    return list(judged.values())


def total(judged: Iterable[Judged], indicator: str | None = None) -> Figures:
    """Counts over texts (micro average)."""
    rows = [item.figures(indicator) for item in judged]
    return Figures(*(sum(column) for column in zip(*rows, strict=True))) if rows else Figures()


def grouped(judged: Sequence[Judged], by: By) -> dict[str, Figures]:
    """Counts by indicator, language or publisher, most labels first."""
    if by == "indicator":
        names = {name for item in judged for name in item.found | item.sure}
        figures = {name: total(judged, name) for name in names}
    else:
        groups: dict[str, list[Judged]] = defaultdict(list)
        for item in judged:
            groups[item.lang if by == "lang" else item.source].append(item)
        figures = {name: total(group) for name, group in groups.items()}
    kept = {name: f for name, f in figures.items() if any(f)}
    return dict(sorted(kept.items(), key=lambda row: (-row[1].right - row[1].missed, row[0])))


def intervals(judged: Sequence[Judged], *, draws: int = DRAWS, seed: int = SEED) -> dict[str, Interval]:
    """Percentile bootstrap over texts, 95 %, of precision, recall and F1.

    Texts are drawn, not pairs: what stands in one text is not independent.
    Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1-26.
    """
    rng = random.Random(seed)  # noqa: S311 - reproducible, nothing secret
    rows = [item.figures() for item in judged]
    drawn = []
    for _ in range(draws if rows else 0):
        sample = rng.choices(rows, k=len(rows))
        drawn.append(Figures(*(sum(column) for column in zip(*sample, strict=True))))
    return {
        name: middle([getattr(f, name) for f in drawn] or [0.0]) for name in ("precision", "recall", "f1")
    }
