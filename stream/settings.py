"""Settings: where things are and how to get in, from `BELWATCH_*` in the environment."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "belwatch"


class Settings(BaseSettings):
    """One process's settings. Everything binds to loopback unless told otherwise.

    Secrets show as stars wherever settings are printed; an error never holds what was given.

    >>> Settings(run="crisis").prefix
    'belwatch-run-crisis'
    """

    model_config = SettingsConfigDict(
        env_prefix="BELWATCH_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    brokers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, comma-separated")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how brokers are spoken to, in Kafka's words"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="how the password is proved, with SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_username: str | None = Field(None, description="user, with SASL")
    sasl_password: SecretStr | None = Field(None, description="password, with SASL; or in a file:")
    sasl_password_file: Path | None = Field(None, description="file that holds the password and nothing else")
    ssl_cafile: Path | None = Field(
        None,
        description="PEM file of the authority that signed the brokers' certificates; unset: the system's",
    )
    ssl_certfile: Path | None = Field(
        None, description="our certificate as a PEM file, where brokers ask for one"
    )
    ssl_keyfile: Path | None = Field(
        None, description="its private key; unset: it is in BELWATCH_SSL_CERTFILE"
    )
    ssl_key_password_file: Path | None = Field(None, description="file that holds the private key's password")
    replication: int = Field(1, ge=1, description="copies of each topic; with 3 or more, min ISR is 2")
    environment: str = Field("live", description="label on every metric: live, demo or replay")
    catalogue: Path | None = Field(None, description="catalogue folder; unset: the one that ships")
    run: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")] | None = Field(
        None, description="name of a replay run; unset: live"
    )
    instance: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")] | None = Field(
        None,
        description="this worker's own name in its group, kept over restarts: it gets its partitions back at once",
    )
    runs: int = Field(8, ge=1, description="most replay runs at a time on the broker")
    tick_seconds: float = Field(60, gt=0, description="the clock's grid, live")
    data: Path = Field(Path(".data"), description="folder for local state and logs")
    metrics_host: str = Field("127.0.0.1", description="address /metrics, /live and /ready bind to")
    metrics_port: int = Field(9808, ge=0, le=65535, description="port of /metrics, /live and /ready")
    page_host: str = Field("127.0.0.1", description="address the status page binds to")
    page_port: int = Field(9810, ge=0, le=65535, description="port of the status page")
    page_url: str = Field("", description="where browsers find the status page; unset: its host and port")
    page_documents: Path = Field(
        Path("dashboards"), description="folder of the guide and runbooks the page shows"
    )
    page_worker_url: str = Field("", description="the worker's /metrics; unset: the metrics host and port")

    @property
    def prefix(self) -> str:
        """Prefix of every topic and of the consumer group: a run has its own."""
        return f"{PREFIX}-run-{self.run}" if self.run else PREFIX

    @property
    def servers(self) -> list[str]:
        """Bootstrap servers, one by one."""
        return [server.strip() for server in self.brokers.split(",") if server.strip()]

    @property
    def tls(self) -> bool:
        """Whether brokers are spoken to over TLS."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def sasl(self) -> bool:
        """Whether brokers want a password."""
        return self.security_protocol.startswith("SASL_")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        """Refuse what would silently be ignored, above all a password sent where none is asked for."""
        if self.sasl_password and self.sasl_password_file:
            raise ValueError("set BELWATCH_SASL_PASSWORD or BELWATCH_SASL_PASSWORD_FILE, not both")
        given = [bool(self.sasl_username), bool(self.sasl_password or self.sasl_password_file)]
        if self.sasl and not all(given):
            raise ValueError(
                f"{self.security_protocol} needs BELWATCH_SASL_USERNAME and BELWATCH_SASL_PASSWORD_FILE"
                " (or BELWATCH_SASL_PASSWORD)"
            )
        if any(given) and not self.sasl:
            raise ValueError(
                "a SASL user or password is set: set BELWATCH_SECURITY_PROTOCOL to SASL_SSL, or unset them"
            )
        if any((self.ssl_cafile, self.ssl_certfile, self.ssl_keyfile)) and not self.tls:
            raise ValueError(
                "BELWATCH_SSL_* is set: set BELWATCH_SECURITY_PROTOCOL to SSL or SASL_SSL, or unset them"
            )
        return self
