"""A retraction's share as a metric."""

from made import assessed

from schemas.assessment import Answer, Level
from schemas.review import Review
from schemas.wire import instant
from stream.sinks.families import Families, standing


def retraction(target: str, at: float, alerts: int, rested: int) -> Answer:
    review = Review(
        id=f"r-{target}",
        problem="belarus_entry",
        action="retract",
        target=target,
        reviewer="N. N.",
        reason="forged\u202e",
        at=instant(at),
    )
    return Answer(review=review, alerts=alerts, rested=rested)


def test_the_share_of_past_alerts_is_exported_with_who_and_why() -> None:
    answers = (retraction("b", 20, 4, 1), retraction("a", 10, 0, 0))
    families = {
        f.name: f
        for f in standing(Families({"environment": "live"}), assessed(Level.WATCH, 30, answers=answers))
    }
    share = {s.labels["target"]: s for s in families["belwatch_retraction_share"].samples}
    assert (share["b"].value, share["a"].value) == (0.25, 0.0)
    assert (share["b"].labels["reviewer"], share["b"].labels["reason"]) == ("N. N.", "forged")
    assert families["belwatch_alerts_past"].samples[0].value == 4
    assert {s.value for s in families["belwatch_retraction_timestamp_seconds"].samples} == {10, 20}


def test_without_retractions_there_is_nothing_to_tell() -> None:
    families = {f.name: f for f in standing(Families({}), assessed(Level.NORMAL, 30))}
    assert not families["belwatch_retraction_share"].samples
