"""Ports of the local stack: one setting each, and a clear error when one is taken."""

import random
import socket

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.local import HOST


class PortTakenError(Exception):
    """A port is in use; the message names it and the setting that moves it."""


class Ports(BaseSettings):
    """Where the local stack listens, from `BELWATCH_<NAME>_PORT`; all on loopback.

    >>> Ports.setting("kafka")
    'BELWATCH_KAFKA_PORT'
    """

    model_config = SettingsConfigDict(env_prefix="BELWATCH_", frozen=True, extra="ignore")

    kafka: int = Field(9092, ge=1, le=65535, validation_alias="BELWATCH_KAFKA_PORT")
    prometheus: int = Field(9090, ge=1, le=65535, validation_alias="BELWATCH_PROMETHEUS_PORT")
    alertmanager: int = Field(9093, ge=1, le=65535, validation_alias="BELWATCH_ALERTMANAGER_PORT")
    receiver: int = Field(9094, ge=1, le=65535, validation_alias="BELWATCH_RECEIVER_PORT")
    metrics: int = Field(9808, ge=1, le=65535, validation_alias="BELWATCH_METRICS_PORT")
    page: int = Field(9810, ge=1, le=65535, validation_alias="BELWATCH_PAGE_PORT")

    @staticmethod
    def setting(name: str) -> str:
        """Name of the environment variable that moves a port."""
        return f"BELWATCH_{name.upper()}_PORT"

    def require_free(self) -> None:
        """Raise PortTakenError for the first port that something else listens on."""
        for name, port in self.model_dump().items():
            require_free(name, port)


def require_free(name: str, port: int) -> None:
    """Raise PortTakenError when `name` can't listen on `port` of loopback."""
    with socket.socket() as probe:
        # As the servers do: a connection of an earlier run in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            message = (
                f"port {port}, for {name}, is in use. Stop what listens there, "
                f"or choose another with {Ports.setting(name)}."
            )
            raise PortTakenError(message) from error


def free_port() -> int:
    """Return a port of loopback that nothing listens on now.

    Below the range that systems hand out for outgoing connections: one of those could take it in the meantime.
    """
    for port in random.sample(range(20_000, 30_000), 50):
        try:
            require_free("a program", port)
        except PortTakenError:
            continue
        return port
    message = "no free port found between 20000 and 30000 on loopback"
    raise PortTakenError(message)
