"""The closest group of words that meets every requirement at once."""

from collections.abc import Sequence

from stream.core.lexicon import Span


def window(required: Sequence[Sequence[Span]], *, near: int, order: bool) -> tuple[Span, ...] | None:
    """Choose one span per requirement, at most `near` words from first to last.

    From each span of the first requirement the others take, in turn, the nearest span (with `order`: the
    nearest that comes later): linear in the spans, and enough for sentences. One word may meet two
    requirements: "an explosion" is both the thing and what it did.

    >>> window([[Span(4, 5)], [Span(0, 1), Span(7, 8)]], near=8, order=False)
    (Span(start=4, end=5), Span(start=7, end=8))
    >>> window([[Span(4, 5)], [Span(0, 1)]], near=8, order=True) is None
    True
    """
    if not all(required):
        return None
    best: tuple[Span, ...] | None = None
    for first in required[0]:
        chosen = [first]
        for spans in required[1:]:
            free = [span for span in spans if not order or span.start >= chosen[-1].end]
            if not free:
                break
            chosen.append(min(free, key=lambda span: (_distance(span, chosen[0]), span)))
        else:
            if _width(chosen) <= near and (best is None or _width(chosen) < _width(best)):
                best = tuple(chosen)
    return best


def _distance(one: Span, other: Span) -> int:
    return max(one.start - other.end, other.start - one.end)


def _width(spans: Sequence[Span]) -> int:
    return max(span.end for span in spans) - min(span.start for span in spans)
