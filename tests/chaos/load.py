"""Load: a generated stream, replayed without end at a fixed speed, with all that a stream can hold.

It goes the way of every replay (`stream.replay.feed`), with the clock between records, so that what is tested
is what is shipped. It rides out a broker that is away; what did get written, and how often, only the topics say.
"""

import json
import logging
import random
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from traffic import HOUR, traffic

from schemas.catalogue import Catalogue
from schemas.review import Review
from schemas.wire import MAX_MESSAGE_BYTES, instant
from stream.agents import KINDS
from stream.connection import BrokerProblem
from stream.core.pipeline import Inbound, with_ticks
from stream.pace import Pace
from stream.replay import Sent, feed
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.topics import TopicProblem

log = logging.getLogger(__name__)

PER_HOUR = 200  # messages a virtual hour, each closed by a tick
FOR_EVER = 1 << 20  # virtual hours
AGAIN = 150  # records that come a second time when a reader has begun anew
ORIGIN = "load-0"


def stream(catalogue: Catalogue, seed: int) -> Iterator[Inbound]:
    """Yield articles and events with poison in between, reviews of events, and stretches that come again."""
    chance = random.Random(seed)  # noqa: S311 - a test's load
    recent: deque[Inbound] = deque(maxlen=AGAIN)
    for n, record in enumerate(traffic(catalogue, FOR_EVER, PER_HOUR, seed)):
        if record.tick:
            continue
        item = Inbound(KINDS[record.role], record.value, record.received_at, ORIGIN, n)
        recent.append(item)
        yield item
        if n % 331 == 0:
            yield item._replace(kind="review", value=_review(catalogue, chance, recent, record.received_at))
        if n % 1_999 == 0:
            yield item._replace(value=b'{"id": "' + b"x" * MAX_MESSAGE_BYTES + b'"}')
        if n % 4_001 == 0:
            yield from [old._replace(received_at=record.received_at) for old in recent]


def _review(catalogue: Catalogue, chance: random.Random, recent: deque[Inbound], at: float) -> bytes:
    events = [json.loads(item.value)["id"] for item in recent if item.kind == "event"]
    return (
        Review(
            id=f"review-{at}",
            problem=catalogue.problem.id,
            action=chance.choice(["retract", "confirm"]),
            target=chance.choice(events or ["nothing"]),
            reviewer="chaos",
            at=instant(at),
            reason="to have one",
        )
        .model_dump_json()
        .encode()
    )


class Load(threading.Thread):
    """Writes the stream at `rate` messages a second until told to stop."""

    def __init__(self, settings: Settings, catalogue: Catalogue, seed: int, rate: float) -> None:
        super().__init__(name="load", daemon=True)
        self.sent = Sent(0, 0, 0.0)
        self.interruptions = 0
        self._settings = settings
        self._items = with_ticks(stream(catalogue, seed), HOUR)
        self._speed = rate / PER_HOUR * HOUR
        self._end = threading.Event()

    def run(self) -> None:
        """Write, and begin anew with a producer of its own where one has failed."""
        while not self._end.is_set():
            try:
                self._write()
            except (TopicProblem, BrokerProblem) as problem:
                self.interruptions += 1
                log.info("the load was interrupted: %s", problem)
                self._end.wait(0.5)

    def _write(self) -> None:
        sender = Sender(self._settings)
        before = self.sent
        try:
            for sent in feed(self._settings, sender, self._items, Pace(self._speed, sleep=self._wait)):
                self.sent = Sent(before.messages + sent.messages, before.ticks + sent.ticks, sent.at)
                if self._end.is_set():
                    return
        finally:
            with suppress(TopicProblem, BrokerProblem):
                sender.close()

    def _wait(self, seconds: float) -> None:
        self._end.wait(seconds)

    def stop(self) -> None:
        """Stop after the next tick, and wait for it."""
        self._end.set()
        self.join()
