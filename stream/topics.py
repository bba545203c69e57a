"""Topics: names, partitions and policies, as a table."""

from collections.abc import Mapping
from typing import NamedTuple

from stream.settings import Settings

DAY_MS = 86_400_000
SOURCE_PARTITIONS = {"articles": 4, "events": 4, "reviews": 1}
PROBLEM_PARTITIONS = 4  # for life: Faust refuses a changelog whose count differs from its source's
ORIGINS = tuple(f"{name}-{p}" for name, n in SOURCE_PARTITIONS.items() for p in range(n))


class Topic(NamedTuple):
    """One topic as it should be."""

    name: str
    partitions: int
    config: Mapping[str, str]


def topics(settings: Settings) -> dict[str, Topic]:
    """Every topic of this installation or run, by role.

    >>> topics(Settings(run="a"))["articles"].name
    'belwatch-run-a-articles'
    """
    rows = {
        "articles": (SOURCE_PARTITIONS["articles"], "delete", 30),
        "events": (SOURCE_PARTITIONS["events"], "delete", 30),
        "reviews": (SOURCE_PARTITIONS["reviews"], "delete", None),
        "rejections": (4, "delete", 90),
        "indications": (PROBLEM_PARTITIONS, "delete", 400),
        "assess-changelog": (PROBLEM_PARTITIONS, "compact", None),
        "assessments": (PROBLEM_PARTITIONS, "delete", None),
    }
    return {
        role: Topic(f"{settings.prefix}-{role}", partitions, _config(settings, policy, days))
        for role, (partitions, policy, days) in rows.items()
    }


def _config(settings: Settings, policy: str, days: int | None) -> Mapping[str, str]:
    config = {"cleanup.policy": policy, "min.insync.replicas": "2" if settings.replication > 2 else "1"}
    # Kafka expires by record time: a run that replays 2022 must not lose its own past.
    config["retention.ms"] = str(days * DAY_MS) if days and not settings.run else "-1"
    if policy == "compact":
        config["min.compaction.lag.ms"] = str(DAY_MS)
    return config
