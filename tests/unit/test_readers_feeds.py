"""RSS, Atom and RDF as publishers write them: an entry becomes an article, or is named with the reason why not."""

from pathlib import Path

import pytest
from published import body, reason, rows

from stream.sources.files import FileProblem
from stream.sources.readers import read


def rss(
    entry: str, channel: str = "<link>https://www.news.example/</link><language>uk-UA</language>"
) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}<item>{entry}</item></channel></rss>'.encode()


DATED = "<pubDate>Thu, 24 Feb 2022 05:00:00 +0200</pubDate>"


def test_an_entry_becomes_an_article_without_markup() -> None:
    entry = (
        "<title>Колони &amp;amp; танки</title><link>https://news.example/1</link>"
        f"<guid isPermaLink='false'>g1</guid>{DATED}"
        "<description><![CDATA[<p>З <b>Біло</b>русі</p><p>йдуть</p><script>x()</script>]]></description>"
    )
    assert body(rows("feed", rss(entry))[0]) == {
        "id": "news.example:g1", "published_at": "2022-02-24T03:00:00Z", "publisher": "news.example", "lang": "uk",
        "title": "Колони & танки", "text": "З Білорусі йдуть", "url": "https://news.example/1",
    }  # fmt: skip


def test_a_summary_that_is_the_body_again_is_said_once() -> None:
    entry = (
        f"<title>T</title>{DATED}<description>Begin</description>"
        "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>Begin and end</content:encoded>"
    )
    assert body(rows("feed", rss(entry))[0])["text"] == "Begin and end"


def test_atom_and_rdf_and_latin_1() -> None:
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.example/"/><entry><id>tag:a,1</id>'
        b"<title>Atom</title><updated>2022-02-24T05:00:00Z</updated></entry></feed>"
    )
    assert body(rows("feed", atom)[0])["published_at"] == "2022-02-24T05:00:00Z"
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + rss(f"<title>Manhã</title>{DATED}").decode()[21:]
    assert body(rows("feed", latin.encode("latin-1"))[0])["title"] == "Manhã"


def test_day_names_of_other_languages_are_read() -> None:
    entry = "<title>T</title><pubDate>Seg, 24 Set 2018 19:42:00 -0300</pubDate>"
    assert body(rows("feed", rss(entry))[0])["published_at"] == "2018-09-24T22:42:00Z"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("<title>T</title>", "no date"),
        ("<title>T</title><pubDate>soon</pubDate>", "can't be read"),
        (DATED, "neither title nor text"),
    ],
)
def test_a_bad_entry_is_named(entry: str, why: str) -> None:
    assert why in reason(rows("feed", rss(entry))[0])


def test_without_any_link_the_publisher_must_be_named() -> None:
    feed = rss(f"<title>T</title>{DATED}", channel="")
    assert "--publisher" in reason(rows("feed", feed)[0])
    assert body(rows("feed", feed, "unian.ua")[0])["publisher"] == "unian.ua"


def test_a_page_of_html_is_no_feed(tmp_path: Path) -> None:
    page = tmp_path / "moved.rss"
    page.write_text("<head><title>Document Moved</title></head><body><h1>Object Moved</h1></body>")
    with pytest.raises(FileProblem, match="no RSS or Atom feed"):
        list(read(str(page), "feed"))
