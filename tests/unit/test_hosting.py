"""The account of offsets: what is due, what is refused, and what may be committed."""
# ruff: noqa: SLF001 - private API is what this is about

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from stream.hosting import Account, Pack, PackingConsumer

ARTICLES = TP("articles", 0)


@dataclass
class Event:
    """A pack as Faust hands it over: `start` is where it is whole from."""

    message: Any
    acked: bool = False

    def ack(self) -> None:
        self.acked = True


def pack(start: int, *offsets: int, generation: int = 1) -> Event:
    records = [SimpleNamespace(offset=offset) for offset in offsets]
    return Event(SimpleNamespace(tp=ARTICLES, generation_id=generation, value=(start, records)))


@pytest.fixture
def consumer() -> PackingConsumer:
    """A consumer of generation 1 that began at offset 10, without the services around it."""
    made = object.__new__(PackingConsumer)
    made.app = SimpleNamespace(consumer_generation_id=1)
    made._accounts = {ARTICLES: Account(1, 10, 10)}
    made._back = set()
    made._acked = {ARTICLES: [12]}
    made._acked_index = {ARTICLES: {12}}
    made.highwater = lambda _: 20
    return made


def due(consumer: PackingConsumer, event: Event) -> Pack:
    given = consumer.due(event)
    assert given is not None
    return given


def test_what_is_due_is_given_and_committed_once_done(consumer: PackingConsumer) -> None:
    event = pack(10, 10, 11, 12)
    given = due(consumer, event)
    assert [record.offset for record in given.records] == [10, 11, 12]
    assert consumer._new_offset(ARTICLES) is None
    given.done()
    assert event.acked
    assert consumer._new_offset(ARTICLES) == 13


def test_a_pack_knows_whether_the_log_goes_on(consumer: PackingConsumer) -> None:
    assert due(consumer, pack(10, *range(10, 19))).more
    assert not due(consumer, pack(10, *range(10, 20))).more


def test_where_the_partition_is_going_nobody_knows_whether_its_log_goes_on(
    consumer: PackingConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: TP) -> int:
        raise AssertionError("Partition is not assigned")  # as aiokafka does

    monkeypatch.setattr(consumer, "highwater", gone)
    assert not due(consumer, pack(10, 10)).more


def test_what_was_seen_before_is_trimmed(consumer: PackingConsumer) -> None:
    due(consumer, pack(10, 10, 11)).done()
    assert [record.offset for record in due(consumer, pack(10, 10, 11, 12)).records] == [12]
    assert consumer.due(pack(10, 10, 11)) is None
    assert consumer._back == set()


def test_a_pack_that_starts_later_is_refused_and_its_partition_sought_back(consumer: PackingConsumer) -> None:
    assert consumer.due(pack(12, 12, 13)) is None
    assert consumer._back == {ARTICLES}
    assert consumer._new_offset(ARTICLES) is None


def test_a_hole_of_the_logs_own_is_no_loss(consumer: PackingConsumer) -> None:
    given = due(consumer, pack(10, 14, 15))  # 10 to 13 were compacted, or mark a transaction
    given.done()
    assert consumer._new_offset(ARTICLES) == 16


def test_a_pack_of_another_generation_is_refused(consumer: PackingConsumer) -> None:
    assert consumer.due(pack(10, 10, generation=0)) is None


def test_what_is_done_after_the_partition_moved_on_is_not_committed(consumer: PackingConsumer) -> None:
    given = due(consumer, pack(10, 10))
    consumer.app.consumer_generation_id = 2
    assert not given.current()
    given.done()
    assert consumer._new_offset(ARTICLES) is None
    assert consumer._accounts[ARTICLES].due == 10


def test_fausts_own_books_do_not_grow(consumer: PackingConsumer) -> None:
    consumer._new_offset(ARTICLES)
    assert consumer._acked[ARTICLES] == []
    assert consumer._acked_index[ARTICLES] == set()


def test_a_refused_commit_is_no_place_to_begin_at(consumer: PackingConsumer) -> None:
    """Faust notes what it asked for as committed; the broker may have nothing of it, and the position be anywhere."""
    sought = []

    async def seek(tp: TP, offset: int) -> None:
        sought.append((tp, offset))

    async def nothing() -> dict[TP, int]:
        return {}

    async def earliest(tp: TP) -> dict[TP, int]:
        return {tp: 7}

    consumer._committed_offset = defaultdict(lambda: None, {ARTICLES: 40})
    consumer._read_offset, consumer._next, consumer._seeks = {}, {}, 0
    consumer.seek, consumer.seek_to_committed, consumer.earliest_offsets = seek, nothing, earliest
    consumer.assignment = lambda: {ARTICLES}
    asyncio.run(consumer.perform_seek())
    assert sought == [(ARTICLES, 7)]
    assert consumer._accounts[ARTICLES] == Account(1, 7, 7)


def test_a_consumer_is_settled_once_all_that_is_its_own_has_an_account(consumer: PackingConsumer) -> None:
    consumer.flow_active = True
    consumer.assignment = lambda: {ARTICLES}
    assert consumer.settled
    consumer.app.consumer_generation_id = 2  # assigned anew, and not sought yet
    assert not consumer.settled
    consumer.app.consumer_generation_id, consumer.flow_active = 1, False
    assert not consumer.settled
