"""Fetching from a real server on loopback that misbehaves in the ways servers do."""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stream.sources.fetch import Fetcher, FetchProblem

LOOPBACK = "127.0.0.1"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        super().__init__((LOOPBACK, 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://feeds.example:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        port = self.server.server_address[1]
        if self.path == "/feed" and self.headers.get("If-None-Match") == '"v1"':
            self.answer(304, b"", ETag='"v1"')
            return
        status, body, headers = {
            "/feed": (200, b"<rss/>", {"ETag": '"v1"', "Last-Modified": "Thu, 24 Feb 2022 05:00:00 GMT"}),
            "/moved": (301, b"", {"Location": "/feed"}),
            "/inside": (302, b"", {"Location": f"http://intranet.example:{port}/feed"}),
            "/metadata": (302, b"", {"Location": "http://169.254.169.254/latest/meta-data/"}),
            "/file": (302, b"", {"Location": "file:///etc/passwd"}),
            "/round": (302, b"", {"Location": "/round"}),
            "/busy": (503, b"", {"Retry-After": "120"}),
            "/large": (200, b"x" * 2_000, {}),
            "/bomb": (200, gzip.compress(b"x" * 1_000_000), {"Content-Encoding": "gzip"}),
        }.get(self.path, (404, b"", {}))
        self.answer(status, body, **headers)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


def names(host: str, _port: int) -> list[str]:
    """What a resolver says: one name is the server's, one leads into a network of ours."""
    return {"feeds.example": [LOOPBACK], "intranet.example": ["10.0.0.7"]}.get(host, [host])


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(allowed=[LOOPBACK], resolve=names, largest=1_000)
    yield fetcher
    fetcher.close()


def test_a_document_comes_with_what_to_ask_with_next_time(server: Server, fetcher: Fetcher) -> None:
    first = fetcher.get(server.url("/feed"))
    assert (first.body, first.changed, first.etag) == (b"<rss/>", True, '"v1"')
    again = fetcher.get(server.url("/feed"), first.etag, first.modified)
    assert (again.body, again.changed) == (b"", False)
    assert server.asked[1]["If-Modified-Since"] == "Thu, 24 Feb 2022 05:00:00 GMT"
    assert server.asked[0]["Host"].startswith("feeds.example:")
    assert "belwatch" in server.asked[0]["User-Agent"]


def test_a_redirect_is_followed(server: Server, fetcher: Fetcher) -> None:
    assert fetcher.get(server.url("/moved")).body == b"<rss/>"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/inside", "intranet.example is 10.0.0.7, which is not a public address"),
        ("/metadata", "not a public address"),
        ("/file", "only http and https"),
        ("/round", "redirects"),
        ("/large", "more than 1000 bytes"),
        ("/bomb", "more than 1000 bytes"),
        ("/gone", "HTTP 404"),
    ],
)
def test_where_we_dont_go_is_said(server: Server, fetcher: Fetcher, path: str, why: str) -> None:
    with pytest.raises(FetchProblem, match=why):
        fetcher.get(server.url(path))


@pytest.mark.parametrize(
    "address", ["127.0.0.2", "10.1.2.3", "192.168.1.1", "169.254.1.1", "::1", "fd00::1", "::ffff:10.0.0.1", "224.0.0.1"]
)  # fmt: skip
def test_no_address_of_ours_is_asked(address: str) -> None:
    fetcher = Fetcher(resolve=lambda *_: [address])
    with pytest.raises(FetchProblem, match="not a public address"):
        fetcher.get("http://feeds.example/")
    fetcher.close()


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    fetcher = Fetcher(resolve=lambda *_: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(FetchProblem, match=r"10\.0\.0\.1"):
        fetcher.get("http://feeds.example/")
    fetcher.close()


def test_what_the_server_asks_for_is_heard(server: Server, fetcher: Fetcher) -> None:
    with pytest.raises(FetchProblem) as caught:
        fetcher.get(server.url("/busy"))
    assert caught.value.retry_after == 120


def test_a_document_that_trickles_is_given_up(server: Server) -> None:
    times: Callable[[], float] = iter([0.0, 31.0]).__next__
    fetcher = Fetcher(allowed=[LOOPBACK], resolve=names, clock=times)
    with pytest.raises(FetchProblem, match="not whole after 30 s"):
        fetcher.get(server.url("/feed"))
    fetcher.close()


def test_nobody_there_is_a_problem_not_a_crash(fetcher: Fetcher) -> None:
    with pytest.raises(FetchProblem, match="ConnectError"):
        fetcher.get("http://feeds.example:1/")
