"""What a poller sends, remembers and waits for, with documents as publishers serve them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published import gdelt, zipped

from stream.settings import Settings
from stream.sources.cursor import REMEMBERED, Cursor
from stream.sources.feeds import Feed, load
from stream.sources.fetch import Document, FetchProblem
from stream.sources.files import FileProblem
from stream.sources.poll import Poller, Turn, look

FEED = Feed(url="https://news.example/rss", publisher="news.example", every_minutes=10)
GDELT = Feed(url="http://gdelt.example/lastupdate.txt", form="gdelt", every_minutes=15)


def rss(**titles: str) -> bytes:
    items = "".join(
        f"<item><guid>{name}</guid><title>{title}</title><pubDate>Thu, 24 Feb 2022 05:00:00 GMT</pubDate></item>"
        for name, title in titles.items()
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


class Web:
    """Documents by URL; what isn't there is a 404, what is an exception is raised."""

    def __init__(self, pages: Mapping[str, bytes | FetchProblem]) -> None:
        self.pages = dict(pages)
        self.asked: list[tuple[str, str]] = []

    def get(self, url: str, etag: str = "", modified: str = "") -> Document:  # noqa: ARG002 - a Fetch has it
        self.asked.append((url, etag))
        page = self.pages.get(url, FetchProblem(f"{url}: HTTP 404"))
        if isinstance(page, FetchProblem):
            raise page
        tag = str(hash(page))
        return Document(b"" if etag == tag else page, etag != tag, tag, "")


def said(turn: Turn) -> dict[str, int]:
    """Titles sent, with their revision."""
    rows = [json.loads(line.value) for line in turn.lines]
    return {row["title"]: row.get("revision", 0) for row in rows}


def test_only_what_is_new_or_changed_is_sent() -> None:
    web = Web({FEED.url: rss(a="One", b="Two")})
    first = look(FEED, Cursor(), web)
    assert said(first) == {"One": 0, "Two": 0}
    assert said(look(FEED, first.cursor, web)) == {}
    assert web.asked[1][1] == first.cursor.etag
    web.pages[FEED.url] = rss(a="One, corrected", b="Two", c="Three")
    second = look(FEED, first.cursor, web)
    assert said(second) == {"One, corrected": 1, "Three": 0}
    web.pages[FEED.url] = rss(a="One, corrected again")
    assert said(look(FEED, second.cursor, web)) == {"One, corrected again": 2}


def test_a_cursor_survives_being_written_and_read() -> None:
    cursor = look(FEED, Cursor(), Web({FEED.url: rss(a="One")})).cursor
    assert Cursor.model_validate_json(cursor.model_dump_json()) == cursor


@given(st.lists(st.integers(0, 5_000), max_size=50))
def test_what_is_remembered_is_bounded_and_the_newest_stay(groups: list[int]) -> None:
    cursor = Cursor()
    for start in groups:
        entries = {str(n): ("x", 0) for n in range(start, start + 300)}
        cursor = cursor.with_sent(entries)
        assert entries.keys() <= cursor.sent.keys()
        assert len(cursor.sent) <= REMEMBERED


@pytest.mark.parametrize("page", [b"<html>down for maintenance</html>", b""])
def test_a_page_that_is_no_feed_is_a_problem(page: bytes) -> None:
    with pytest.raises(FetchProblem, match="no RSS or Atom feed"):
        look(FEED, Cursor(), Web({FEED.url: page}))


def published(*stamps: str) -> Web:
    files: dict[str, bytes | FetchProblem] = {
        f"http://gdelt.example/v2/{s}.export.CSV.zip": zipped(gdelt(id=str(int(s[8:12])))) for s in stamps
    }
    pointer = f"120 abc http://gdelt.example/v2/{stamps[-1]}.export.CSV.zip\n90 def http://gdelt.example/v2/x.mentions.CSV.zip\n"
    return Web(files | {GDELT.url: pointer.encode()})


