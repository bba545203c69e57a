"""Oracle: what the input log must lead to, recomputed in process and compared with what stands on the broker.

It trusts nothing a worker remembers: it reads the source topics, the indications log, the changelog and the
assessments, and returns what is wrong in words, one line each; nothing when all is right.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from schemas.assessment import Assessment
from schemas.catalogue import Catalogue
from schemas.report import OBSERVATION, SourceSeen
from stream.agents import KINDS, inbound, partition_of
from stream.core.pipeline import Assessor, Observer
from stream.settings import Settings
from stream.table import UPTO, Rows
from stream.topics import ORIGINS, PROBLEM_PARTITIONS, topics

BATCH_DEPENDENT = {"told"}  # which movements were worth telling depends on where batches ended
TOLD_APART = {"id", "known_at", "cause", "owner"}  # not what an assessment computes


def read(settings: Settings, roles: Iterable[str]) -> dict[tuple[str, int], list[Any]]:
    """Read topics whole, from their beginning to their present end, by role and partition."""
    names = topics(settings)
    tps = {
        (role, p): TopicPartition(names[role].name, p)
        for role in roles
        for p in range(names[role].partitions)
    }
    consumer = KafkaConsumer(
        bootstrap_servers=settings.brokers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    try:
        consumer.assign(list(tps.values()))
        ends = consumer.end_offsets(list(tps.values()))
        found: dict[TopicPartition, list[Any]] = defaultdict(list)
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            for tp, records in consumer.poll(timeout_ms=1_000, max_records=10_000).items():
                found[tp] += records
        return {key: found[tp] for key, tp in tps.items()}
    finally:
        consumer.close()


@dataclass
class Log:
    """Everything on a broker, as read once: records by role and partition, and the problem's partition."""

    records: Mapping[tuple[str, int], list[Any]]
    home: int

    def of(self, role: str) -> list[Any]:
        """All records of one topic."""
        return [record for (name, _), records in self.records.items() if name == role for record in records]

    def without(self, record: Any) -> "Log":  # noqa: ANN401 - kafka-python has no types
        """The same, less one record: a planted loss."""
        return self._with({k: [r for r in rows if r is not record] for k, rows in self.records.items()})

    def plus(self, role: str, record: Any) -> "Log":  # noqa: ANN401 - as above
        """The same and one record more: a planted double."""
        return self._with(self.records | {(role, self.home): [*self.records[role, self.home], record]})

    def _with(self, records: Mapping[tuple[str, int], list[Any]]) -> "Log":
        return Log(records, self.home)


def logs(settings: Settings, catalogue: Catalogue) -> Log:
    """Read every topic of an installation."""
    return Log(read(settings, topics(settings)), home(catalogue))


def home(catalogue: Catalogue) -> int:
    """Partition of the problem's records."""
    return partition_of(catalogue.problem.id.encode(), PROBLEM_PARTITIONS)


def overtaken(log: Log) -> set[str]:
    """Rows whose last version is a late writer's and says something else than the best; compaction would keep it."""
    rows, last = _rows(log), {record.key.decode(): record.value for record in log.of("assess-changelog")}
    return {key for key in rows.overtaken if last[key] != rows.best[key][1]}


def complaints(log: Log, catalogue: Catalogue) -> list[str]:
    """Compare the broker's logs with their recomputation."""
    return [*_observed(log, catalogue), *_assessed(log, catalogue)]


def _observed(log: Log, catalogue: Catalogue) -> Iterator[str]:
    observer = Observer(catalogue)
    observations: list[bytes] = []
    refused: set[tuple[bytes, str]] = set()
    for (role, partition), records in log.records.items():
        if role not in KINDS:
            continue
        origin = f"{role}-{partition}"
        observed = observer.observe([inbound(record, KINDS[role], origin) for record in records])
        observations += observed.observations
        refused |= {(key, _plain(value)) for key, value in observed.rejections}
    yield from _differences(
        "observation", _facts(observations), _facts(r.value for r in log.of("indications"))
    )
    yield from _differences("rejection", refused, {(r.key, _plain(r.value)) for r in log.of("rejections")})


