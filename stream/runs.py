"""Runs: replays by name, each with what it ran, so that it can be repeated, gone on with, and thrown away."""

from typing import NamedTuple

from kafka import TopicPartition
from kafka.errors import KafkaError
from pydantic import ValidationError

from schemas.assessment import Assessment
from schemas.wire import Instant, Own
from stream.connection import administrator, consumer
from stream.partition import last_record
from stream.settings import PREFIX, Settings
from stream.sources.producer import Sender
from stream.topics import PROBLEM_PARTITIONS, TopicProblem, create, topics

HEAD = f"{PREFIX}-run-"
TAIL = "-assessments"


class Input(Own):
    """One thing that was read: a file, an archive's or topic's records, by the SHA-256 of their content in order."""

    name: str
    sha256: str
    records: int


class Run(Own):
    """What a run ran: two runs with equal records say the same. `every`: the grid in seconds."""

    name: str
    made_at: Instant
    inputs: tuple[Input, ...]
    begin: Instant | None
    end: Instant | None
    every: float
    ticks: int
    catalogue: str
    code: str
    formula: str

    def differs(self, other: "Run") -> list[str]:
        """Name what another run would do otherwise."""
        mine, theirs = self.model_dump(exclude={"made_at"}), other.model_dump(exclude={"made_at"})
        return [name for name in mine if mine[name] != theirs[name]]


class Standing(NamedTuple):
    """How far a run has come: its record (None: an older version wrote none), and its last assessment."""

    run: Run | None
    last: Assessment | None


def names(settings: Settings) -> list[str]:
    """Names of the runs that have topics on the broker."""
    admin = administrator(settings)
    try:
        found = admin.list_topics()
    finally:
        admin.close()
    return sorted(
        n.removeprefix(HEAD).removesuffix(TAIL) for n in found if n.startswith(HEAD) and n.endswith(TAIL)
    )


def begin(settings: Settings, run: Run) -> None:
    """Make a run's topics, and write down what it is to run.

    Raises
    ------
    TopicProblem
        where it exists, or there are as many runs as there may be.
    """
    others = names(settings)
    if run.name in others:
        raise TopicProblem(
            f"run {run.name!r} exists: go on with it (--resume), choose another --run, or delete it:"
            f" belwatch replay --delete {run.name}"
        )
    if len(others) >= settings.runs:
        raise TopicProblem(
            f"{len(others)} runs are on the broker ({', '.join(others)}), and BELWATCH_RUNS allows {settings.runs};"
            " delete one: belwatch replay --delete NAME"
        )
    create(settings)
    sender = Sender(settings)
    try:
        sender.send(
            topics(settings)["record"].name, run.name, run.model_dump_json().encode(), run.made_at.timestamp()
        )
        sender.flush()
    finally:
        sender.close()


def standing(settings: Settings) -> Standing:
    """Read what a run ran, and how far it came.

    Raises
    ------
    TopicProblem
        where there is no such run.
    """
    if settings.run not in (known := names(settings)):
        raise TopicProblem(f"no run {settings.run!r}; there are: {', '.join(known) or 'none'}")
    reader = consumer(settings)
    try:
        kept = last_record(reader, TopicPartition(topics(settings)["record"].name, 0))
        told = [
            Assessment.model_validate_json(record.value)
            for n in range(PROBLEM_PARTITIONS)
            if (record := last_record(reader, TopicPartition(topics(settings)["assessments"].name, n)))
        ]
    finally:
        reader.close()
    try:
        run = Run.model_validate_json(kept.value) if kept else None
    except ValidationError:
        run = None
    return Standing(run, max(told, key=lambda a: a.at, default=None))


def resumable(settings: Settings, run: Run) -> None:
    """See that a run may be gone on with: same input, same catalogue, same code.

    Raises
    ------
    TopicProblem
        naming what differs.
    """
    before = standing(settings).run
    if before is None:
        raise TopicProblem(f"run {settings.run!r} has no record of what it ran; delete it and begin anew")
    if wrong := before.differs(run):
        changes = "; ".join(f"{name} was {getattr(before, name)}, is {getattr(run, name)}" for name in wrong)
        raise TopicProblem(f"run {settings.run!r} can't go on, it would mix two runs: {changes}")


def forget(settings: Settings) -> None:
    """Delete the consumer group of a run whose topics are gone, so that nothing of it stays."""
    admin = administrator(settings)
    try:
        admin.delete_groups([settings.prefix])
    except KafkaError:
        pass  # it never had one, or its worker still holds it and it expires by itself
    finally:
        admin.close()
