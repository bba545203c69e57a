"""Files in: order, times of receipt, damage."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring import START

from stream.sources import jsonl
from stream.sources.files import FileProblem
from stream.sources.jsonl import chronological, read


def write(path: Path, *rows: dict[str, Any] | str) -> str:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


def test_records_come_in_the_order_they_were_received(tmp_path: Path) -> None:
    one = write(
        tmp_path / "a.jsonl",
        {"id": "late", "published_at": "2022-02-01T00:00:00Z", "received_at": "2022-02-03T00:00:00Z"},
        {"id": "day", "published_at": "2022-02-01"},
        "broken",
    )
    two = write(tmp_path / "b.jsonl", {"id": "event", "occurred_at": "2022-02-01T12:00:00Z"})
    records = chronological([one, two])
    assert [r.value[:12] for r in records] == [b'{"id": "even', b'{"id": "day"', b"broken", b'{"id": "late']
    assert [r.kind for r in records] == ["event", "article", "article", "article"]
    assert records[2].received_at == records[1].received_at == START + 86_399


def test_lines_before_the_first_time_travel_with_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", "broken", '{"published_at": "0190-01-01"}', {"published_at": "2022-02-01"}
    )
    assert {r.received_at for r in chronological([path])} == {START + 86_399}


def test_gzip_is_read_and_damage_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"published_at": "2022-02-01"}\n' * 1_000)
    (tmp_path / "a.jsonl.gz").write_bytes(whole)
    (tmp_path / "b.jsonl.gz").write_bytes(whole[:-20])
    (tmp_path / "c.jsonl.gz").write_bytes(b"no gzip")
    assert len(list(read(str(tmp_path / "a.jsonl.gz")))) == 1_000
    for damaged in ("b", "c"):
        with pytest.raises(FileProblem, match=r"damaged \.gz"):
            list(read(str(tmp_path / f"{damaged}.jsonl.gz")))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no such file"):
        list(read(str(tmp_path / "none.jsonl")))


FIELDS = ("received_at", "occurred_at", "published_at", "precision", "tz_assumed", "title")
TIMES = st.sampled_from(
    ["2022-02-24", "2022-02-24T05:00:00Z", "day", "", "\\", '"published_at":"2020-01-01"', "é\u2028"]
)
ROWS = st.dictionaries(
    st.sampled_from(FIELDS), st.one_of(TIMES, st.none(), st.integers(), st.just({"published_at": "x"}))
)


@given(row=ROWS, escaped=st.booleans())
def test_a_glance_sees_what_parsing_sees(*, row: dict[str, object], escaped: bool) -> None:
    value = json.dumps(row, ensure_ascii=escaped).encode()
    known = {"received_at", "occurred_at", "published_at", "precision", "tz_assumed"}
    assert {k: v for k, v in jsonl._glanced(value).items() if k in known} == {  # noqa: SLF001 - the short cut itself
        k: v for k, v in row.items() if k in known
    }


def test_a_field_twice_is_left_to_the_parser() -> None:
    value = b'{"published_at": "2022-02-24", "published_at": "2022-02-25"}'
    assert jsonl._glanced(value)["published_at"] == "2022-02-25"  # noqa: SLF001 - as above
