"""Reading: a page that no longer follows the assessments says so."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from stream.page import reading
from stream.page.reading import Reading
from stream.settings import Settings


class Broken:
    """A consumer whose records are not what they should be."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assign(self, partitions: list[Any]) -> None: ...

    async def end_offsets(self, partitions: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(partitions, 1)

    async def getmany(self, **_: object) -> dict[Any, list[Any]]:
        return {"any": [SimpleNamespace(offset=0)]}


def test_what_ends_the_following_is_told_and_not_taken_for_calm(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reading, "administrator", lambda _: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(Reading, "_consumer", lambda _: Broken())
    found = Reading(Settings())

    async def followed() -> None:
        async with found.following():
            assert found.failure is None
            while not found.failure:  # noqa: ASYNC110 - the loop turns until the task has died
                await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(followed(), 10))
    assert "stopped following" in str(found.failure)
    assert "start it again" in caplog.text


def test_an_ordinary_end_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "administrator", lambda _: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(Reading, "_consumer", lambda _: Idle())
    found = Reading(Settings())

    async def followed() -> None:
        async with found.following():
            await asyncio.sleep(0)

    asyncio.run(followed())
    assert found.failure is None


class Idle(Broken):
    async def getmany(self, **_: object) -> dict[Any, list[Any]]:
        await asyncio.Event().wait()
        return {}
