"""Stand-ins: a score that any lost, doubled or misplaced record breaks, an observer that echoes, a loop to step."""
# ruff: noqa: SLF001 - asyncio's own, to run one callback at a time

import asyncio
import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from zlib import crc32

from stream.core.observe import Observed
from stream.core.pipeline import Inbound, Step

PROBLEM = "p"
REMEMBERED = 70  # offsets; what is forgotten can no longer be missed


class Chain:
    """A state that tells every order of every set of records apart; takes the assessor's place."""

    def __init__(self, _catalogue: object = None, *, origins: object = (), owner: str = "") -> None:
        del origins, owner
        self.watermark: dict[str, int] = {}
        self.fold = SimpleNamespace(every=None, evaluated=None, newest=None, seen={}, clock=0.0)
        self._sum = 0
        self._rows: dict[str, bytes | None] = {}
        self._kept: dict[str, int] = {}

    def apply(self, log: str, offset: int, value: bytes) -> Step:
        if offset <= self.watermark.get(log, -1):
            return Step({}, [])
        self.watermark[log] = offset
        self._sum = crc32(b"%d %b" % (offset, value), self._sum)
        if value.startswith(b"tick"):
            old = [name for name, last in self._kept.items() if last < offset - REMEMBERED]
            for name in old:
                del self._kept[name]
            self._rows |= dict.fromkeys(old)
            return Step({}, [], ends_batch=True)
        name = f"{PROBLEM}/m/{value.decode()}"
        self._rows[name] = str(offset).encode()
        self._kept[name] = offset
        return Step({}, [])

    def flush(self, *, more: bool = False) -> Step:
        del more
        rows, self._rows = self._rows, {}
        state = json.dumps([self.watermark, self._sum]).encode()
        return Step(rows | {f"{PROBLEM}/_state": state}, [(b"", state)])

    def restore(self, rows: Iterable[tuple[str, bytes]]) -> None:
        for key, value in rows:
            if key.endswith("/_state"):
                self.watermark, self._sum = json.loads(value)
            else:
                self._kept[key] = int(value)


class Echo:
    """Takes the observer's place: each message is an observation, junk a rejection."""

    problem = PROBLEM

    def observe(self, pack: Iterable[Inbound]) -> Observed:
        found = Observed([], [], Counter())
        for record in pack:
            where = f"{record.origin}:{record.offset}".encode()
            if record.value == b"junk":
                found.rejections.append((where, where))
            else:
                found.observations.append(record.value + b" " + where)
        return found


class Silent:
    """Takes the place of what the worker shows of itself."""

    @contextmanager
    def timed(self, _records: int) -> Iterator[None]:
        yield

    def say(self, *_: object) -> None: ...

    count = stands = lost = show = say


class StepLoop(asyncio.BaseEventLoop):
    """An event loop without sockets, run one callback at a time, in the world's time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock

    def time(self) -> float:
        return self._clock()

    @property
    def next(self) -> float:
        """When there is something to do."""
        if self._ready:
            return 0.0
        return self._scheduled[0]._when if self._scheduled else float("inf")

    def step(self) -> None:
        while self._scheduled and self._scheduled[0]._when <= self.time():
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            self._ready.append(timer)
        handle = self._ready.popleft()
        if not handle._cancelled:
            asyncio._set_running_loop(self)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)

    def __del__(self) -> None:
        """A killed process closes nothing."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        future = context.get("future")
        left = future is not None and not isinstance(future, asyncio.Task)  # whoever waited for it was killed
        if (error := context.get("exception")) and not left:
            raise error  # else: what a killed process leaves
