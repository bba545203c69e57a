"""A catalogue that can't be used says which file and key, and what to do."""

import shutil
from pathlib import Path

import pytest

import stream.catalogue
from stream.catalogue.load import CatalogueError, load

SHIPPED = Path(stream.catalogue.__file__).parent / "belarus_entry"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "problem"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_copy_is_the_same_catalogue_wherever_it_lies(folder: Path) -> None:
    assert load(folder) == load()


def test_any_change_changes_the_version(folder: Path) -> None:
    before = load(folder).version
    (folder / "problem.toml").write_text((folder / "problem.toml").read_text() + "\n# a remark\n")
    assert load(folder).version != before


def test_an_unread_file_does_not_change_the_version(folder: Path) -> None:
    before = load(folder).version
    (folder / "notes.txt").write_text("nothing")
    assert load(folder).version == before


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("problem.toml", "kappa", "kappa = [", "problem.toml: not valid TOML"),
        ("problem.toml", "kappa =", "kapa =", "problem.toml: k"),
        ("sources.toml", 'reliability = "D"', 'reliability = "Z"', "sources.toml: source 1: reliability"),
        ("sources.toml", 'id = "belta"', 'id = "lukashenko"', "'lukashenko' stands twice"),
        ("sources.toml", '"BelTA"', '"TASS"', "'tass' stands twice"),
        ("sources.toml", 'unknown_source = "F"', 'unknown_source = "Z"', "sources.toml: unknown_source"),
        ("indicators/exercise.toml", 'id = "exercise"', 'id = "drill"', "Name the file drill.toml"),
        ("indicators/exercise.toml", '"drill"', '"dril"', "concept 'dril' is in no lexicon file"),
        (
            "indicators/exercise.toml",
            "max_severity = 3",
            "max_severity = 9",
            "indicators/exercise.toml: max_severity",
        ),
        ("indicators/no_strike_group.toml", 'raises = "u', 'raises = "x', "heartbeat.raises: no indicator"),
        ("indicators/no_strike_group.toml", 'source = "General', 'source = "Generic', "heartbeat.source"),
        (
            "indicators/threat_rhetoric.toml",
            'by = ["belarus',
            'by = ["elarus',
            "has the role 'elarus_leadership'",
        ),
        ("voices.toml", 'name = "Lukashenko"', 'name = "Nobody"', "'Nobody' is no name in sources.toml"),
        ("lexicon/people.toml", "[putin]", "[lukashenko]", "lexicon/people.toml: not valid TOML"),
        ("lexicon/people.toml", "[putin]", "[drill]", "drill: defined in another lexicon file too"),
        ("lexicon/places.toml", "{belarus_land}", "{atlantis}", "refer to an unknown concept"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(folder: Path, file: str, old: str, new: str, says: str) -> None:
    edit(folder / file, old, new)
    with pytest.raises(CatalogueError) as wrong:
        load(folder)
    assert says in str(wrong.value)
    assert str(wrong.value).rstrip().endswith(".")


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "sources.toml").unlink()
    with pytest.raises(CatalogueError, match=r"sources\.toml: missing"):
        load(folder)


def test_a_catalogue_without_indicators_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "indicators")
    with pytest.raises(CatalogueError, match="no indicator file"):
        load(folder)
