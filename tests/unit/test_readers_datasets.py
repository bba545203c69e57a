"""Each dataset of coded events with its quirks: what can be taken is, the rest is named with its row."""

import pytest
from published import ACLED, POLECAT, UCDP, body, gdelt, reason, rows

from stream.catalogue.load import load
from stream.core.decode import decode_event
from stream.core.observe import Observer
from stream.sources.jsonl import Line


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
    assert (body(good)["id"], body(after)["id"]) == ("gdelt:7", "gdelt:8")


def test_a_byte_that_is_no_character_costs_only_itself() -> None:
    assert body(rows("gdelt", gdelt().replace(b"154", b"15\xff"))[0])["code"] == "15\ufffd"


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


def polecat(kind: str, mode: str) -> bytes:
    return f"P1\t2022-02-24\t{kind}\t{mode}\tRussia\tMilitary\tMilitary\tUkraine\tBelarus\t2022-02-25\tHead\n".encode()


def test_what_one_machine_codes_is_one_voice_and_no_better_than_the_machine() -> None:
    observer = Observer(load())
    coded = [
        gdelt_value(
            id=str(n), code="190", actor1="BLRMIL", actor2="UKR", country="UP", url=f"https://{host}/x"
        )
        for n, host in enumerate(("bbc.com", "theguardian.com", "nowhere.example"))
    ]
    messages = [decode_event(value, 1_645_700_000.0) for value in coded]
    found = [i for m in messages for i in observer.indications(m.body, m.at)]
    assert {(i.indicator, i.voice, i.claimant) for i in found} == {("border_crossing", "gdelt", "gdelt")}
    assert [i.reliability for i in found] == ["D", "D", "F"]  # an unknown publisher is trusted less still
    assert found[0].publisher == "bbc.com"
