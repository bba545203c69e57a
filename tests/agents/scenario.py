"""Scenario: processes that are killed, paused, joined and rebalanced at any step, and what must come of it."""

import json
import logging
from collections.abc import Iterator
from typing import Any

from broker import World
from faust.types import TP
from processes import HOME, Process
from standins import PROBLEM, Chain

from stream.agents import KINDS
from stream.settings import Settings
from stream.table import UPTO, Rows

MESSAGES = 80
DISTURBED = 4_000  # steps
SETTLED = 60_000  # steps in which all must be done once nothing disturbs
SESSION_SECONDS = 0.5
logging.getLogger("stream.agents").setLevel(logging.ERROR)


class Scenario:
    """One seed: up to three processes, disturbed while messages arrive, then left in peace until all is done."""

    def __init__(self, seed: int, *, failures: float | None = None) -> None:
        self.world = World(Settings(run="sim"), seed)
        self.chance = self.world.chance
        self.time = 0.0
        self.processes: list[Process] = []
        self._gone: list[Process] = []  # what a killed process leaves must not be tidied up into new events
        self._failures = self.chance.choice([0, 0, 0.01]) if failures is None else failures
        self._rebalance_at: float | None = None
        self._at_peace = False
        self._changelog = self.world.topics["assess-changelog"].name
        self._consumed = [
            TP(t.name, p)
            for role, t in self.world.topics.items()
            if role in KINDS or role == "indications"
            for p in range(t.partitions)
        ]

    def run(self, steps: int = DISTURBED) -> list[str]:
        """Run it; what is wrong afterwards, in words."""
        self._start(self.chance.randint(2, 3))
        for n in range(steps):
            if n % max(1, steps // MESSAGES) == 0:
                self._write()
            self._disturb()
            self._step()
        self._peace()
        for n in range(SETTLED):
            self._step()
            if n % 50 == 0 and self._done():
                return list(self.complaints())
        return ["not done: it hangs"]

    def _disturb(self) -> None:
        roll = self.chance.random()
        if self.processes and roll < 0.0006:
            self._kill(self.chance.choice(self.processes))
        elif self.processes and roll < 0.001:
            self._pause(self.chance.choice(self.processes))
        elif roll > 0.99 and (late := [p for p in self.processes if p.line.sending(self._changelog)]):
            self._pause(self.chance.choice(late))  # these wake up to do harm
        elif roll < 0.0032 or not self.processes:
            if len(self.processes) < 3:
                self._start(1)
        elif roll < 0.0042:
            self._rebalance(0)

    def _pause(self, process: Process) -> None:
        process.paused_until = self.time + self.chance.uniform(1, 5)
        self._rebalance(SESSION_SECONDS)

    def _peace(self) -> None:
        for process in list(self.processes):
            self._kill(process)
        self._failures, self._at_peace = 0, True
        self._start(1)

    def _start(self, count: int) -> None:
        for _ in range(count):
            made = Process(self.world, lambda: self.time, failures=self._failures, lossy=not self._at_peace)
            self.processes.append(made)
        self._rebalance(0)

    def _kill(self, process: Process) -> None:
        process.line.cut()
        self.processes.remove(process)
        self._gone.append(process)
        self._rebalance(SESSION_SECONDS)

    def _rebalance(self, within: float) -> None:
        at = self.time + within * self.chance.random()
        self._rebalance_at = min(at, self._rebalance_at or at)

    def _step(self) -> None:
        for process in [p for p in self.processes if p.error]:
            self._kill(process)  # it ended by itself
            self._start(1)
        if self._rebalance_at is not None and self.time >= self._rebalance_at:
            self._assign()
        awake = [p for p in self.processes if p.paused_until <= self.time]
        ready = [p for p in awake if p.loop.next <= self.time]
        if ready:
            self.chance.choice(ready).loop.step()
            return
        times = [max(p.loop.next, p.paused_until) for p in self.processes]
        later = [t for t in (*times, self._rebalance_at) if t is not None and t > self.time]
        self.time = min(later, default=self.time + 0.01)

    def _assign(self) -> None:
        """Spread the partitions over those that answer; a paused one hears of it when it wakes."""
        self._rebalance_at = None
        self.world.generation += 1
        answering = [p for p in self.processes if p.paused_until <= self.time]
        sleeping = [p for p in self.processes if p.paused_until > self.time]
        shares: list[set[TP]] = [set() for _ in answering]
        for tp in self._consumed if answering else ():
            self.chance.choice(shares).add(tp)
        for process, share in zip(answering, shares, strict=True):
            process.rejoin(self.world.generation, share)
        if sleeping:
            self._rebalance(max(p.paused_until for p in sleeping) - self.time + 0.2)

    def _write(self) -> None:
        articles = self.world.topics["articles"]
        n = sum(len(self.world.logs[TP(articles.name, p)]) for p in range(articles.partitions))
        value = b"junk" if n % 7 == 3 else b"tick" if n % 5 == 2 else b"m%d" % n
        tp = TP(articles.name, self.chance.randrange(articles.partitions))
        self.world.append(tp, b"k", value, (), round(n * 1_000))

    def _done(self) -> bool:
        return all(self.world.committed.get(tp, 0) >= len(self.world.logs[tp]) for tp in self._consumed)

    def complaints(self) -> Iterator[str]:
        """Compare the logs with what must have come of the sources."""
        logs: dict[str, list[Any]] = {role: [] for role in self.world.topics}
        for (role, _), records in self.world.records().items():
            logs[role] += records
        expected = {
            record.value + b" " + f"articles-{p}:{record.offset}".encode()
            for p in range(self.world.topics["articles"].partitions)
            for record in self.world.logs[TP(self.world.topics["articles"].name, p)]
        }
        observed = {value for value in expected if not value.startswith(b"junk")}
        refused = {value.split()[1] for value in expected - observed}
        if lost := observed - {record.value for record in logs["indications"]}:
            yield f"observations lost: {lost}"
        if lost := refused - {record.value for record in logs["rejections"]}:
            yield f"rejections lost: {lost}"
        if any(self.world.committed.get(tp, 0) > len(self.world.logs[tp]) for tp in self._consumed):
            yield "more is committed than there is"
        yield from self._state(logs)

    def _state(self, logs: dict[str, list[Any]]) -> Iterator[str]:
        chain, name = Chain(), f"indications-{HOME}"
        rows: dict[str, bytes | None] = {}
        ticks, every = set(), set()
        for record in self.world.logs[TP(self.world.topics["indications"].name, HOME)]:
            ends = chain.apply(name, record.offset, record.value).ends_batch
            step = chain.flush()
            rows |= step.writes
            every.add(step.assessments[0][1])
            if ends:
                ticks.add(step.assessments[0][1])
        told = {record.value for record in logs["assessments"]}
        if lost := ticks - told:
            yield f"{len(lost)} of {len(ticks)} assessments lost"
        if wrong := told - every:
            yield f"{len(wrong)} assessments are not what their prefix of the log gives: {min(wrong)!r}"
        found = Rows()
        for record in logs["assess-changelog"]:
            found.take(record.key.decode(), record.value, int(dict(record.headers)[UPTO]))
        kept = {key: value for key, value in rows.items() if value is not None}
        if kept != dict(found.live()):
            yield f"state is {found.best.get(f'{PROBLEM}/_state')}, not {json.dumps([chain.watermark, 0])}"
        last = {record.key.decode(): record.value for record in logs["assess-changelog"]}
        if left := [key for key in found.overtaken if last[key] != found.best[key][1]]:
            yield f"rows overtaken and not healed: {sorted(left)[:3]}"
