"""App: the Faust app, its settings, and its two agents on their topics."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import mode
from faust.types import TP

from schemas.catalogue import Catalogue
from stream import table
from stream.agents import KINDS, Assess, Observe, guarded
from stream.connection import credentials, options
from stream.core.pipeline import Observer
from stream.hosting import Host
from stream.progress import Progress
from stream.settings import Settings
from stream.topics import PROBLEM_PARTITIONS, topics

SESSION_SECONDS = 10  # a killed worker keeps its partitions this long
HEARTBEAT_SECONDS = 3
METADATA_MS = 5_000
FETCH_RECORDS = 10_000  # of all partitions: what FETCH_BYTES let in of each comes in one pack
FETCH_BYTES = (
    2 << 20
)  # a partition: a pack of 2,300 usual articles; each fetch is asked for once the last is read


def make_app(
    settings: Settings,
    catalogue: Catalogue,
    progress: Progress,
    now: Callable[[], float],
    end: Callable[[BaseException], None],
) -> Host:
    """Build the app; `end` ends the process when an agent fails."""
    app = Host(settings.prefix, now=now, **config(settings), **credentials(settings))
    changelog = topics(settings)["assess-changelog"].name
    attach(app, settings, catalogue, progress, partial(table.read, options(settings), changelog), end)
    return app


def attach(
    app: Host,
    settings: Settings,
    catalogue: Catalogue,
    progress: Progress,
    read: Callable[[int], Awaitable[table.Rows]],
    end: Callable[[BaseException], None],
) -> None:
    """Give the app its two agents; `read` reads a partition of the changelog."""
    names = topics(settings)
    observe = Observe(app, Observer(catalogue), names, progress)
    assess = Assess(app, catalogue, names, progress, read)
    sources = app.topic(*(names[role].name for role in KINDS), **_RAW)
    indications = app.topic(names["indications"].name, **_RAW)
    app.agent(sources, name="observe", concurrency=1)(guarded(observe.run, end))
    app.agent(indications, name="assess", concurrency=1)(guarded(assess.run, end))

    async def on_assigned(_app: object, assigned: set[TP], **_: object) -> None:
        progress.lag, progress.committed_at = app.packing.lag, lambda: app.packing.committed_at
        log = names["indications"].name
        assess.assigned(app.consumer_generation_id, [tp.partition for tp in assigned if tp.topic == log])

    async def on_revoked(_app: object, _revoked: set[TP], **_: object) -> None:
        assess.revoked()

    # Faust types these handlers narrower than it calls them.
    app.on_partitions_assigned.connect(on_assigned, weak=False)  # type: ignore[arg-type]
    app.on_partitions_revoked.connect(on_revoked, weak=False)  # type: ignore[arg-type]


# Topics carry raw bytes; agents decode, so that what can't be read becomes a rejection and not a crash.
_RAW: dict[str, Any] = {
    "key_type": bytes,
    "value_type": bytes,
    "key_serializer": "raw",
    "value_serializer": "raw",
}


def config(settings: Settings) -> dict[str, Any]:
    """Faust's settings, each for a reason (`stream.hosting`)."""
    return {
        "datadir": str(settings.data / "faust"),  # Faust makes the folder; a memory store leaves it empty
        "store": "memory://",
        "topic_partitions": PROBLEM_PARTITIONS,
        "topic_allow_declare": False,  # `belwatch topics create` does, with the right policies
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "agent_supervisor": mode.CrashingSupervisor,
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": settings.instance,
        # A broker that comes back may know no topics yet; who then leads the group gives nobody anything, and sees it
        # when it asks again: Faust's five minutes were five minutes in which nothing moved.
        "consumer_metadata_max_age_ms": METADATA_MS,
        "broker_session_timeout": SESSION_SECONDS,
        "broker_heartbeat_interval": HEARTBEAT_SECONDS,
        "broker_request_timeout": 30,
        "broker_commit_interval": 1.0,
        "broker_max_poll_records": FETCH_RECORDS,
        "consumer_max_fetch_size": FETCH_BYTES,
        "stream_buffer_maxsize": 4,  # packs
        "producer_linger": 0.0,  # what waits for a request under way is sent with it; waiting longer only delays ticks
        "producer_max_batch_size": 256 << 10,
        "producer_max_request_size": 4 << 20,
        "producer_request_timeout": 30,
    }
