"""Mutants: what hosting must not do, each as a patch of one rule; a simulation that can't kill one is too weak.

Left out, because no run can tell them from the original (each rule has another behind it): not trimming what was
seen before (rows have their watermark, outputs their ids); going back to the committed offset in place of the due
one; sending although `current` says no (a late row loses to the higher watermark); an account of an older generation
(what it says is done is durable, so at worst records come again); and `_next` not cleared by a seek (nothing is
handed over before the flow resumes, and then the count of seeks tells).
"""
# ruff: noqa: SLF001, ANN401 - private API is what this is about

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from faust.types import TP

from stream import agents
from stream.agents import Assess
from stream.hosting import Pack, PackingConsumer, Row, packs
from stream.table import Rows

Patch = Callable[[pytest.MonkeyPatch], None]
_new_offset, _due, _perform_seek = (
    PackingConsumer._new_offset,
    PackingConsumer.due,
    PackingConsumer.perform_seek,
)


def commits_one_further(patch: pytest.MonkeyPatch) -> None:
    def one_more(self: PackingConsumer, tp: TP) -> int | None:
        offset = _new_offset(self, tp)
        return None if offset is None else offset + 1

    patch.setattr(PackingConsumer, "_new_offset", one_more)


def commits_what_was_begun(patch: pytest.MonkeyPatch) -> None:
    async def eager(stream: Any) -> AsyncIterator[Pack]:
        async for pack in packs(stream):
            pack.done()
            yield pack

    patch.setattr(agents, "packs", eager)


def forgets_to_go_back(patch: pytest.MonkeyPatch) -> None:
    class Nothing(set[TP]):
        def add(self, _: TP) -> None: ...

        def update(self, *_: Iterable[TP]) -> None: ...

    async def seek(self: PackingConsumer) -> None:
        self._back = Nothing()
        await _perform_seek(self)

    patch.setattr(PackingConsumer, "perform_seek", seek)


def takes_packs_that_start_later(patch: pytest.MonkeyPatch) -> None:
    def due(self: PackingConsumer, event: Any) -> Pack | None:
        account = self._account(event.message.tp)
        start, records = event.message.value
        event.message.value = (min(start, account.due) if account else start, records)
        return _due(self, event)

    patch.setattr(PackingConsumer, "due", due)


def ignores_seeks_while_fetching(patch: pytest.MonkeyPatch) -> None:
    class Unmoved(int):
        def __add__(self, _: int) -> "Unmoved":
            return self

    async def seek(self: PackingConsumer) -> None:
        self._seeks = Unmoved(0)
        await _perform_seek(self)

    patch.setattr(PackingConsumer, "perform_seek", seek)


def leaves_the_position_where_nothing_is_committed(patch: pytest.MonkeyPatch) -> None:
    async def seek(self: PackingConsumer) -> None:
        real, self.seek = self.seek, _nowhere  # type: ignore[method-assign]
        try:
            await _perform_seek(self)
        finally:
            self.seek = real  # type: ignore[method-assign]

    patch.setattr(PackingConsumer, "perform_seek", seek)


async def _nowhere(*_: object) -> None: ...


def finishes_for_a_later_generation(patch: pytest.MonkeyPatch) -> None:
    def due(self: PackingConsumer, event: Any) -> Pack | None:
        pack, tp = _due(self, event), event.message.tp
        if pack is None:
            return None
        following = pack.records[-1].offset + 1

        def done() -> None:
            if now := self._accounts.get(tp):
                self._accounts[tp] = now._replace(due=max(now.due, following))
            event.ack()

        return replace(pack, done=done)

    patch.setattr(PackingConsumer, "due", due)


def does_not_wait_for_what_it_sent(patch: pytest.MonkeyPatch) -> None:
    from processes import Process  # noqa: PLC0415 - it takes Faust with it

    async def deliver(self: Any, topic: str, partition: int, rows: Iterable[Row]) -> None:
        for row in rows:
            await self.line.send(TP(topic, partition), *row)

    patch.setattr(Process, "deliver", deliver)


def writes_rows_before_assessments(patch: pytest.MonkeyPatch) -> None:
    write = Assess._write

    async def rows_first(self: Assess, pack: Pack, steps: list[tuple[int, Any]]) -> None:
        await write(self, pack, [(upto, step._replace(assessments=[])) for upto, step in steps])
        await write(self, pack, [(upto, step._replace(writes={})) for upto, step in steps])

    patch.setattr(Assess, "_write", rows_first)


def keeps_its_state_over_a_rebalance(patch: pytest.MonkeyPatch) -> None:
    restored = Assess._restored
    kept: dict[int, Any] = {}

    async def once(self: Assess, generation: int) -> Any:
        if id(self) not in kept:
            kept[id(self)] = (self, await restored(self, generation))
        return kept[id(self)][1]

    patch.setattr(Assess, "_restored", once)


def believes_the_last_writer(patch: pytest.MonkeyPatch) -> None:
    def take(self: Rows, key: str, value: bytes | None, upto: int) -> None:
        self.best[key] = (upto, value)

    patch.setattr("processes.Rows.take", take)


def leaves_overtaken_rows(patch: pytest.MonkeyPatch) -> None:
    restored = Assess._restored

    async def unhealed(self: Assess, generation: int) -> Any:
        read = self._read

        async def forgetful(partition: int) -> Rows:
            rows = await read(partition)
            return Rows(rows.best)

        self._read = forgetful
        try:
            return await restored(self, generation)
        finally:
            self._read = read

    patch.setattr(Assess, "_restored", unhealed)


MUTANTS: Mapping[str, Patch] = {
    patch.__name__.replace("_", " "): patch
    for patch in (
        commits_one_further,
        commits_what_was_begun,
        forgets_to_go_back,
        takes_packs_that_start_later,
        ignores_seeks_while_fetching,
        leaves_the_position_where_nothing_is_committed,
        finishes_for_a_later_generation,
        does_not_wait_for_what_it_sent,
        writes_rows_before_assessments,
        keeps_its_state_over_a_rebalance,
        believes_the_last_writer,
        leaves_overtaken_rows,
    )
}
