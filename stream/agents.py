"""Agents: `observe` and `assess`, hosted. What they compute is `stream.core.pipeline`; here is only order.

Everything a pack gives rise to is sent and awaited before the pack is done, outputs before state. A kill at
any point leaves a prefix of that, and the pack comes again: outputs have ids that say what they are, and rows
have the offset they were folded up to inside, so nothing is lost and nothing counts twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from aiokafka.partitioner import DefaultPartitioner
from faust.types import StreamT

from schemas.catalogue import Catalogue
from stream import table
from stream.core.pipeline import Assessor, Inbound, Observer, Step
from stream.hosting import Host, Pack, Record, Row, packs
from stream.progress import Progress
from stream.topics import ORIGINS, PROBLEM_PARTITIONS, Topic

log = logging.getLogger(__name__)

# How many times as long as telling what moved has taken, observing has the process for itself before more is assessed:
# with many reports held that takes as long as observing thousands of articles, and once serves for all that waits.
REST = 3.0
KINDS = {"articles": "article", "events": "event", "reviews": "review"}


class BehindError(Exception):
    """The state lacks records that were committed as folded."""


def inbound(record: Record, kind: str, origin: str) -> Inbound:
    """Read a record's headers: `type` tick, and `received_at` (RFC 3339), else Kafka's own time."""
    headers = dict(record.headers)
    header = headers.get("received_at")
    at = None if header is None else _instant(header)
    return Inbound(
        "tick" if headers.get("type") == b"tick" else kind,
        record.value or b"",
        record.timestamp / 1_000 if at is None else at,
        origin,
        record.offset,
    )


def _instant(header: bytes) -> float | None:
    try:
        at = datetime.fromisoformat(header.decode())
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None


def partition_of(key: bytes, partitions: int) -> int:
    """Where Kafka's default partitioner puts a key.

    >>> partition_of(b"belarus_entry", 4)
    3
    """
    every = list(range(partitions))
    return int(DefaultPartitioner()(key, every, every))


class Observe:
    """Source topics to indications and rejections: no state."""

    def __init__(
        self, host: Host, observer: Observer, topics: Mapping[str, Topic], progress: Progress
    ) -> None:
        self._host = host
        self._observer = observer
        self._topics = topics
        self._progress = progress
        self._roles = {topics[role].name: role for role in KINDS}
        self._key = observer.problem.encode()
        self._home = partition_of(self._key, PROBLEM_PARTITIONS)

    async def run(self, stream: StreamT[Any]) -> None:
        """Observe pack after pack."""
        async for pack in packs(stream):
            with self._progress.timed(len(pack.records)):
                await self._observe(pack)
                pack.done()
            self._progress.show()

    async def _observe(self, pack: Pack) -> None:
        role = self._roles[pack.topic]
        kind, origin = KINDS[role], f"{role}-{pack.partition}"
        observed = self._observer.observe([inbound(record, kind, origin) for record in pack.records])
        if not pack.current():
            return
        rejected: dict[int, list[Row]] = {}
        rejections = self._topics["rejections"]
        for key, value in observed.rejections:
            rejected.setdefault(partition_of(key, rejections.partitions), []).append(Row(key, value))
        indications = (Row(self._key, value) for value in observed.observations)
        await asyncio.gather(
            self._host.deliver(self._topics["indications"].name, self._home, indications),
            *(self._host.deliver(rejections.name, partition, rows) for partition, rows in rejected.items()),
        )
        self._progress.count(observed.outcomes)


class Assess:
    """The indications log to assessments: the state of the problem, where its partition is ours.

    Whoever owns the partition in a generation begins from the changelog, whatever it may still have in memory.
    """

    def __init__(
        self,
        host: Host,
        catalogue: Catalogue,
        topics: Mapping[str, Topic],
        progress: Progress,
        read: Callable[[int], Awaitable[table.Rows]],
    ) -> None:
        self._host = host
        self._catalogue = catalogue
        self._topics = topics
        self._progress = progress
        self._read = read
        self._key = catalogue.problem.id.encode()
        self._home = partition_of(self._key, PROBLEM_PARTITIONS)
        self._log = f"indications-{self._home}"
        self._owned: tuple[int, asyncio.Task[Assessor]] | None = None

    def assigned(self, generation: int, partitions: Iterable[int]) -> None:
        """Begin to restore the state, if the problem's partition is ours now."""
        if self._home in partitions:
            self._owned = generation, asyncio.ensure_future(self._restored(generation))

    def revoked(self) -> None:
        """Forget the state: another may be changing it."""
        self._owned = None
        self._progress.lost()

    async def run(self, stream: StreamT[Any]) -> None:
        """Fold pack after pack."""
        loop = asyncio.get_running_loop()
        async for pack in packs(stream):
            rest = 0.0
            if pack.partition == self._home and pack.current():
                assessor = await self._assessor(pack)
                steps = await self._steps(assessor, pack)
                began = loop.time()
                steps.append((assessor.watermark[self._log], assessor.flush(more=pack.more)))
                rest = 0.0 if pack.more else REST * (loop.time() - began)
                await self._write(pack, steps)
            pack.done()
            self._progress.show()
            await asyncio.sleep(rest)

    async def _steps(self, assessor: Assessor, pack: Pack) -> list[tuple[int, Step]]:
        """Fold in a pack: what to write after each completed tick before its end, with its watermark."""
        steps = []
        for record in pack.records:
            if record.key != self._key:
                log.warning(
                    "%s@%d is not about %s; passed over", self._log, record.offset, self._key.decode()
                )
                continue
            ends = assessor.apply(self._log, record.offset, record.value or b"").ends_batch
            if ends and record is not pack.records[-1]:
                steps.append((record.offset, assessor.flush(more=True)))
                await asyncio.sleep(0)  # a replay has many ticks in one pack; signals and scrapes come first
        return steps

    async def _write(self, pack: Pack, steps: list[tuple[int, Step]]) -> None:
        """Make assessments durable, then rows in their order.

        One producer keeps order within a partition, so what a kill leaves of the rows is a prefix: messages
        before the `_state` that counts them, and that before any later message.
        """
        if not pack.current():
            return
        assessments = [value for _, step in steps for _, value in step.assessments]
        await self._deliver("assessments", (Row(self._key, value) for value in assessments))
        if not pack.current():
            return
        rows = (
            Row(key.encode(), row, [table.header(upto)])
            for upto, step in steps
            for key, row in step.writes.items()
        )
        await self._deliver("assess-changelog", rows)

    async def _deliver(self, role: str, rows: Iterable[Row]) -> None:
        await self._host.deliver(self._topics[role].name, self._home, rows)

    async def _assessor(self, pack: Pack) -> Assessor:
        generation, restored = self._owned or (None, None)
        if restored is None or generation != pack.generation:
            restored = asyncio.ensure_future(self._restored(pack.generation))
            self._owned = pack.generation, restored
        assessor = await restored
        if pack.began > assessor.watermark.get(self._log, -1) + 1:
            msg = (
                f"the state in {self._topics['assess-changelog'].name} was folded up to offset"
                f" {assessor.watermark.get(self._log, -1)} of {self._log}, but {pack.began} is committed: its"
                " changelog lost records. Reset the group's offset of that topic to 0 to fold it anew."
            )
            raise BehindError(msg)
        return assessor

    async def _restored(self, generation: int) -> Assessor:
        rows = await self._read(self._home)
        overtaken = ((key.encode(), *rows.best[key]) for key in sorted(rows.overtaken))
        again = (Row(key, value, [table.header(upto)]) for key, upto, value in overtaken)
        await self._deliver("assess-changelog", again)
        assessor = Assessor(self._catalogue, origins=frozenset(ORIGINS), owner=str(generation))
        assessor.restore(rows.live())
        log.info("restored %d rows, %s folded up to %s", len(rows.best), self._log, dict(assessor.watermark))
        self._progress.stands(assessor)
        return assessor


def guarded(
    run: Callable[[StreamT[Any]], Awaitable[None]], end: Callable[[BaseException], None]
) -> Callable[[StreamT[Any]], Awaitable[None]]:
    """End the process at any error: what is in flight is not done, and comes again after the restart."""

    async def agent(stream: StreamT[Any]) -> None:
        try:
            await run(stream)
        except Exception as error:  # noqa: BLE001  # whatever it is, going on would acknowledge it
            end(error)

    return agent
