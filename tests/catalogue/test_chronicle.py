"""The chronicle is what its README says: own words, real facts with their sources, mess on purpose."""

import gzip
import json
import os
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from schemas.article import Article
from schemas.event import Event
from stream.catalogue.load import load
from stream.core.decode import decode_article, decode_event

Row = dict[str, Any]
FOLDER = Path(str(files("stream.catalogue").joinpath("belarus_entry", "chronicle")))
YEAR_AFTER = datetime(2023, 12, 31, tzinfo=UTC).timestamp()
MONTHS = {f"2022-{month:02d}" for month in range(2, 13)}


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def rows(name: str) -> list[Row]:
    return [json.loads(line) for line in lines(name)]


ARTICLES, EVENTS = rows("articles.jsonl"), rows("events.jsonl")
EVERYTHING = ARTICLES + EVENTS


def when(row: Row) -> str:
    return str(row.get("published_at") or row["occurred_at"])


def day(row: Row) -> date:
    return date.fromisoformat(when(row)[:10])


def test_every_line_is_a_message_with_no_unknown_field() -> None:
    own = {"received_at", "synthetic"}
    for line in lines("articles.jsonl"):
        decode_article(line.encode(), YEAR_AFTER)
        assert set(json.loads(line)) <= set(Article.model_fields) | own, line
    for line in lines("events.jsonl"):
        decode_event(line.encode(), YEAR_AFTER)
        assert set(json.loads(line)) <= set(Event.model_fields) | own, line


def test_a_fact_has_its_source_and_what_has_none_is_marked() -> None:
    for row in EVERYTHING:
        sourced = row.get("url", "").startswith(("https://", "http://"))
        assert sourced != row.get("synthetic", False), row["id"]


def test_all_of_2022_from_february_and_never_received_before_it_was_said() -> None:
    for row in EVERYTHING:
        assert date(2022, 2, 1) <= day(row) <= date(2022, 12, 31), row["id"]
        assert (row.get("precision") == "day") == (len(when(row)) == len("2022-02-24")), row["id"]
        if "received_at" in row:
            received = datetime.fromisoformat(row["received_at"])
            assert received.date() >= day(row), row["id"]
            if row.get("precision") != "day":
                assert received >= datetime.fromisoformat(when(row)), row["id"]
    assert {when(row)[:7] for row in ARTICLES} == MONTHS


def test_ids_repeat_only_for_versions_and_exact_duplicates() -> None:
    for name in ("articles.jsonl", "events.jsonl"):
        distinct = {line: json.loads(line) for line in lines(name)}.values()
        versions = Counter((row["id"], row.get("revision", 0)) for row in distinct)
        assert max(versions.values()) == 1, name


def test_enough_of_it_in_four_languages() -> None:
    assert len(EVERYTHING) >= 150
    languages = Counter(row["lang"] for row in ARTICLES)
    assert set(languages) == {"en", "ru", "uk", "be"}
    assert min(languages.values()) >= 10
    assert sum(row.get("synthetic", False) for row in EVERYTHING) < len(EVERYTHING) / 5


def test_the_readme_counts_what_is_there() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, found in (("articles", ARTICLES), ("events", EVENTS)):
        made_up = sum(row.get("synthetic", False) for row in found)
        assert f"{name} {len(found)} of which synthetic {made_up}\n" in readme


def test_analyst_events_name_known_indicators_and_everything_an_analyst_owes() -> None:
    catalogue = load()
    for row in EVENTS:
        assert row["dataset"] == "analyst"
        assert row["indicator"] in catalogue.indicators, row["id"]
        assert all(row.get(key) for key in ("severity", "grade", "claimant", "act", "summary")), row["id"]


def test_what_repeats_something_names_a_message_that_is_there() -> None:
    known = {row["id"] for row in EVERYTHING} | {row.get("url") for row in ARTICLES}
    for row in EVERYTHING:
        assert row.get("derived_from") is None or row["derived_from"] in known, row["id"]


@pytest.mark.parametrize("claim", ["f1-", "f2-", "f3-"])
def test_each_failed_entry_claim_is_there_as_it_was_read_and_as_it_was_coded(claim: str) -> None:
    assert any(claim in row["id"] for row in ARTICLES)
    coded = [row for row in EVENTS if claim in row["id"] and row["indicator"] == "border_crossing"]
    assert coded
    assert all(row["act"] in {"claimed", "predicted"} for row in coded)


