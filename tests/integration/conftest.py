"""One real broker for the whole session."""

import os
from collections.abc import Iterator

import pytest

from deploy.local.kafka import Broker
from deploy.local.ports import free_port


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap server of a real broker: `BELWATCH_TEST_BROKERS` if set, else one started here."""
    given = os.environ.get("BELWATCH_TEST_BROKERS")
    if given:
        yield given
        return
    with Broker(free_port(), tmp_path_factory.mktemp("kafka")) as started:
        yield started.address
