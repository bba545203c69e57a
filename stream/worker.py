"""Worker: one process that observes and assesses, until it is told to stop or anything goes wrong.

It never limps on: at any error it ends with a traceback in its log, and its supervisor starts it again.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Mapping
from typing import NoReturn

import uvloop
from faust.types import TP
from kafka.errors import KafkaError

from stream.agents import partition_of
from stream.app import make_app
from stream.catalogue.load import load
from stream.clock import now
from stream.connection import BrokerProblem, administrator
from stream.garbage import collect_seldom
from stream.hosting import Host
from stream.progress import Progress
from stream.settings import Settings
from stream.sinks.health import Health, Position, Vitals
from stream.sinks.metrics import Metrics
from stream.sinks.web import Web
from stream.topics import PROBLEM_PARTITIONS, TopicProblem, topics

log = logging.getLogger(__name__)

SOFTWARE = 70  # sysexits.h
STOP_SECONDS = 10
SHOW_SECONDS = 1.0
SETTLE_SECONDS = (
    60.0  # twice what a request may take; Faust has been seen to wait for ever after a long sleep
)
ASK_SECONDS = 10.0  # between, and for, questions to the broker how far its logs go


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
    BrokerProblem, CatalogueError
        when it can't start; the text says what to do.
    """
    _quieten()
    check(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    catalogue = load(settings.catalogue)
    # A replay's metrics stand at its own time.
    metrics = Metrics(settings, catalogue, lambda: progress.event_time() if settings.run else now())
    progress = Progress(metrics.publish, time.monotonic, settings.tick_seconds)
    health = Health(time.monotonic, now())
    progress.recovered = health.recovered
    problem = catalogue.problem.id
    web = Web(settings, health, metrics, Vitals(settings, problem, health, progress.bounded))
    log.info("metrics on http://%s:%d/metrics", settings.metrics_host, web.port)
    home = TP(topics(settings)["indications"].name, partition_of(problem.encode(), PROBLEM_PARTITIONS))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            app = make_app(settings, catalogue, progress, now, die)
            _attend(app, health, home)
            collect_seldom()
            return runner.run(_run(app, progress, health))
    finally:
        web.close()


def _attend(app: Host, health: Health, home: TP) -> None:
    """Tell health of rebalances; where the problem's partition is another's, there is nothing to recover."""

    async def on_assigned(_app: object, assigned: set[TP], **_: object) -> None:
        health.assigned()
        if home not in assigned:
            health.recovered()

    async def on_revoked(_app: object, _revoked: set[TP], **_: object) -> None:
        health.revoked()

    # Faust types these handlers narrower than it calls them.
    app.on_partitions_assigned.connect(on_assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(on_revoked, weak=False)  # type: ignore[arg-type]


def _quieten() -> None:
    """Of what lies below us, log warnings only; Faust's services log under the names of our subclasses."""
    for name in ("faust", "mode", "aiokafka", "stream.hosting"):
        logging.getLogger(name).setLevel(logging.WARNING)


def die(error: BaseException) -> NoReturn:
    """End at once: anything slower could still acknowledge what was not done."""
    log.critical("the worker ends: %s", error, exc_info=error)
    logging.shutdown()
    os._exit(SOFTWARE)


async def _run(app: Host, progress: Progress, health: Health) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await app.start()
        ends: dict[tuple[str, int], int] = {}
        app.add_future(_ask(app, ends))
        app.add_future(_show(app, progress, health, ends))
        app.add_future(_watch(app))
        await app.wait(stop.wait())  # raises what the app crashed of
    except Exception as error:  # noqa: BLE001  # every service of Faust ends up here
        die(error)
    log.info("stopping")
    loop.call_later(STOP_SECONDS, _abandon)  # Faust may wait for ever for what it has in flight
    await app.stop()
    return 0


async def _show(app: Host, progress: Progress, health: Health, ends: Mapping[tuple[str, int], int]) -> None:
    """Keep lag, commit age and health true while nothing arrives, or nothing gets done."""
    while True:
        await asyncio.sleep(SHOW_SECONDS)
        progress.show()
        rows = app.packing.positions().items()
        health.beat(
            {tp: Position(due, max(end or 0, ends.get(tp, 0)), done) for tp, (due, end, done) in rows}
        )


async def _watch(app: Host) -> None:
    """End the process where a rebalance does not: it would keep its partitions, and nothing would read them."""
    since = time.monotonic()
    while True:
        await asyncio.sleep(SHOW_SECONDS)
        if app.packing.settled:
            since = time.monotonic()
        elif time.monotonic() - since > SETTLE_SECONDS:
            die(
                TimeoutError(
                    f"a rebalance did not end within {SETTLE_SECONDS:g} s; starting anew joins the group again"
                )
            )


async def _ask(app: Host, ends: dict[tuple[str, int], int]) -> None:
    """Ask again and again how far the logs go; while nobody answers, what was known last stands."""
    while True:
        await asyncio.sleep(ASK_SECONDS)
        try:
            ends.update(await asyncio.wait_for(app.packing.ends(), ASK_SECONDS))
        except Exception as error:  # noqa: BLE001 - Faust, aiokafka and its thread each have their own
            log.info("the ends of the logs are not known now: %r", error)


def _abandon() -> NoReturn:
    log.warning("did not stop within %d s; what is in flight comes again", STOP_SECONDS)
    logging.shutdown()
    os._exit(0)
