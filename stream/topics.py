"""Topics: names, partitions and policies, as a table."""

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from schemas.wire import MAX_MESSAGE_BYTES
from stream.connection import BrokerProblem, administrator
from stream.settings import Settings

DAY_MS = 86_400_000
SOURCE_PARTITIONS = {"articles": 4, "events": 4, "reviews": 1}
# What is too large is to be rejected with its reason, so it must be able to arrive.
LARGEST_RECORD = 8 * MAX_MESSAGE_BYTES
DELETED_SECONDS = 20
PROBLEM_PARTITIONS = 4  # for life: Faust refuses a changelog whose count differs from its source's
ORIGINS = tuple(f"{name}-{p}" for name, n in SOURCE_PARTITIONS.items() for p in range(n))


def home(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key.

    >>> home(b"belarus_entry", 4)
    3
    """
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


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
    # a run keeps on a topic what it runs, and polls nothing
    rows |= {"record": (1, "delete", None)} if settings.run else {"cursors": (1, "compact", None)}
    return {
        role: Topic(f"{settings.prefix}-{role}", partitions, _config(settings, role, policy, days))
        for role, (partitions, policy, days) in rows.items()
    }


def _config(settings: Settings, role: str, policy: str, days: int | None) -> Mapping[str, str]:
    config = {"cleanup.policy": policy, "min.insync.replicas": "2" if settings.replication >= 3 else "1"}  # noqa: PLR2004 - of three, one may be away
    # Kafka expires by record time: a run that replays 2022 must not lose its own past.
    config["retention.ms"] = str(days * DAY_MS) if days and not settings.run else "-1"
    if policy == "compact":
        config["min.compaction.lag.ms"] = str(DAY_MS)
    if role in SOURCE_PARTITIONS:
        config["max.message.bytes"] = str(LARGEST_RECORD)
    return config


class TopicProblem(BrokerProblem):
    """Topics are not as they must be; the text says what to do."""

    exit_code = 78  # EX_CONFIG


def create(settings: Settings) -> dict[str, str]:
    """Create what is missing; say of each topic "created" or "kept".

    Raises
    ------
    TopicProblem
        where a topic exists with other partitions or policies (nothing is altered).
    BrokerProblem
        where no broker answers, or it refuses.
    """
    wanted = topics(settings)
    admin = administrator(settings)
    try:
        existing = set(admin.list_topics())
        missing = [t for t in wanted.values() if t.name not in existing]
        if missing:
            admin.create_topics(
                [
                    NewTopic(t.name, t.partitions, settings.replication, topic_configs=dict(t.config))
                    for t in missing
                ],
                wait_for_metadata=True,
            )
        _verify(admin, wanted.values())
    except KafkaError as e:
        raise BrokerProblem(f"the broker refused: {e}") from e
    finally:
        admin.close()
    return {t.name: "kept" if t.name in existing else "created" for t in wanted.values()}


def delete(settings: Settings) -> list[str]:
    """Delete a run's topics; live topics are out of reach."""
    if not settings.run:
        raise TopicProblem("live topics are not deleted; name a run")
    admin = administrator(settings)
    try:
        existing = set(admin.list_topics())
        doomed = [t.name for t in topics(settings).values() if t.name in existing]
        if doomed:
            admin.delete_topics(doomed)
            deadline = time.monotonic() + DELETED_SECONDS
            while not existing.isdisjoint(doomed) and time.monotonic() < deadline:
                time.sleep(0.1)  # the broker deletes in its own time, and tells nobody when it has
                existing = set(admin.list_topics())
    finally:
        admin.close()
    return doomed


def _verify(admin: KafkaAdminClient, wanted: Iterable[Topic]) -> None:
    rows = list(wanted)
    partitions = {t["name"]: len(t["partitions"]) for t in admin.describe_topics([t.name for t in rows])}
    resources = [ConfigResource(ConfigResourceType.TOPIC, t.name) for t in rows]
    configs = admin.describe_configs(resources)["topic"]
    wrong = []
    for t in rows:
        if partitions[t.name] != t.partitions:
            wrong.append(f"{t.name}: {partitions[t.name]} partitions, expected {t.partitions}")
        found = {key: row["value"] for key, row in configs.get(t.name, {}).items()}
        wrong += [
            f"{t.name}: {key} is {found.get(key, 'the default')}, expected {value}"
            for key, value in t.config.items()
            if found.get(key) != value
        ]
    if wrong:
        raise TopicProblem(
            "topics exist with other settings; nothing was altered:\n  "
            + "\n  ".join(wrong)
            + "\nAlter them with Kafka's own tools, or use another broker."
        )
