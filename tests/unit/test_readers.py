"""What holds for files of every format: packed ones are read, damaged and strange ones are one clear problem."""

import bz2
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from published import ACLED, POLECAT, UCDP, body, gdelt, rows, zipped

from stream.cli import cli
from stream.sources.files import FileProblem
from stream.sources.jsonl import Line
from stream.sources.readers import FORMATS, Bad, read


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
