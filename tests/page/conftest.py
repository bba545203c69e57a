"""A status page on a trail of our own, without a broker, and a browser to look at it with."""

import asyncio
import os
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as Tab
from playwright.sync_api import sync_playwright
from scoring import START, event

from deploy.local.chromium import browser
from deploy.local.debs import DebsError
from deploy.local.paths import DATA
from schemas.assessment import Assessment
from schemas.review import Review
from stream.catalogue.load import load
from stream.core.pipeline import Run, with_ticks
from stream.page import server
from stream.page.reading import Reading
from stream.page.trail import Entry, Trail
from stream.settings import Settings
from stream.sources.jsonl import chronological

DAY = 86_400.0
CHRONICLE = Path(server.__file__).parents[1] / "catalogue" / "belarus_entry" / "chronicle"
ARTEFACTS = DATA / "artefacts" / "page"
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> & 'quoted'"
CALM, TENSE = "2022-01-15", "2022-02-25"


@dataclass
class Shelf(Reading):
    """A reading whose assessments stand in memory."""

    assessments: Sequence[Assessment]
    failure: str | None = None
    trails: dict[str, Trail] = field(default_factory=lambda: defaultdict(Trail))

    def __post_init__(self) -> None:
        for n, a in enumerate(self.assessments):
            entry = Entry(a.at.timestamp(), 0, n, a.index, a.low, a.high, a.level, a.cause == "tick")
            self.trails[a.problem].add(entry)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        yield

    async def assessment(self, entry: Entry) -> Assessment:
        return self.assessments[entry.offset]


@dataclass
class Served:
    """A page under test: where it is, and the reviews it would have sent."""

    url: str
    sent: list[Review]


@pytest.fixture(scope="session")
def told() -> list[Assessment]:
    """The winter of 2022 as the chronicle has it, and one message that means harm, a tick a day."""
    records = [
        r
        for r in chronological([str(p) for p in sorted(CHRONICLE.glob("*.jsonl"))])
        if START - 45 * DAY < r.received_at < START + 40 * DAY
    ]
    hostile = event(
        "hostile:1",
        "strike_group",
        -20,
        grade="B2",
        summary=HOSTILE,
        url="javascript:alert(1)",
        publisher=HOSTILE,
    )
    items = sorted([*records, hostile], key=lambda r: r.received_at)
    return [a for a in Run(load(), with_ticks(items, DAY)) if a.cause == "tick"]


@pytest.fixture(scope="session")
def serve(told: list[Assessment]) -> Iterator[Callable[..., Served]]:
    """Serve the page as of a day, with a worker that answers (`alive`) or none."""
    with ExitStack() as running:

        def start(until: str = "9999", *, alive: bool = True, run: str | None = "winter") -> Served:
            shown = [a for a in told if f"{a.at:%Y-%m-%d}" <= until]
            at = shown[-1].at.timestamp() if run else time.time()
            metrics = running.enter_context(_listening(_worker(at)))
            url = f"{metrics}/metrics" if alive else "http://127.0.0.1:9/metrics"
            settings = Settings(run=run, environment="replay" if run else "live", page_worker_url=url)
            sent: list[Review] = []
            page = server.Page(settings, load(), Shelf(shown), sent.append)
            return Served(running.enter_context(_listening(page.app())), sent)

        yield start


def _worker(at: float) -> web.Application:
    text = "\n".join(
        f"{name} {value}"
        for name, value in {
            "belwatch_tick_timestamp_seconds": at,
            "belwatch_clock_timestamp_seconds": at,
            "belwatch_tick_interval_seconds": 60,
            'belwatch_consumer_lag{topic="articles",partition="0"}': 3,
            'belwatch_messages_total{outcome="matched"}': 120,
        }.items()
    )

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text + "\n")

    app = web.Application()
    app.router.add_get("/metrics", answer)
    return app


class _listening:  # noqa: N801 - used as a context manager, like a function
    """Run an application on a free port, in a thread of its own."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(20)

    async def _start(self) -> str:
        self._runner = web.AppRunner(self._app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Headless Chromium; where it can't be had the test says so, but not in CI."""
    try:
        found = browser()
    except DebsError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Chromium: {error}")
    with sync_playwright() as driver:
        program = driver.chromium.launch(
            executable_path=str(found.path),
            env=dict(found.environment),
            args=["--no-sandbox"],  # a container's root may not make the sandbox; the pages are our own
        )
        yield program
        program.close()


@pytest.fixture
def tab(chromium: Chromium) -> Iterator[Callable[..., Tab]]:
    """Open tabs; whatever a page complains of on its console fails the test."""
    complaints: list[str] = []
    with ExitStack() as opened:

        def open_(width: int = 1200, scheme: str = "light", *, script: bool = True) -> Tab:
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,  # type: ignore[arg-type] # "light" or "dark"
                java_script_enabled=script,
            )
            opened.callback(context.close)
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield open_
    assert not complaints


@pytest.fixture
def keep() -> Callable[[Tab, str], None]:
    """Keep a screenshot as an artefact."""

    def shot(page: Tab, name: str) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    return shot
