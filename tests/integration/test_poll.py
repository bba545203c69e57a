"""Polling into a real broker, from a real server: a second poller goes on where the first one stopped."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from workers import ends

from stream.settings import Settings
from stream.sources import cursor
from stream.sources.feeds import Feed
from stream.sources.fetch import Fetcher
from stream.sources.poll import Poller
from stream.sources.producer import Sender
from stream.topics import create

pytestmark = pytest.mark.integration
ITEM = "<item><guid>{0}</guid><title>Item {0}</title><pubDate>Thu, 24 Feb 2022 05:00:00 GMT</pubDate></item>"


class Feeds(HTTPServer):
    items = 2

    def page(self) -> bytes:
        return f"<rss version='2.0'><channel>{''.join(map(ITEM.format, range(self.items)))}</channel></rss>".encode()


class Handler(BaseHTTPRequestHandler):
    server: Feeds

    def do_GET(self) -> None:
        page = self.server.page()
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's
        pass


@pytest.fixture
def feeds() -> Iterator[Feeds]:
    with Feeds(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def polled(settings: Settings, feed: Feed, at: float) -> list[int]:
    """One round by a poller of its own; how many messages each feed gave."""
    sender, fetcher = Sender(settings), Fetcher(allowed=["127.0.0.1"])
    found: list[int] = []
    try:
        known = cursor.load(settings)
        poller = Poller(settings, [feed], known, fetch=fetcher, sender=sender, now=lambda: at)
        poller.round(lambda _, what: found.append(len(what.lines)))  # type: ignore[union-attr] # a problem fails here
    finally:
        sender.close()
        fetcher.close()
    return found


def test_a_second_poller_goes_on_where_the_first_one_stopped(
    broker: str, tmp_path: Path, feeds: Feeds
) -> None:
    settings = Settings(brokers=broker, data=tmp_path)
    create(settings)
    before = ends(settings, "articles")
    feed = Feed(url=f"http://127.0.0.1:{feeds.server_address[1]}/{tmp_path.name}", publisher="news.example")
    assert polled(settings, feed, 1_645_700_000) == [2]
    assert polled(settings, feed, 1_645_700_100) == []  # not due yet, and the second one knows that
    feeds.items = 3
    assert polled(settings, feed, 1_645_700_601) == [1]
    after = ends(settings, "articles")
    assert sum(after.values()) - sum(before.values()) == 3
