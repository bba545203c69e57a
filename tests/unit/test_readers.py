"""Each dataset with its quirks, as rows of our own making: what can be taken is, the rest is named with its row."""

import bz2
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from stream.catalogue.load import load
from stream.cli import cli
from stream.core.decode import decode_article, decode_event
from stream.core.observe import Observer
from stream.sources.files import FileProblem
from stream.sources.jsonl import Line
from stream.sources.readers import FORMATS, Bad, read
from stream.sources.readers.row import Row


def rows(form: str, content: bytes, publisher: str = "") -> list[Row]:
    return list(FORMATS[form].read(io.BytesIO(content), publisher))


def body(row: Row) -> dict[str, Any]:
    """A row's message, which the stream can decode."""
    assert isinstance(row, Line), row
    assert row.received_at is not None
    (decode_event if row.kind == "event" else decode_article)(row.value, row.received_at)
    return dict(json.loads(row.value))


def reason(row: Row) -> str:
    assert isinstance(row, Bad)
    return row.reason


def gdelt(**cells: str) -> bytes:
    at = {"id": 0, "day": 1, "actor1": 5, "actor2": 15, "code": 26, "goldstein": 30, "country": 53, "lat": 56,
          "lon": 57, "added": 59, "url": 60}  # fmt: skip
    row = [""] * 61
    given = {"id": "7", "day": "20220224", "code": "154", "added": "20220224050000"} | cells
    for name, cell in given.items():
        row[at[name]] = cell
    return "\t".join(row).encode() + b"\n"


def test_gdelt_row_becomes_an_event_known_since_gdelt_published_it() -> None:
    [row] = rows("gdelt", gdelt(actor1="BLRMIL", actor2="UKR", country="BO", lat="52.1", lon="23.7",
                                url="https://www.example.org/a"))  # fmt: skip
    assert body(row) == {
        "id": "gdelt:7", "occurred_at": "2022-02-24", "precision": "day", "dataset": "gdelt",
        "publisher": "example.org", "actor1": "BLRMIL", "actor2": "UKR", "code": "154", "country": "BO",
        "lat": 52.1, "lon": 23.7, "url": "https://www.example.org/a", "received_at": "2022-02-24T05:00:00Z",
    }  # fmt: skip
    assert isinstance(row, Line)
    assert row.stamped


def test_gdelt_scores_never_leave_the_reader() -> None:
    assert b"7.4" not in gdelt_value(goldstein="7.4")


def gdelt_value(**cells: str) -> bytes:
    [row] = rows("gdelt", gdelt(**cells))
    assert isinstance(row, Line)
    return row.value


def test_gdelt_leaves_out_what_is_empty_or_off_the_globe() -> None:
    found = body(rows("gdelt", gdelt(lat="", lon="23"))[0]) | body(
        rows("gdelt", gdelt(lat="95", lon="23"))[0]
    )
    assert not {"lat", "lon", "actor1", "publisher"} & found.keys()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"1\t2\t3\n", "3 columns; GDELT 2.0 has 61"),
        (gdelt(day="20220230"), "'20220230' is no time"),
        (gdelt(added=""), "'' is no time"),
        (gdelt(id="x"), "invalid literal"),
    ],
)
def test_a_bad_gdelt_row_is_named_and_the_next_goes_on(row: bytes, why: str) -> None:
    good, bad, after = rows("gdelt", gdelt() + row + gdelt(id="8"))
    assert (bad.number, why in reason(bad)) == (2, True)
    assert body(good)["id"], body(after)["id"] == ("gdelt:7", "gdelt:8")


def test_a_byte_that_is_no_character_costs_only_itself() -> None:
    assert body(rows("gdelt", gdelt().replace(b"154", b"15\xff"))[0])["code"] == "15\ufffd"


ACLED = (
    b'\xef\xbb\xbf"event_id_cnty","event_date","time_precision","event_type","sub_event_type","actor1","actor2",'
    b'"country","latitude","longitude","source","notes","fatalities","timestamp"\n'
)


