"""Faults: what is done to workers and broker while the load runs, each waited for until all is caught up."""

import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NamedTuple

from chaos.fleet import Fleet, Position

from deploy.local.kafka import Broker
from stream.topics import SOURCE_PARTITIONS

RECOVERY_SECONDS = 150.0  # a busy machine is no failure
LOOK = 0.2
SOURCES = tuple(SOURCE_PARTITIONS)
RESERVE = "c"  # joins and leaves; the others are always there


class StuckError(Exception):
    """What stood in the topics at a fault was not caught up with."""


class Bounds(NamedTuple):
    """How long faults last, in seconds: from, to."""

    zombie: tuple[float, float] = (15.0, 40.0)  # the session times out after 10
    away: tuple[float, float] = (0.0, 4.0)
    stall: tuple[float, float] = (1.0, 9.0)


class Faults:
    """Does faults, and keeps account of them: how many of each kind, and how long recovery took."""

    def __init__(
        self,
        fleet: Fleet,
        broker: Broker,
        position: Position,
        chance: random.Random,
        bounds: Bounds,
        tell: Callable[[str, str, float | None], None],
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.recoveries: dict[str, list[float]] = defaultdict(list)
        self._fleet = fleet
        self._broker = broker
        self._position = position
        self._chance = chance
        self._bounds = bounds
        self._tell = tell

    def do(self, kind: str) -> None:
        """Do one fault of KINDS and wait until the workers have recovered."""
        KINDS[kind](self)

    def settle(self) -> None:
        """Wait until all is caught up, without a fault."""
        self._recovered("settle", "", time.monotonic())

    def kill(self) -> None:
        """kill -9 of one worker."""
        began = time.monotonic()
        victim = self._victim()
        self._kill(victim)
        self._recovered("kill", victim, began)

    def storm(self) -> None:
        """kill -9 four times, each while the workers still recover from the one before."""
        for _ in range(4):
            victim = self._victim()
            began = time.monotonic()
            self._kill(victim)
            time.sleep(self._chance.uniform(0.3, 6.0))
        self._recovered("kill, the last of four", victim, began)

    def kill_all(self) -> None:
        """kill -9 of all workers at once."""
        began = time.monotonic()
        for name in self._fleet.names:
            self._kill(name)
        self._recovered("kill all", "", began)

    def zombies(self) -> None:
        """SIGSTOP two workers for longer than their sessions; others take over, and are killed; SIGCONT."""
        if RESERVE not in self._fleet.names:
            self._fleet.join(RESERVE)
        sleepers = {}
        for _ in range(2):
            victim = self._victim()
            self._fleet.stop(victim)
            self.counts["worker SIGSTOP"] += 1
            sleepers[victim] = time.monotonic() + self._chance.uniform(*self._bounds.zombie)
            time.sleep(self._chance.uniform(0.0, 5.0))
        names = " and ".join(sleepers)
        self._recovered("others take over from", names, time.monotonic())
        if self._chance.random() < 0.7:
            began = time.monotonic()
            other = self._victim()
            self._kill(other)
            self._recovered("kill beside zombies", other, began)
        for victim, wakes in sorted(sleepers.items(), key=lambda row: row[1]):
            time.sleep(max(0.0, wakes - time.monotonic()))
            began = time.monotonic()
            self._fleet.wake(victim)
            self.counts["zombie SIGCONT"] += 1
        self._recovered("zombies wake", names, began)

    def broker_kill(self) -> None:
        """kill -9 of the broker, twice; once a worker dies in the meantime."""
        for turn in range(2):
            self._broker.kill()
            self.counts["broker kill -9"] += 1
            time.sleep(self._chance.uniform(*self._bounds.away))
            if turn == 0:
                self._kill(self._victim())
            self._broker.start()
            began = time.monotonic()
            time.sleep(self._chance.uniform(0.0, 4.0))
        self._recovered("broker restart", "", began)

    def broker_stall(self) -> None:
        """Stop the broker for seconds, so that sends stall; every other time a worker dies meanwhile."""
        seconds = self._chance.uniform(*self._bounds.stall)
        self._broker.send(signal.SIGSTOP)
        self.counts["broker stall"] += 1
        time.sleep(seconds)
        victim = ""
        if self.counts["broker stall"] % 2:
            victim = self._victim()
            self._kill(victim)
        self._broker.send(signal.SIGCONT)
        began = time.monotonic()
        self._recovered("broker stall", f"{seconds:.1f} s; {victim}", began)

    def move(self) -> None:
        """Let the third worker join, or leave if it is there."""
        began = time.monotonic()
        leaves = RESERVE in self._fleet.names
        (self._fleet.leave if leaves else self._fleet.join)(RESERVE)
        what = "leave" if leaves else "join"
        self.counts[f"worker {what}s"] += 1
        self._recovered(what, RESERVE, began)

    def _kill(self, name: str) -> None:
        self._fleet.kill(name)
        self.counts["worker kill -9"] += 1

    def _victim(self) -> str:
        """Choose a worker, more often than not the one that has the state."""
        names = [name for name in self._fleet.names if name not in self._fleet.stopped]
        owner = self._fleet.owner()
        return owner if owner in names and self._chance.random() < 0.6 else self._chance.choice(names)

    def _recovered(self, kind: str, detail: str, began: float) -> None:
        """Wait until every source partition has taken something new, all of it is done, and what came of it."""

        def wait(condition: Callable[[], bool]) -> None:
            while not condition():
                if time.monotonic() - began > RECOVERY_SECONDS:
                    raise StuckError(f"{kind} ({detail}): not recovered within {RECOVERY_SECONDS:g} s")
                time.sleep(LOOK)

        before = self._position.ends(SOURCES)
        wait(lambda: all(end > before[tp] for tp, end in self._position.ends(SOURCES).items()))
        for roles in (SOURCES, ("indications",)):
            mark = self._position.ends(roles)
            wait(lambda mark=mark: self._position.reached(mark))  # type: ignore[misc]  # mypy: no defaults in lambdas
        seconds = time.monotonic() - began
        self.recoveries[kind].append(seconds)
        self._tell(kind, detail, seconds)


KINDS: dict[str, Callable[[Faults], None]] = {
    "kill": Faults.kill,
    "storm": Faults.storm,
    "kill all": Faults.kill_all,
    "zombies": Faults.zombies,
    "broker kill": Faults.broker_kill,
    "broker stall": Faults.broker_stall,
    "move": Faults.move,
}