def test_timed_claims_expire_within_three_days() -> None:
    timed = [row for row in EVENTS if "deadline" in row]
    assert {row["id"].split(":", 1)[1][:10] for row in timed} == {"2022-03-11", "2022-03-20"}
    for row in timed:
        left = datetime.fromisoformat(row["deadline"]) - datetime.fromisoformat(when(row))
        assert timedelta() < left <= timedelta(days=3), row["id"]


def test_syndicated_copies() -> None:
    copies = Counter(
        (row["title"], row["text"]) for row in ARTICLES if row["title"] and "revision" not in row
    )
    titles = [title for (title, _), n in copies.items() if n > 1]
    wanted = [t for t in titles if len({r["publisher"] for r in ARTICLES if r["title"] == t}) > 1]
    assert len(wanted) >= 3


def test_one_fact_in_several_languages() -> None:
    tellings: dict[str, set[str]] = {}
    for row in ARTICLES:
        tellings.setdefault(row["id"].split(":", 1)[1], set()).add(row["lang"])
    assert sum(len(languages) > 1 for languages in tellings.values()) >= 3


def test_late_items() -> None:
    def late(row: Row) -> bool:
        return (
            "received_at" in row and (datetime.fromisoformat(row["received_at"]).date() - day(row)).days >= 1
        )

    assert sum(late(row) for row in EVERYTHING) >= 5


def test_corrections_and_exact_duplicates() -> None:
    corrected = [row for row in EVERYTHING if row.get("revision", 0) == 1]
    assert corrected
    for row in corrected:
        earlier = next(r for r in EVERYTHING if r["id"] == row["id"] and not r.get("revision"))
        assert row["received_at"] > earlier.get("received_at", when(earlier))
    assert any(n > 1 for n in Counter(lines("articles.jsonl") + lines("events.jsonl")).values())


def test_denials_the_stray_missile_and_the_regime_that_was_and_was_not() -> None:
    denied = {row["indicator"] for row in EVENTS if row["act"] == "denied"}
    assert {"incident_on_soil", "civil_preparation", "border_crossing"} <= denied
    stray = {row["indicator"] for row in EVENTS if day(row) == date(2022, 12, 29)}
    assert {"incident_on_soil", "benign_attribution"} <= stray
    assert sum(day(row) == date(2022, 12, 29) for row in ARTICLES) >= 4
    regime = {row["act"] for row in EVENTS if "cto" in row["id"]}
    assert regime == {"official", "denied"}


def test_the_daily_bulletin_runs_and_misses_two_days() -> None:
    bulletins = sorted((row for row in ARTICLES if row["id"].endswith("-bulletin")), key=when)
    assert len(bulletins) >= 25
    assert all(row["synthetic"] for row in bulletins)
    without = [row for row in bulletins if not re.search("угрупован|Ознак підготовки", row["text"])]
    assert [when(row)[:10] for row in without] == ["2022-11-15", "2022-11-16"]


def test_what_facts_the_routine_rule_needs() -> None:
    facts = [row.get("facts", {}) for row in EVENTS]
    for name in ("headcount", "ends_on", "extended", "standing", "direction"):
        assert any(name in fact for fact in facts), name


def test_registers_name_their_source() -> None:
    registers = load().registers
    assert registers
    for row in registers:
        assert row.source.startswith("https://")
        assert date.fromisoformat(row.at) < date(2022, 2, 1)
        assert row.headcount or row.ends_on


def shared_texts() -> Path | None:
    """Real texts lie outside the clone, where they lie at all."""
    folder = (
        Path(os.environ.get("BELWATCH_SHARED") or Path(__file__).resolve().parents[3] / "shared") / "data"
    )
    return folder if folder.is_dir() else None


def sentences(text: str) -> list[str]:
    return [" ".join(part.split()).casefold() for part in re.split(r"(?<=[.!?…])\s+|\n", text)]


@pytest.mark.skipif(shared_texts() is None, reason="the real texts are not here (set BELWATCH_SHARED)")
def test_no_sentence_is_taken_from_the_real_texts() -> None:
    folder = shared_texts()
    assert folder
    own = {
        sentence
        for row in EVERYTHING
        for field in ("title", "text", "summary")
        for sentence in sentences(row.get(field, ""))
        if len(sentence.split()) >= 8
    }
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                real = sentences(f"{row.get('title') or ''}\n{row.get('text') or ''}")
                assert not own.intersection(real), row.get("url")
