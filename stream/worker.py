"""Worker: one process that observes and assesses, until it is told to stop or anything goes wrong.

It never limps on: at any error it ends with a traceback in its log, and its supervisor starts it again.
"""

import asyncio
import logging
import os
import signal
import time
from typing import NoReturn

import uvloop
from kafka.errors import KafkaError

from stream.app import make_app
from stream.catalogue.load import load
from stream.clock import now
from stream.connection import BrokerProblem, administrator
from stream.hosting import Host
from stream.progress import Progress
from stream.settings import Settings
from stream.sinks.metrics import Metrics, serve
from stream.topics import TopicProblem, topics

log = logging.getLogger(__name__)

SOFTWARE = 70  # sysexits.h
STOP_SECONDS = 10
SHOW_SECONDS = 1.0


def check(settings: Settings) -> None:
    """See that the broker answers and every topic is there with its partitions.

    Raises
    ------
    BrokerProblem
        saying which setting or command mends it.
    """
    admin = administrator(settings)
    try:
        found = {t["name"]: len(t["partitions"]) for t in admin.describe_topics()}
    except KafkaError as error:
        raise BrokerProblem(f"the broker at {settings.brokers} refused to list topics: {error}") from error
    finally:
        admin.close()
    wrong = [
        f"{t.name} has {found[t.name]} partitions, not {t.partitions}" if t.name in found else f"no {t.name}"
        for t in topics(settings).values()
        if found.get(t.name) != t.partitions
    ]
    if wrong:
        raise TopicProblem(f"{'; '.join(wrong)}: run `belwatch topics create`")


def work(settings: Settings) -> int:
    """Run a worker until SIGTERM or SIGINT; its exit code.

    Raises
    ------
    BrokerProblem, CatalogueError, OSError
        when it can't start; the text says what to do.
    """
    _quieten()
    check(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    catalogue = load(settings.catalogue)
    # A replay's metrics stand at its own time.
    metrics = Metrics(settings, catalogue, lambda: progress.event_time() if settings.run else now())
    progress = Progress(metrics.publish, time.monotonic, settings.tick_seconds)
    server = serve(settings, metrics)
    log.info("metrics on http://%s:%d/metrics", settings.metrics_host, server.port)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            app = make_app(settings, catalogue, progress, now, die)
            return runner.run(_run(app, progress))
    finally:
        server.close()


def _quieten() -> None:
    """Of what lies below us, log warnings only; Faust's services log under the names of our subclasses."""
    for name in ("faust", "mode", "aiokafka", "stream.hosting"):
        logging.getLogger(name).setLevel(logging.WARNING)


def die(error: BaseException) -> NoReturn:
    """End at once: anything slower could still acknowledge what was not done."""
    log.critical("the worker ends: %s", error, exc_info=error)
    logging.shutdown()
    os._exit(SOFTWARE)


async def _run(app: Host, progress: Progress) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await app.start()
        app.add_future(_show(progress))
        await app.wait(stop.wait())  # raises what the app crashed of
    except Exception as error:  # noqa: BLE001  # every service of Faust ends up here
        die(error)
    log.info("stopping")
    loop.call_later(STOP_SECONDS, _abandon)  # Faust may wait for ever for what it has in flight
    await app.stop()
    return 0


async def _show(progress: Progress) -> None:
    """Keep lag and commit age true while nothing arrives, or nothing gets done."""
    while True:
        await asyncio.sleep(SHOW_SECONDS)
        progress.show()


def _abandon() -> NoReturn:
    log.warning("did not stop within %d s; what is in flight comes again", STOP_SECONDS)
    logging.shutdown()
    os._exit(0)