def test_gdelts_files_are_read_in_turn_and_each_once() -> None:
    web = published("20220224050000", "20220224051500", "20220224053000")
    turn = look(GDELT, Cursor(last="20220224044500"), web)
    assert [json.loads(line.value)["id"] for line in turn.lines] == ["gdelt:500", "gdelt:515", "gdelt:530"]
    assert look(GDELT, turn.cursor, web).lines == []


def test_a_file_gdelt_left_out_is_passed_over_and_one_that_fails_is_tried_again() -> None:
    web = published("20220224050000", "20220224053000")
    assert len(look(GDELT, Cursor(last="20220224044500"), web).lines) == 2
    web.pages["http://gdelt.example/v2/20220224051500.export.CSV.zip"] = FetchProblem("x: HTTP 500")
    with pytest.raises(FetchProblem, match="500"):
        look(GDELT, Cursor(last="20220224044500"), web)


def test_a_damaged_zip_is_a_problem() -> None:
    web = published("20220224050000")
    web.pages["http://gdelt.example/v2/20220224050000.export.CSV.zip"] = b"PK"
    with pytest.raises(FetchProblem, match="damaged zip"):
        look(GDELT, Cursor(), web)


class Log:
    """A sender that keeps what was confirmed; fails while `broken`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.confirmed = 0
        self.broken = False

    def send(self, topic: str, key: str, value: bytes, received_at: float) -> None:  # noqa: ARG002 - a Send has it
        self.sent.append((topic, value))

    def flush(self) -> None:
        if self.broken:
            raise OSError("no broker")
        self.confirmed = len(self.sent)


def test_a_feed_is_asked_when_due_and_less_often_when_it_fails() -> None:
    at = [0.0]
    web, log = Web({FEED.url: rss(a="One")}), Log()
    poller = Poller(Settings(), [FEED], {}, fetch=web, sender=log, now=lambda: at[0])
    assert poller.round() == 600
    at[0] = 599
    assert poller.round() == 600
    assert len(web.asked) == 1
    web.pages[FEED.url] = FetchProblem("HTTP 503", retry_after=5_000)
    at[0] = 600
    assert poller.round() == 5_600
    web.pages[FEED.url] = FetchProblem("HTTP 500")
    at[0] = 5_600
    assert poller.round() == 5_600 + 2_400
    web.pages[FEED.url] = rss(a="One", b="Two")
    at[0] = 8_000
    assert poller.round() == 8_600


def test_the_cursor_follows_only_what_was_confirmed() -> None:
    log = Log()
    log.broken = True
    poller = Poller(Settings(), [FEED], {}, fetch=Web({FEED.url: rss(a="One")}), sender=log, now=lambda: 0.0)
    with pytest.raises(OSError, match="no broker"):
        poller.round()
    assert [topic for topic, _ in log.sent] == ["belwatch-articles"]
    log.broken = False
    poller.round()
    assert [topic for topic, _ in log.sent] == ["belwatch-articles", "belwatch-articles", "belwatch-cursors"]


def test_one_feed_that_fails_keeps_no_other_waiting() -> None:
    other = FEED.model_copy(update={"url": "https://other.example/rss", "publisher": "other.example"})
    log, heard = Log(), []
    poller = Poller(
        Settings(), [FEED, other], {}, fetch=Web({other.url: rss(a="One")}), sender=log, now=lambda: 0.0
    )
    poller.round(lambda feed, what: heard.append((feed.url, type(what).__name__)))
    assert heard == [(FEED.url, "FetchProblem"), (other.url, "Turn")]


def test_the_feeds_that_ship_are_well_formed() -> None:
    feeds = load(None)
    assert len({feed.url for feed in feeds}) == len(feeds) > 0
    assert all(feed.publisher or feed.form == "gdelt" for feed in feeds)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[[feed]]\nurl = "ftp://x"', "feed 0.url"),
        ("[[feed", "can't be read"),
        ("[[feed]]\nurl = 1", "feed 0.url"),
    ],
)
def test_a_mistake_in_the_file_is_placed(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(text)
    with pytest.raises(FileProblem, match=why):
        load(file)