def _facts(observations: Iterable[bytes]) -> set[str]:
    """What observations say, whatever packs they came from: where those ended is nobody's business."""
    facts: set[str] = set()
    newest: dict[str, datetime] = {}
    for value in observations:
        observation = OBSERVATION.validate_json(value)
        if not isinstance(observation, SourceSeen):
            facts.add(_plain(value))
            continue
        for source, at in observation.seen.items():
            newest[source] = max(at, newest.get(source, at))
        if articles := observation.articles:
            facts |= {
                f"article {articles.origin}:{offset} by {stretch.second}"
                for stretch in articles.stretches
                for offset in range(stretch.first, stretch.first + stretch.articles)
            }
            facts |= {f"article {articles.origin}:{offset} is about the problem" for offset in articles.about}
    return facts | {f"{source} seen at {at}" for source, at in newest.items()}


def _assessed(log: Log, catalogue: Catalogue) -> Iterator[str]:
    told: dict[int, list[Assessment]] = defaultdict(list)
    for record in log.of("assessments"):
        assessment = Assessment.model_validate_json(record.value)
        told[assessment.upto[f"indications-{log.home}"]].append(assessment)
    found = {a.id for rows in told.values() for a in rows if a.cause == "tick"}
    assessor = Assessor(catalogue, origins=ORIGINS)
    rows: dict[str, bytes | None] = {}
    ticks: dict[str, Assessment] = {}
    for record in log.of("indications"):
        if assessor.apply(f"indications-{log.home}", record.offset, record.value).ends_batch:
            step = assessor.flush()
            rows |= step.writes
            made = [Assessment.model_validate_json(value) for _, value in step.assessments]
            ticks |= {a.id: a for a in made if a.cause == "tick"}
        for assessment in told.pop(record.offset, ()):
            expected = ticks.get(assessment.id) or assessor.at(assessment.at.timestamp())
            computed, said = _content(expected), _content(assessment)
            if wrong := [name for name in said if said[name] != computed[name]]:
                yield f"assessment {assessment.id} is not what its prefix of the log gives: {wrong}"
    rows |= assessor.flush().writes
    if told:
        yield f"assessments up to offsets the log does not have: {sorted(told)}"
    yield from _differences("tick's assessment", ticks, found)
    yield from _agree(log)
    yield from _kept(log, rows)


def _agree(log: Log) -> Iterator[str]:
    first: dict[str, dict[str, Any]] = {}
    for record in log.of("assessments"):
        assessment = Assessment.model_validate_json(record.value)
        if _content(assessment) != first.setdefault(assessment.id, _content(assessment)):
            yield f"two assessments {assessment.id} say different things"


def _kept(log: Log, rows: dict[str, bytes | None]) -> Iterator[str]:
    expected = {(key, _plain(value)) for key, value in rows.items() if value is not None}
    yield from _differences("row", expected, {(key, _plain(value)) for key, value in _rows(log).live()})


def _rows(log: Log) -> Rows:
    found = Rows()
    for record in log.of("assess-changelog"):
        found.take(record.key.decode(), record.value, int(dict(record.headers)[UPTO]))
    return found


def _differences(what: str, expected: Iterable[Any], found: Iterable[Any]) -> Iterator[str]:
    expected, found = set(expected), set(found)
    lost, extra = expected - found, found - expected
    if lost:
        yield f"{len(lost)} of {len(expected)} {what}s lost, such as {str(min(lost))[:400]}"
    if extra:
        yield f"{len(extra)} {what}s nobody expects, such as {str(min(extra))[:400]}"


def _plain(value: bytes) -> str:
    body = json.loads(value)
    return json.dumps(
        {k: v for k, v in body.items() if k not in BATCH_DEPENDENT} if isinstance(body, dict) else body
    )


def _content(assessment: Assessment) -> dict[str, Any]:
    return assessment.model_dump(exclude=TOLD_APART)
