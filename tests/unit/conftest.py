"""The catalogue that ships, the metrics of a demo without indicators, and a scrape of them."""

import pytest
from made import bare_catalogue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.samples import Sample
from scraped import NOW, Scrape, parsed

from schemas.catalogue import Catalogue
from stream.catalogue.load import load
from stream.settings import Settings
from stream.sinks.metrics import Metrics


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The one that ships."""
    return load()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(Settings(environment="demo"), bare_catalogue(), lambda: NOW)


@pytest.fixture
def samples(metrics: Metrics) -> Scrape:
    """Scrape: what prometheus_client writes, read back by its own parser."""

    def scrape() -> list[Sample]:
        registry = CollectorRegistry()
        registry.register(metrics)
        return list(parsed(generate_latest(registry).decode()))

    return scrape
