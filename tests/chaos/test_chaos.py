"""The short form of `make chaos`: a few faults of each kind on a real broker, then the oracle."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.trial import SHORT, Trial

pytestmark = pytest.mark.integration
SEED = 5


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep to ourselves what clients say of a broker that is away."""
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    told: list[str] = []

    def tell(kind: str, detail: str, seconds: float | None) -> None:
        told.append(f"{kind} {detail} {seconds}")

    chance = random.Random(SEED)  # noqa: S311 - a test's faults
    outcome = Trial(SHORT, chance, SEED, tmp_path, tell).run()
    assert (outcome.complaints, outcome.failures) == ([], []), "\n".join(told)
