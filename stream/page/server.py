"""Server: the routes of the status page, on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from urllib.parse import quote

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from schemas.catalogue import Catalogue
from schemas.review import Review
from stream.catalogue.load import load
from stream.clock import now
from stream.connection import BrokerProblem
from stream.page import answer, render
from stream.page.reading import Reading
from stream.page.views import DEFAULT_SPAN, Unfit, Unknown, Values, Views
from stream.settings import Settings
from stream.sources.reviews import Incomplete, send

log = logging.getLogger(__name__)

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
    """The page of one installation or run; `send` puts a review on its topic."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        reading: Reading,
        send: Callable[[Review], None],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._reading = reading
        self._send = send
        self._views = Views(settings, catalogue, reading)
        self._templates = render.environment()
        self._session: aiohttp.ClientSession

    def app(self) -> web.Application:
        """The application, with its routes."""
        app = web.Application(middlewares=[self._guarded], client_max_size=answer.LARGEST_FORM)
        app.cleanup_ctx.append(self._running)
        app.router.add_static("/static", render.STATIC)
        app.router.add_get("/", self._problems)
        app.router.add_get("/-/ready", self._ready)
        app.router.add_get(r"/{path:(?:runbooks/)?\w+\.md}", self._document)
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
        """Answer only under our own name, and say in HTML what can't be answered."""
        try:
            answer.require_known(request.host, self._settings)
            response = await handler(request)
        except (Unfit, Incomplete) as e:
            response = self._refused(web.HTTPBadRequest(text=str(e)))
        except Unknown as e:
            response = self._refused(web.HTTPNotFound(text=str(e)))
        except (LookupError, BrokerProblem) as e:
            response = self._refused(web.HTTPServiceUnavailable(text=str(e)))
        except web.HTTPException as e:
            if e.status < web.HTTPBadRequest.status_code:
                raise
            response = self._refused(e)
        response.headers.update(HEADERS)
        return response

    async def _ready(self, _request: web.Request) -> web.Response:
        if self._reading.failure:
            raise web.HTTPServiceUnavailable(text=self._reading.failure)
        return web.Response(text="ready\n")

    async def _problems(self, _request: web.Request) -> web.Response:
        return await self._html("problems.html", await self._views.problems())

    async def _document(self, request: web.Request) -> web.Response:
        return await self._html("document.html", self._views.document(request.match_info["path"]))

    async def _problem(self, request: web.Request) -> web.Response:
        name, span = request.match_info["problem"], request.query.get("span", DEFAULT_SPAN)
        health = await self._views.health(self._session)
        shown = await self._views.problem(name, _asked(request), span, health)
        return await self._html("problem.html", {"problem": name, "health": health} | shown)

    async def _claim(self, request: web.Request) -> web.Response:
        name, claim = request.match_info["problem"], request.match_info["claim"]
        token = answer.token_of(request)
        shown = await self._views.claim(name, claim, _asked(request))
        response = await self._html("claim.html", {"problem": name, "token": token} | shown)
        answer.remember(response, token)
        return response

    async def _changes(self, request: web.Request) -> web.Response:
        name = request.match_info["problem"]
        return await self._html("changes.html", {"problem": name} | await self._views.changes(name))

    async def _review(self, request: web.Request) -> web.Response:
        name = request.match_info["problem"]
        last = self._views.trail(name).last
        form = {key: str(value) for key, value in (await request.post()).items()}
        answer.refuse_foreign(request, form)
        at = last.at if self._settings.run and last else now()  # a replay has a clock of its own
        review = answer.review(name, form, at)
        await asyncio.to_thread(self._send, review)
        raise web.HTTPSeeOther(f"/{quote(name, safe='')}/reviews")

    async def _reviewed(self, request: web.Request) -> web.Response:
        name = request.match_info["problem"]
        self._views.trail(name)
        return await self._html("reviewed.html", {"problem": name})

    async def _html(self, template: str, values: Values) -> web.Response:
        health = values.get("health") or await self._views.health(self._session)
        return self._rendered(template, values | {"health": health})

    def _refused(self, error: web.HTTPException) -> web.Response:
        return self._rendered("error.html", {"title": error.reason, "text": error.text}, error.status)

    def _rendered(self, template: str, values: Values, status: int = 200) -> web.Response:
        text = self._templates.get_template(template).render(
            settings=self._settings, catalogue=self._catalogue, **values
        )
        return web.Response(text=text, content_type="text/html", status=status)


def _asked(request: web.Request) -> str:
    return request.query.get("at", "").strip()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    page = Page(settings, load(settings.catalogue), Reading(settings), partial(send, settings))
    log.info("the status page is at http://%s:%d/", settings.page_host, settings.page_port)
    web.run_app(page.app(), host=settings.page_host, port=settings.page_port, print=None, access_log=None)
