"""Trial: one run, from an empty broker to the oracle's word."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from chaos.faults import Bounds, Faults, StuckError
from chaos.fleet import Fleet, Position
from chaos.load import Load
from oracle import Log, complaints, logs
from workers import caught_up, until

from deploy.local.kafka import Broker
from deploy.local.ports import free_port
from schemas.catalogue import Catalogue
from stream.catalogue.load import load as load_catalogue
from stream.settings import Settings
from stream.topics import create

DRAIN_SECONDS = 120.0


class Plan(NamedTuple):
    """Which faults, how many rounds of each, how long they may last; `kills`: at least so many workers."""

    name: str
    faults: Mapping[str, int]
    kills: int
    rate: float  # messages a second
    bounds: Bounds = Bounds()


FULL = Plan(
    "full",
    {
        "kill": 14,
        "kill again": 8,
        "kill all": 3,
        "zombie": 10,
        "broker kill": 10,
        "broker stall": 10,
        "move": 9,
    },
    kills=50,
    rate=300,
)
SHORT = Plan(
    "short",
    {"kill": 2, "kill again": 1, "zombie": 1, "broker kill": 1, "broker stall": 2, "move": 2},
    kills=4,
    rate=300,
    bounds=Bounds(zombie=(15.0, 16.0)),
)


@dataclass
class Outcome:
    """What a trial found."""

    counts: Counter[str] = field(default_factory=Counter)
    recoveries: Mapping[str, list[float]] = field(default_factory=dict)
    endings: Counter[int] = field(default_factory=Counter)
    hung: int = 0
    stuck: list[str] = field(default_factory=list)
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
            outcome.log = logs(settings, self._catalogue)
        self._tell("oracle", "recomputes", None)
        outcome.complaints = complaints(outcome.log, self._catalogue)
        return outcome

    def _disturb(self, fleet: Fleet, broker: Broker, position: Position, outcome: Outcome) -> None:
        faults = Faults(fleet, broker, position, self._chance, self._plan.bounds, self._tell)
        outcome.counts, outcome.recoveries = faults.counts, faults.recoveries
        rounds = [kind for kind, times in self._plan.faults.items() for _ in range(times)]
        self._chance.shuffle(rounds)
        try:
            faults.settle()
            for kind in rounds:
                faults.do(kind)
            while faults.counts["worker kill -9"] < self._plan.kills:
                faults.do("kill")
        except StuckError as stuck:
            outcome.stuck.append(str(stuck))
            self._tell("STUCK", str(stuck), None)