def acled(
    day: str = "2022-03-11", precision: str = "1", fatalities: str = "2", stamp: str = "1647302400"
) -> bytes:
    return (
        f'"BLR7","{day}","{precision}","Explosions/Remote violence","Air/drone strike","Military Forces of Russia",'
        f'"","Ukraine","51.3","25.1","Ukrainska Pravda; Reuters","Two lines,\n""quoted""","{fatalities}","{stamp}"\n'
    ).encode()


def test_acled_names_type_and_subtype_and_was_known_when_published() -> None:
    found = body(rows("acled", ACLED + acled())[0])
    assert found["code"] == "Explosions/Remote violence: Air/drone strike"
    assert found["received_at"] == "2022-03-15T00:00:00Z"
    assert (found["publisher"], found["fatalities"]) == ("Ukrainska Pravda", 2)
    assert found["summary"] == 'Two lines,\n"quoted"'


@pytest.mark.parametrize("day", ["2022-03-11", "11 March 2022", "11-March-2022", "11-Mar-2022", "11/03/2022"])
def test_acled_dates_of_all_editions(day: str) -> None:
    assert body(rows("acled", ACLED + acled(day))[0])["occurred_at"] == "2022-03-11"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (acled("yesterday"), "in none of the ways"),
        (acled(precision="3"), "month only"),
        (acled(fatalities="many"), "invalid literal"),
        (b"\n\nBLR8,2022-03-11\n", "no column 'event_type'"),
    ],
)
def test_a_bad_acled_row_is_named(bad: bytes, why: str) -> None:
    assert why in reason(rows("acled", ACLED + bad)[0])


UCDP = b"id,type_of_violence,side_a,side_b,country,date_prec,date_start,date_end,best,source_office,source_headline\n"


@pytest.mark.parametrize(
    "day", ["2022-03-11", "2022-03-11 00:00:00.000", "3/11/2022 12:00:00 AM", "03/11/2022 00:00"]
)
def test_ucdp_dates_of_all_editions(day: str) -> None:
    row = f"5,1,Government of Russia,Government of Ukraine,Ukraine,1,{day},{day},12,Reuters;AFP,Strike\n".encode()
    found = body(rows("ucdp", UCDP + row)[0])
    assert (found["occurred_at"], found["fatalities"], found["publisher"]) == ("2022-03-11", 12, "Reuters")
    assert "received_at" not in found  # UCDP doesn't say when a row could be known


@pytest.mark.parametrize(
    ("precision", "why"), [("4", "month only"), ("5", "year only"), ("", "invalid literal")]
)
def test_ucdp_without_a_day_is_refused(precision: str, why: str) -> None:
    row = f"5,1,A,B,Ukraine,{precision},1/1/2022,12/29/2022,1,,\n".encode()
    assert why in reason(rows("ucdp", UCDP + row)[0])


def test_icews_actors_get_cameo_codes() -> None:
    table = (
        b"Event ID\tEvent Date\tSource Name\tSource Sectors\tSource Country\tEvent Text\tCAMEO Code\tIntensity\t"
        b"Target Name\tTarget Sectors\tTarget Country\tPublisher\tCountry\tLatitude\tLongitude\n"
        b"9\t2022-02-20\tMilitary (Belarus)\tMilitary,Government\tBelarus\tEngage in military cooperation\t62\t7.4\t"
        b"Russia\t\tRussian Federation\tInterfax\tBelarus\t53.9\t27.5\n"
    )
    found = body(rows("icews", table)[0])
    assert (found["actor1"], found["actor2"], found["code"], found["country"]) == (
        "BLRMIL",
        "RUS",
        "062",
        "BY",
    )


