"""Server: the routes of the status page, on loopback."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from urllib.parse import quote

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from schemas.assessment import Assessment, Contribution
from schemas.catalogue import Catalogue
from schemas.moment import parse
from schemas.review import Review
from schemas.wire import rfc3339
from stream.catalogue.load import load
from stream.clock import now
from stream.connection import BrokerProblem
from stream.page import answer, plot, render
from stream.page.health import Health, ask
from stream.page.reading import Reading
from stream.page.story import moves
from stream.page.trail import Entry, Trail
from stream.settings import Settings
from stream.sources.reviews import Incomplete, send

log = logging.getLogger(__name__)

SPANS = {"7d": 7.0, "30d": 30.0, "90d": 90.0, "1y": 366.0, "all": math.inf}
DEFAULT_SPAN = "30d"
DAY = 86_400.0
PLOTTED = 1_000  # points of a plot: more than a screen has columns
KEPT = 64  # plots drawn before
ROWS = 16  # of the table beside it
CHANGES = 40  # listed at once
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser hides the Origin of our own forms, too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Page:
    """The page of one installation or run."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        reading: Reading,
        send: Callable[[Review], None],
    ) -> None:
        self._send = send
        self._settings = settings
        self._catalogue = catalogue
        self._reading = reading
        self._templates = render.environment()
        self._session: aiohttp.ClientSession | None = None
        self._plots: dict[tuple[object, ...], Markup] = {}

    def app(self) -> web.Application:
        """The application, with its routes."""
        app = web.Application(middlewares=[self._guarded], client_max_size=answer.LARGEST_FORM)
        app.cleanup_ctx.append(self._running)
        app.router.add_static("/static", render.STATIC)
        app.router.add_get("/", self._problems)
        app.router.add_get("/-/ready", self._ready)
        app.router.add_get("/{problem}", self._problem)
        app.router.add_get("/{problem}/changes", self._changes)
        app.router.add_get("/{problem}/claim/{claim:.+}", self._claim)
        app.router.add_post("/{problem}/reviews", self._review)
        app.router.add_get("/{problem}/reviews", self._reviewed)
        return app

    async def _running(self, _app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession() as self._session, self._reading.following():
            yield

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not answer.known_host(request.host, self._settings):
                raise _unfit(f"This page is not served as {request.host!r}; see BELWATCH_PAGE_URL.")
            response = await handler(request)
        except web.HTTPException as e:
            if e.status < web.HTTPBadRequest.status_code:
                raise
            response = self._html("error.html", status=e.status, title=e.reason, text=e.text)
        response.headers.update(HEADERS)
        return response

    async def _ready(self, _request: web.Request) -> web.Response:
        if self._reading.failure:
            raise web.HTTPServiceUnavailable(text=self._reading.failure)
        return web.Response(text="ready\n")

    async def _problems(self, _request: web.Request) -> web.Response:
        rows = {name: trail.last for name, trail in sorted(self._reading.trails.items())}
        return self._html("problems.html", rows=rows, health=await self._health())

    async def _problem(self, request: web.Request) -> web.Response:
        name, trail = self._trail(request)
        entry, live = self._entry(request, trail)
        span = request.query.get("span", DEFAULT_SPAN)
        if span not in SPANS:
            raise _unfit(f"{span!r} is no span; there are {', '.join(SPANS)}")
        a, health = await asyncio.gather(self._assessment(entry), self._health())
        previous = trail.at(entry.at - DAY)
        moved = moves(await self._assessment(previous), a) if previous else []
        points = [
            plot.Point(e.at, e.index, e.low, e.high)
            for e in trail.between(entry.at - SPANS[span] * DAY, entry.at, PLOTTED)
        ]
        return self._html(
            "problem.html",
            problem=name,
            a=a,
            live=live,
            health=health,
            now=self._now(health),
            span=span,
            spans=list(SPANS),
            plot=await self._plot(entry, span, points),
            described=plot.described(points),
            rows=points[:: max(len(points) // ROWS, 1)],
            moved=moved,
            groups=self._groups(a),
            changes=list(trail.changes())[-5:][::-1],
        )

    async def _claim(self, request: web.Request) -> web.Response:
        name, trail = self._trail(request)
        entry, live = self._entry(request, trail)
        wanted = request.match_info["claim"]
        a = await self._assessment(entry)
        found = next(((line, e) for line in a.ledger for e in line.claims if e.claim == wanted), None)
        if found is None:
            raise web.HTTPNotFound(text=f"The ledger of {rfc3339(a.at)} has no claim {wanted!r}.")
        line, e = found
        token = answer.token_of(request)
        response = self._html(
            "claim.html",
            problem=name,
            a=a,
            line=line,
            e=e,
            indicator=self._catalogue.indicators.get(e.indicator),
            live=live,
            health=await self._health(),
            token=token,
        )
        answer.remember(response, token)
        return response

    async def _review(self, request: web.Request) -> web.Response:
        name, trail = self._trail(request)
        form = {key: str(value) for key, value in (await request.post()).items()}
        answer.refuse_foreign(request, form)
        last = trail.last
        at = now() if not self._settings.run or last is None else last.at
        try:
            review = answer.review(name, form, at)
        except Incomplete as e:
            raise _unfit(f"The review was not sent. {e}") from None
        try:
            await asyncio.to_thread(self._send, review)
        except BrokerProblem as e:
            raise web.HTTPServiceUnavailable(text=f"The review was not sent. {e}") from e
        raise web.HTTPSeeOther(f"/{quote(name, safe='')}/reviews")

    async def _reviewed(self, request: web.Request) -> web.Response:
        name, _ = self._trail(request)
        return self._html("reviewed.html", problem=name, health=await self._health())

    async def _changes(self, request: web.Request) -> web.Response:
        name, trail = self._trail(request)
        rows = []
        for old, new in list(trail.changes())[-CHANGES:][::-1]:
            day_before = trail.at(new.at - DAY) or old
            before, after = await self._assessment(day_before), await self._assessment(new)
            rows.append((old, after, moves(before, after)))
        return self._html("changes.html", problem=name, rows=rows, health=await self._health())

    def _trail(self, request: web.Request) -> tuple[str, Trail]:
        name = request.match_info["problem"]
        if name not in self._reading.trails:
            raise web.HTTPNotFound(text=f"Nothing is known of a warning problem {name!r}.")
        return name, self._reading.trails[name]

    def _entry(self, request: web.Request, trail: Trail) -> tuple[Entry, bool]:
        """The assessment asked for, and whether that is the newest."""
        asked = request.query.get("at", "").strip()
        try:
            at = parse(asked, None, day=False)[0].timestamp() if asked else math.inf
        except ValueError:
            raise _unfit(f"{asked!r} is no time; write 2022-02-24 or 2022-02-24T05:00Z") from None
        entry = trail.at(at)
        if entry is None:
            raise web.HTTPNotFound(text=f"Nothing had been assessed by {asked}.")
        return entry, not asked

    async def _assessment(self, entry: Entry) -> Assessment:
        try:
            return await self._reading.assessment(entry)
        except LookupError as e:
            raise web.HTTPServiceUnavailable(text=f"The audit trail can't be read: {e}") from e

    async def _health(self) -> Health:
        if self._reading.failure:
            return Health(trouble=f"The audit trail is out of reach: {self._reading.failure}.")
        if self._session is None:
            return Health(trouble="starting")
        return await ask(self._session, self._settings)

    def _now(self, health: Health) -> float:
        """The time ages are counted from: a replay's is its own."""
        return (health.clock or 0.0) if self._settings.run else now()

    async def _plot(self, entry: Entry, span: str, points: list[plot.Point]) -> Markup:
        key = (entry.partition, entry.offset, span)
        if key not in self._plots:
            enter = {level: t.enter for level, t in self._catalogue.problem.levels.items()}
            drawn = await asyncio.to_thread(plot.svg, points, enter, plot.described(points))
            if len(self._plots) > KEPT:
                self._plots.clear()
            self._plots[key] = Markup(drawn)  # noqa: S704 - drawn by matplotlib, of numbers
        return self._plots[key]

    def _groups(self, a: Assessment) -> Mapping[str, list[Contribution]]:
        groups: dict[str, list[Contribution]] = {}
        for line in a.ledger:
            groups.setdefault(line.group, []).append(line)
        return groups

    def _html(self, template: str, status: int = 200, **values: object) -> web.Response:
        text = self._templates.get_template(template).render(
            settings=self._settings, catalogue=self._catalogue, **values
        )
        return web.Response(text=text, content_type="text/html", status=status)


def _unfit(text: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=text)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    page = Page(settings, load(settings.catalogue), Reading(settings), partial(send, settings))
    log.info("the status page is at http://%s:%d/", settings.page_host, settings.page_port)
    web.run_app(page.app(), host=settings.page_host, port=settings.page_port, print=None, access_log=None)
