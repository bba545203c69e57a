"""Settings: where things are, from `BELWATCH_*` in the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "belwatch"


class Settings(BaseSettings):
    """One process's settings. Everything binds to loopback unless told otherwise.

    >>> Settings(run="crisis").prefix
    'belwatch-run-crisis'
    """

    model_config = SettingsConfigDict(env_prefix="BELWATCH_", frozen=True, extra="ignore")

    brokers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, comma-separated")
    replication: int = Field(1, ge=1, description="copies of each topic; with 3 or more, min ISR is 2")
    environment: str = Field("live", description="label on every metric: live, demo or replay")
    catalogue: Path | None = Field(None, description="catalogue folder; unset: the one that ships")
    run: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] | None = Field(
        None, description="name of a replay run; unset: live"
    )
    tick_seconds: float = Field(60, gt=0, description="the clock's grid, live")
    data: Path = Field(Path(".data"), description="folder for local state and logs")
    metrics_host: str = Field("127.0.0.1", description="address /metrics binds to")
    metrics_port: int = Field(9808, ge=0, le=65535, description="port of /metrics")

    @property
    def prefix(self) -> str:
        """Prefix of every topic and of the consumer group: a run has its own."""
        return f"{PREFIX}-run-{self.run}" if self.run else PREFIX
