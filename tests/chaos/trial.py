"""Trial: one run, from an empty broker to the oracle's word."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chaos.faults import Bounds, Faults, StuckError
from chaos.fleet import Fleet, Position
from chaos.load import Load
from oracle import Log, complaints, logs, overtaken
from workers import Worker, caught_up, until

from deploy.local.kafka import Broker
from deploy.local.ports import free_port
from schemas.catalogue import Catalogue
from stream.catalogue.load import load as load_catalogue
from stream.settings import Settings
from stream.topics import create

DRAIN_SECONDS = 300.0


class Plan(NamedTuple):
    """Rounds of each kind, how long faults last, and what must have been done at least, by kind and count.

    `seconds`: no round begins later than that; what is then missing of `least` is told, and fails the run.
    """

    name: str
    rounds: Mapping[str, int]
    least: Mapping[str, int]
    seconds: float
    rate: float = 100.0  # messages a second
    bounds: Bounds = Bounds()


FULL = Plan(
    "full",
    {"kill": 8, "storm": 8, "kill all": 3, "zombies": 5, "broker kill": 5, "broker stall": 8, "move": 7},
    {
        "worker kill -9": 50,
        "worker SIGSTOP": 10,
        "zombie SIGCONT": 10,
        "broker kill -9": 10,
        "broker stall": 8,
        "worker joins": 3,
        "worker leaves": 2,
    },
    seconds=900,
)
SHORT = Plan(
    "short",
    {"kill": 1, "storm": 1, "broker kill": 1, "broker stall": 1, "move": 2},
    {},  # as many as fit, on a busy machine
    seconds=100,
    rate=100.0,
)


@dataclass
class Outcome:
    """What a trial found."""

    counts: Counter[str] = field(default_factory=Counter)
    recoveries: Mapping[str, list[float]] = field(default_factory=dict)
    endings: Counter[int] = field(default_factory=Counter)
    hung: int = 0
    failures: list[str] = field(default_factory=list)
    log: Log | None = None
    complaints: list[str] = field(default_factory=list)


class Trial:
    """One broker, its workers, the load and the faults of a plan, in an order drawn from `chance`."""

    def __init__(
        self,
        plan: Plan,
        chance: random.Random,
        seed: int,
        folder: Path,
        tell: Callable[[str, str, float | None], None],
    ) -> None:
        self._plan = plan
        self._chance = chance
        self._seed = seed
        self._folder = folder
        self._tell = tell
        self._catalogue: Catalogue = load_catalogue(None)

    def run(self) -> Outcome:
        """Run everything; what is stuck is in the outcome, too."""
        outcome = Outcome()
        with Broker(free_port(), self._folder / "kafka") as broker:
            settings = Settings(brokers=broker.address, run="chaos", environment="replay")
            create(settings)
            load = Load(settings, self._catalogue, self._seed, self._plan.rate)
            fleet = Fleet(settings, self._folder)
            position = Position(settings)
            try:
                for name in ("a", "b"):
                    fleet.join(name)
                load.start()
                self._disturb(fleet, broker, position, outcome)
                load.stop()
                self._tell("drain", f"{load.sent.messages} messages, {load.sent.ticks} ticks", None)
                began = time.monotonic()
                until(lambda: caught_up(settings), DRAIN_SECONDS)
                self._tell("drain", "", time.monotonic() - began)
            finally:
                position.close()
                fleet.close()
            outcome.endings, outcome.hung = fleet.endings, fleet.hung
            self._heal(settings)
            outcome.log = logs(settings, self._catalogue)
        self._tell("oracle", "recomputes", None)
        outcome.complaints = complaints(outcome.log, self._catalogue)
        if left := overtaken(outcome.log):
            outcome.complaints.append(
                f"rows that a late writer overtook, and recovery left: {sorted(left)[:5]}"
            )
        return outcome

    def _heal(self, settings: Settings) -> None:
        """Restore the state once more: what a late writer left last is written again."""
        with Worker(settings, self._folder, "last") as worker:
            until(lambda: "restored" in worker.log.read_text(), DRAIN_SECONDS, (worker,))
            until(lambda: caught_up(settings), DRAIN_SECONDS, (worker,))
            worker.end(signal.SIGTERM)

    def _disturb(self, fleet: Fleet, broker: Broker, position: Position, outcome: Outcome) -> None:
        faults = Faults(fleet, broker, position, self._chance, self._plan.bounds, self._tell)
        outcome.counts, outcome.recoveries = faults.counts, faults.recoveries
        plan, end = self._plan, time.monotonic() + self._plan.seconds
        rounds = [kind for kind, times in plan.rounds.items() for _ in range(times)]
        self._chance.shuffle(rounds)
        try:
            faults.settle()
            while rounds and time.monotonic() < end:
                faults.do(rounds.pop(0))
            while (
                faults.counts["worker kill -9"] < plan.least.get("worker kill -9", 0)
                and time.monotonic() < end
            ):
                faults.do("kill")
        except StuckError as stuck:
            outcome.failures.append(str(stuck))
            self._tell("STUCK", str(stuck), None)
        outcome.failures += [
            f"{kind}: {faults.counts[kind]} of {least} before the time was over"
            for kind, least in plan.least.items()
            if faults.counts[kind] < least
        ]
