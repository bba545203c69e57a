"""Telling: while the log goes on, what has moved waits to be told; it is not forgotten, not even by a restart."""

from scoring import assessed, catalogue, event, observed

CATALOGUE = catalogue()
SAID = observed([event("a", "alarm", 1.0)], CATALOGUE)


def test_what_moved_is_told_once_nothing_more_waits() -> None:
    assessor = assessed(SAID, CATALOGUE)
    held = assessor.flush(more=True)
    assert held.assessments == []
    assert len(held.writes) == 2  # the message and the fold
    told = assessor.flush().assessments
    assert len(told) == 1
    assert assessed(SAID, CATALOGUE).flush().assessments == told
    assert assessor.flush().assessments == []


def test_a_restart_in_between_tells_it() -> None:
    first, second = assessed(SAID, CATALOGUE), assessed((), CATALOGUE)
    second.restore((key, row) for key, row in first.flush(more=True).writes.items() if row is not None)
    assert second.flush().assessments == first.flush().assessments
