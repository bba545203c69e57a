import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from oracle import Log, complaints, home
from scoring import catalogue
from simulation import Simulation
from traffic import traffic

SEEDS = 12


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Faust logs at every turn, and collects garbage at every rebalance."""
    gc.freeze()
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    gc.unfreeze()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_killed_at_any_step_nothing_is_lost_or_counted_twice(tmp_path: Path, seed: int) -> None:
    problem = catalogue()
    simulation = Simulation(problem, tmp_path, seed)
    chance = simulation.world.chance
    simulation.world.write(traffic(problem, hours=4, per_hour=50, seed=seed, tells=3))
    for _ in range(chance.randint(2, 5)):
        simulation.live(steps=chance.randint(50, 1_500), failures=chance.choice([0, 0, 0.003]))
    simulation.live(steps=200_000)
    assert simulation.endings[-1] == "done"
    assert complaints(Log(simulation.world.records(), home(problem)), problem) == []


def test_a_failed_send_ends_the_process(tmp_path: Path) -> None:
    problem = catalogue()
    simulation = Simulation(problem, tmp_path, seed=1)
    simulation.world.write(traffic(problem, hours=1, per_hour=50, seed=1, tells=3))
    simulation.live(steps=50_000, failures=1.0)
    assert simulation.endings == ["KafkaError: KafkaError: the broker refused", "killed"]
    assert simulation.world.committed == {}
