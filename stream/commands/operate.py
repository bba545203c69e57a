"""topics, worker, clock: what runs on a broker."""

import logging
import sys

import click

from stream import topics as topic_admin
from stream.commands import options
from stream.sinks.plain import Plainly

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_terminal() -> None:
    """Log to standard error; of Kafka's own client, warnings only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plainly(FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("kafka").setLevel(logging.WARNING)


@click.group()
def topics() -> None:
    """Kafka topics: create them, see how they should be."""


@topics.command()
@click.option("--run", help="For a replay run instead of live.")
def create(run: str | None) -> None:
    """Create the topics that are missing; what exists otherwise than it must is an error, and not altered.

    \b
    BELWATCH_BROKERS=kafka-1:9092 BELWATCH_REPLICATION=3 belwatch topics create
    """
    for name, what in topic_admin.create(options.settings(run=run)).items():
        click.echo(f"{what:8} {name}")


@topics.command(name="list")
@click.option("--run", help="For a replay run instead of live.")
def list_(run: str | None) -> None:
    """List the topics as they should be."""
    for topic in topic_admin.topics(options.settings(run=run)).values():
        policy = " ".join(f"{k}={v}" for k, v in sorted(topic.config.items()))
        click.echo(f"{topic.name:40} {topic.partitions} partitions  {policy}")


@click.command()
@click.option("--run", help="Work on a replay run instead of live.")
@click.option("--environment", help="Label on every metric: live, demo, replay.")
@click.option("--metrics-port", type=int, help="Port of /metrics on loopback; 0: any free one.")
def worker(run: str | None, environment: str | None, metrics_port: int | None) -> None:
    """Process the stream until stopped; on any error it ends, and its supervisor starts it again.

    \b
    BELWATCH_BROKERS=127.0.0.1:9092 belwatch worker
    """
    from stream.worker import work  # noqa: PLC0415 - Faust takes a second to import; only this command needs it

    log_to_terminal()
    sys.exit(work(options.settings(run=run, environment=environment, metrics_port=metrics_port)))


@click.command()
@click.option("--every", type=options.Span(), help="Grid of the ticks; left out: 1m.")
def clock(every: float | None) -> None:
    """Write the ticks by which levels are judged, until stopped. Live only: a replay is its own clock.

    \b
    belwatch clock --every 1m
    """
    from stream.clock import run  # noqa: PLC0415 - see worker

    log_to_terminal()
    run(options.settings(tick_seconds=every))
