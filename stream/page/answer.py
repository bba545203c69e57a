"""Answer: a review posted from the page, and what keeps others from posting one.

The page listens on loopback, and a browser on this machine reaches loopback for any site it has open. So: the Host
header must name this machine (DNS rebinding), the Origin must be ours, and a token must come twice, in a cookie that
only we can set and in the form that only we can read (OWASP, Cross-Site Request Forgery Prevention: double submit).
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from aiohttp import web

from schemas.moment import parse
from schemas.review import Action, Review
from stream.settings import Settings
from stream.sources.reviews import Incomplete, make

COOKIE = "belwatch_csrf"
FIELD = "token"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LARGEST_FORM = 16_384
ACTIONS: dict[str, Action] = {a: a for a in ("retract", "confirm", "regrade", "hold", "end-exercise")}


def known_host(host: str, settings: Settings) -> bool:
    """Whether a Host header names this page.

    >>> known_host("127.0.0.1:9810", Settings()), known_host("evil.example:9810", Settings())
    (True, False)
    """
    ours = {urlsplit(settings.page_url).hostname, settings.page_host} - {None, "", "0.0.0.0"}  # noqa: S104 - left out
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK | ours
    except ValueError:
        return False


def require_known(host: str, settings: Settings) -> None:
    """Refuse a request by another name.

    Raises
    ------
    web.HTTPBadRequest
        naming the setting that makes the name known.
    """
    if not known_host(host, settings):
        raise web.HTTPBadRequest(text=f"This page is not served as {host!r}; see BELWATCH_PAGE_URL.")


def token_of(request: web.Request) -> str:
    """The browser's token, or a new one where it has none."""
    return request.cookies.get(COOKIE) or secrets.token_urlsafe(32)


def remember(response: web.StreamResponse, token: str) -> None:
    """Give the browser its token; only this page gets it back, and no script can read it."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", path="/")


def refuse_foreign(request: web.Request, form: Mapping[str, str]) -> None:
    """Let only a form of this very page through.

    Raises
    ------
    web.HTTPForbidden
        where the post comes from elsewhere, or token and cookie differ.
    """
    origin = request.headers.get("Origin")
    fetched = request.headers.get("Sec-Fetch-Site", "same-origin" if origin else "none")
    if fetched != "same-origin" or (origin is not None and urlsplit(origin).netloc != request.host):
        raise web.HTTPForbidden(text="This form was sent from another site; nothing was done.")
    cookie = request.cookies.get(COOKIE, "")
    if not cookie or not hmac.compare_digest(cookie.encode(), form.get(FIELD, "").encode()):
        raise web.HTTPForbidden(text="This form is out of date; open the page again and send it from there.")


def review(problem: str, form: Mapping[str, str], at: float) -> Review:
    """Read the form; `at`: when it is given, epoch seconds.

    Raises
    ------
    Incomplete
        saying what is missing.
    """
    action = ACTIONS.get(form.get("action", ""))
    if action is None:
        raise Incomplete(f"action: choose one of {', '.join(ACTIONS)}")
    try:
        expires = form.get("expires", "").strip()
        ends_on = form.get("ends_on", "").strip()
        return make(
            problem,
            action,
            form.get("target", ""),
            form.get("reviewer", ""),
            form.get("reason", ""),
            at=at,
            expires_at=parse(expires, None, day=False)[0].timestamp() if expires else None,
            reliability=form.get("reliability") if action == "regrade" else None,
            credibility=int(form["credibility"]) if action == "regrade" and form.get("credibility") else None,
            ends_on=date.fromisoformat(ends_on) if ends_on and action == "end-exercise" else None,
        )
    except Incomplete:
        raise
    except ValueError as e:
        raise Incomplete(f"a field can't be read: {e}") from None
