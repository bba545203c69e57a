"""Fetch: one document over HTTP, within limits of time and size, from public addresses only.

A feed's address is data, and so is where it redirects to: neither may lead into the network we stand in. Every hop's
name is resolved here, all its addresses are judged, and the connection goes to one of those judged, so that no
second look-up can give another answer (server-side request forgery by DNS rebinding).
"""

import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import httpx

from stream import __version__
from stream.clock import now

HOPS = 4
LARGEST = 32 << 20  # bytes as they come, and again unpacked; GDELT's files are 1 MiB, the largest feeds a few
SECONDS = 30.0  # for a whole document, however slowly it trickles
AGENT = f"belwatch/{__version__} (early-warning research; one request at a time)"
NOT_MODIFIED = 304


class FetchProblem(Exception):  # noqa: N818 - what went wrong with a document, for the log and the back-off
    """A document that can't be had; `retry_after` is what its server asks for, in seconds."""

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Document(NamedTuple):
    """What came: the body (empty where nothing changed since), and what to ask with next time."""

    body: bytes
    changed: bool
    etag: str
    modified: str


Resolve = Callable[[str, int], Collection[str]]


def resolve(host: str, port: int) -> Collection[str]:
    """Addresses of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Fetches documents. `allowed`: addresses that may be reached although they aren't public."""

    def __init__(
        self,
        *,
        allowed: Collection[str] = (),
        resolve: Resolve = resolve,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
        largest: int = LARGEST,
    ) -> None:
        self._allowed = frozenset(allowed)
        self._resolve = resolve
        self._clock = clock
        self._seconds = seconds
        self._largest = largest
        # No proxy: it would resolve names itself, and what is judged here would be for nothing.
        self._client = httpx.Client(timeout=seconds / 3, trust_env=False, headers={"User-Agent": AGENT})

    def get(self, url: str, etag: str = "", modified: str = "") -> Document:
        """Fetch a document, if it changed since it had that tag or date.

        Raises
        ------
        FetchProblem
            where it can't be had, is too large or too slow, or leads where we don't go.
        """
        asked = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in asked.items() if value}
        deadline = self._clock() + self._seconds
        here = httpx.URL(url)
        for _ in range(HOPS):
            try:
                with self._open(here, headers) as answer:
                    if answer.has_redirect_location:
                        here = here.join(answer.headers["Location"])
                        continue
                    return self._taken(answer, deadline)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as e:
                raise FetchProblem(f"{here}: {type(e).__name__} {e}".rstrip()) from e
        raise FetchProblem(f"{url}: more than {HOPS} redirects")

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _open(self, url: httpx.URL, headers: Mapping[str, str]) -> AbstractContextManager[httpx.Response]:
        if url.scheme not in {"http", "https"} or not url.host:
            raise FetchProblem(f"{url}: only http and https are fetched")
        address = self._judged(url)
        return self._client.stream(
            "GET",
            url.copy_with(host=address),
            headers={**headers, "Host": url.netloc.decode()},
            extensions={"sni_hostname": url.host},
        )

    def _judged(self, url: httpx.URL) -> str:
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        found = list(self._resolve(url.host, port))
        for address in found:
            if address not in self._allowed and not _public(address):
                raise FetchProblem(f"{url}: {url.host} is {address}, which is not a public address")
        if not found:
            raise FetchProblem(f"{url}: {url.host} has no address")
        return found[0]

    def _taken(self, answer: httpx.Response, deadline: float) -> Document:
        etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
        if answer.status_code == NOT_MODIFIED:
            return Document(b"", changed=False, etag=etag, modified=modified)
        if not answer.is_success:
            raise FetchProblem(
                f"{answer.request.headers['Host']}: HTTP {answer.status_code}",
                _retry_after(answer.headers.get("Retry-After", "")),
            )
        body = bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > self._largest:
                raise FetchProblem(f"more than {self._largest} bytes")
            if self._clock() > deadline:
                raise FetchProblem(f"not whole after {self._seconds:g} s")
        return Document(bytes(body), changed=True, etag=etag, modified=modified)


def _public(address: str) -> bool:
    found = ipaddress.ip_address(
        address.split("%", maxsplit=1)[0]
    )  # without the zone of a link-local address
    return found.is_global and not found.is_multicast


def _retry_after(written: str) -> float:
    """Seconds, as a number or until a date; what is neither asks for nothing.

    >>> _retry_after("120"), _retry_after("soon"), _retry_after("Thu, 24 Feb 2022 05:00:00 GMT")
    (120.0, 0.0, 0.0)
    """
    if written.isdigit():
        return float(written)
    try:
        return max(0.0, parsedate_to_datetime(written).timestamp() - now())
    except (ValueError, TypeError):
        return 0.0
