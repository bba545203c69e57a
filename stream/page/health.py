"""Health: what the worker says of itself, and whether the index can be believed now. Unknown is not calm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from stream.settings import Settings

PATIENCE = 3.0  # seconds for the worker to answer
STALE_TICKS = 5.0  # of the clock's grid; the alert BelwatchTickStale waits as long


@dataclass(frozen=True)
class Health:
    """The pipeline as it is now; times are epoch seconds. `trouble`: why the index can't be believed, or ""."""

    trouble: str = ""
    tick_at: float | None = None
    clock: float | None = None
    every: float | None = None
    lag: float | None = None
    committed_at: float | None = None
    messages: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, float] = field(default_factory=dict)

    @property
    def tick_age(self) -> float | None:
        """Seconds since the last tick that was evaluated, on the run's own clock."""
        return None if self.clock is None or self.tick_at is None else self.clock - self.tick_at


def judge(exposition: str, *, replay: bool) -> Health:
    """Read a worker's metrics. A replay is its own clock: between two of its ticks no time passes.

    >>> judge("belwatch_build_info 1", replay=False).trouble
    'The worker has evaluated nothing since it started.'
    """
    values: dict[str, float] = {}
    labelled: dict[str, dict[str, float]] = {"outcome": {}, "source": {}}
    lag: list[float] = []
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            if sample.name == "belwatch_consumer_lag":
                lag.append(sample.value)
            elif sample.name == "belwatch_messages_total":
                labelled["outcome"][sample.labels.get("outcome", "")] = sample.value
            elif sample.name == "belwatch_source_last_seen_timestamp_seconds":
                labelled["source"][sample.labels.get("source", "")] = sample.value
            else:
                values[sample.name] = sample.value
    health = Health(
        tick_at=values.get("belwatch_tick_timestamp_seconds"),
        clock=values.get("belwatch_clock_timestamp_seconds"),
        every=values.get("belwatch_tick_interval_seconds"),
        lag=sum(lag) if lag else None,
        committed_at=values.get("belwatch_commit_timestamp_seconds"),
        messages=labelled["outcome"],
        sources=labelled["source"],
    )
    return Health(**{**health.__dict__, "trouble": _trouble(health, replay=replay)})


def _trouble(health: Health, *, replay: bool) -> str:
    if health.tick_age is None or health.every is None:
        return "The worker has evaluated nothing since it started."
    if not replay and health.tick_age > STALE_TICKS * health.every:
        minutes = health.tick_age / 60
        return f"No tick has been evaluated for {minutes:.0f} min; one is due every {health.every:g} s."
    return ""


async def ask(session: aiohttp.ClientSession, settings: Settings) -> Health:
    """Ask the worker; one that does not answer is trouble, never silence."""
    url = settings.page_worker_url or f"http://{settings.metrics_host}:{settings.metrics_port}/metrics"
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=PATIENCE)) as answer:
            answer.raise_for_status()
            return judge(await answer.text(), replay=settings.run is not None)
    except (aiohttp.ClientError, TimeoutError, ValueError) as e:
        return Health(trouble=f"No worker answers at {url} ({type(e).__name__}).")
