"""Story: which claims moved an index, as far as a page has room for them."""

from schemas.assessment import Assessment
from stream.core.diff import WORTH, Change, changes

NAMED = 4


def moves(old: Assessment, new: Assessment) -> list[Change]:
    """Claims whose contribution changed most, largest first; those that only faded are among them.

    A claim is known by its lead statement. Where another statement of the same claim took over the lead, the
    claim appears as one that went and one that came.
    """
    return [c for c in changes(old, new) if c.evidence and abs(c.points) >= WORTH][:NAMED]