@pytest.mark.parametrize(
    ("kind", "mode", "code"),
    [("ASSAULT", "aerial", "195"), ("MOBILIZE", "troops", "154"), ("THREATEN", "unknown-mode", "130")],
)
def test_polecat_is_mapped_to_cameo(kind: str, mode: str, code: str) -> None:
    found = body(rows("icews", POLECAT + polecat(kind, mode))[0])
    assert (found["code"], found["actor1"], found["received_at"]) == (code, "RUSMIL", "2022-02-25T23:59:59Z")


def test_polecat_of_an_unknown_type_is_named() -> None:
    assert "'WISH' is none of PLOVER's" in reason(rows("icews", POLECAT + polecat("WISH", ""))[0])


POLECAT = (
    b"Event ID\tEvent Date\tEvent Type\tEvent Mode\tActor Country\tPrimary Actor Sector\tActor Sectors\t"
    b"Recipient Country\tCountry\tPublication Date\tHeadline\n"
)


def polecat(kind: str, mode: str) -> bytes:
    return f"P1\t2022-02-24\t{kind}\t{mode}\tRussia\tMilitary\tMilitary\tUkraine\tBelarus\t2022-02-25\tHead\n".encode()


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


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("20220224050000.export.CSV", content)
    return held.getvalue()


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.compress),
        (".zip", zipped),
    ],
)
def test_compressed_files_are_read_as_they_are(tmp_path: Path, suffix: str, pack: Any) -> None:  # noqa: ANN401
    file = tmp_path / f"export.CSV{suffix}"
    file.write_bytes(pack(gdelt()))
    assert [body(row)["id"] for row in read(str(file), "gdelt")] == ["gdelt:7"]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst", ".zip"])
def test_a_damaged_file_is_one_clear_problem(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"export.CSV{suffix}"
    file.write_bytes(b"not compressed at all")
    with pytest.raises(FileProblem, match=r"damaged|can.t be read"):
        list(read(str(file), "gdelt"))


def test_another_dataset_is_told_by_its_header(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(UCDP)
    with pytest.raises(FileProblem, match="not acled: its header lacks event_id_cnty"):
        list(read(str(file), "acled"))


@pytest.mark.parametrize("form", FORMATS)
@given(content=st.binary(max_size=400))
def test_no_bytes_crash_a_reader(form: str, content: bytes) -> None:
    header = {"acled": ACLED, "ucdp": UCDP, "icews": POLECAT}.get(form, b"")
    try:
        found = rows(form, header + content)
    except ValueError:
        return  # not of that format, and said so
    assert all(isinstance(row, Line | Bad) for row in found)


def test_the_command_prints_messages_and_names_bad_rows(tmp_path: Path) -> None:
    file = tmp_path / "export.CSV"
    file.write_bytes(gdelt() + b"short\n")
    done = CliRunner().invoke(cli, ["ingest", "gdelt", str(file), "--to-jsonl"])
    assert json.loads(done.stdout)["id"] == "gdelt:7"
    assert f"{file}:2: 1 columns" in done.stderr


def test_what_one_machine_codes_is_one_voice_and_no_better_than_the_machine() -> None:
    observer = Observer(load())
    coded = [
        gdelt(id=str(n), code="190", actor1="BLRMIL", actor2="UKR", country="UP", url=f"https://{host}/x")
        for n, host in enumerate(("bbc.com", "theguardian.com", "nowhere.example"))
    ]
    messages = [decode_event(gdelt_line(row), 1_645_700_000.0) for row in coded]
    found = [i for m in messages for i in observer.indications(m.body, m.at)]
    assert {(i.indicator, i.voice, i.claimant) for i in found} == {("border_crossing", "gdelt", "gdelt")}
    assert [i.reliability for i in found] == ["D", "D", "F"]  # an unknown publisher is trusted less still
    assert found[0].publisher == "bbc.com"


def gdelt_line(row: bytes) -> bytes:
    [line] = rows("gdelt", row)
    assert isinstance(line, Line)
    return line.value
