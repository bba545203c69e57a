"""What a scrape of /metrics gives, read back by Prometheus' own parser, for tests of what is exported."""

from collections.abc import Callable, Iterator

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

NOW = 1_645_660_800.0  # when the scrapes are; epoch seconds
COMMON = {"environment": "demo", "problem": "belarus_entry"}
Scrape = Callable[[], list[Sample]]


def parsed(text: str) -> Iterator[Sample]:
    """Every sample of an exposition."""
    for family in text_string_to_metric_families(text):
        yield from family.samples


def value(samples: list[Sample], name: str, **labels: str) -> float:
    """The one sample of that name with these labels and the common ones."""
    [sample] = [s for s in samples if s.name == name and s.labels == COMMON | labels]
    return sample.value
