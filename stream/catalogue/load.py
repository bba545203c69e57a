"""Read a catalogue folder into one frozen `Catalogue`, or say which file and key is wrong, and what to do."""

import hashlib
import tomllib
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.catalogue import Catalogue, Indicator, Problem, Register, Source
from schemas.pattern import Concept, Voice
from stream.core.lexicon import levels

Model = TypeVar("Model", bound=BaseModel)
Table = dict[str, Any]


class CatalogueError(Exception):
    """A catalogue that can't be used. The text names file and key, and says what to do."""


def load(folder: Path | None = None) -> Catalogue:
    """Read the catalogue in `folder`; None: `belarus_entry`, which ships with the package.

    `version` is the first 16 hex digits of the SHA-256 over the names and bytes of the files read.

    Raises
    ------
    CatalogueError
        naming the file, the key and the remedy.
    """
    folder = folder or Path(str(files("stream.catalogue").joinpath("belarus_entry")))
    paths = sorted(
        [*folder.glob("*.toml"), *folder.glob("indicators/*.toml"), *folder.glob("lexicon/*.toml")],
        key=lambda path: path.relative_to(folder).as_posix(),
    )
    tables = {path.relative_to(folder).as_posix(): _table(path) for path in paths}
    sources = _required(tables, "sources.toml", folder)
    catalogue = _model(
        Catalogue,
        {
            "version": _version(folder, paths),
            "problem": _model(Problem, _required(tables, "problem.toml", folder), "problem.toml"),
            "indicators": {i.id: i for i in _indicators(tables)},
            "sources": _rows(Source, sources, "source", "sources.toml"),
            "unknown_source": sources.get("unknown_source"),
            "registers": _rows(Register, tables.get("registers.toml", {}), "register", "registers.toml"),
            "lexicon": _lexicon(tables),
            "voices": _rows(Voice, tables.get("voices.toml", {}), "voice", "voices.toml"),
        },
        "sources.toml",
    )
    _check(catalogue)
    return catalogue


def _table(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        msg = f"{path}: not valid TOML ({wrong}). Correct the file at that place."
        raise CatalogueError(msg) from wrong
    except OSError as wrong:
        msg = f"{path}: cannot be read ({wrong.strerror}). Check that it exists and who may read it."
        raise CatalogueError(msg) from wrong


def _required(tables: dict[str, Table], name: str, folder: Path) -> Table:
    if name not in tables:
        msg = f"{folder / name}: missing. A catalogue folder has problem.toml, sources.toml and indicators/."
        raise CatalogueError(msg)
    return tables[name]


def _version(folder: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _model(model: type[Model], table: object, name: str) -> Model:
    try:
        return model.model_validate(table)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        msg = f"{name}: {key}: {first['msg']} (got {str(first['input'])[:80]!r}). Correct this key."
        raise CatalogueError(msg) from wrong


def _rows(model: type[Model], table: Table, key: str, name: str) -> tuple[Model, ...]:
    rows = table.get(key, [])
    if not isinstance(rows, list):
        msg = f"{name}: {key}: expected rows. Write each as [[{key}]]."
        raise CatalogueError(msg)
    return tuple(_model(model, row, f"{name}: {key} {n}") for n, row in enumerate(rows, 1))


def _indicators(tables: dict[str, Table]) -> list[Indicator]:
    found = []
    for name, table in tables.items():
        if not name.startswith("indicators/"):
            continue
        indicator = _model(Indicator, table, name)
        if Path(name).stem != indicator.id:
            msg = f"{name}: id: is {indicator.id!r}. Name the file {indicator.id}.toml, or correct the id."
            raise CatalogueError(msg)
        found.append(indicator)
    if not found:
        msg = "indicators/: no indicator file. Add at least one indicators/<id>.toml."
        raise CatalogueError(msg)
    return found


def _lexicon(tables: dict[str, Table]) -> dict[str, Concept]:
    lexicon: dict[str, Concept] = {}
    for name, table in tables.items():
        if not name.startswith("lexicon/"):
            continue
        for concept, terms in table.items():
            if concept in lexicon:
                msg = f"{name}: {concept}: defined in another lexicon file too. Keep one of the two."
                raise CatalogueError(msg)
            lexicon[concept] = _model(Concept, terms, f"{name}: {concept}")
    return lexicon


def _check(catalogue: Catalogue) -> None:
    """What one file says of another must hold."""
    names = Counter(name.casefold() for source in catalogue.sources for name in source.names)
    ids = Counter(source.id for source in catalogue.sources)
    for twice, count in [*ids.items(), *names.items()]:
        if count > 1:
            msg = f"sources.toml: source: {twice!r} stands twice. Merge the two rows, or rename one."
            raise CatalogueError(msg)
    voices = {f"voice {v.name}": Concept(any=v.terms, unless=v.unless) for v in catalogue.voices}
    try:
        levels(catalogue.lexicon | voices)
    except ValueError as wrong:
        msg = f"lexicon/: {wrong}. Correct the term, or the name in its braces."
        raise CatalogueError(msg) from wrong
    for indicator in catalogue.indicators.values():
        _check_indicator(catalogue, indicator, names)
    for voice in catalogue.voices:
        if voice.name.casefold() not in names:
            msg = f"voices.toml: voice: {voice.name!r} is no name in sources.toml. Add it there."
            raise CatalogueError(msg)


def _check_indicator(catalogue: Catalogue, indicator: Indicator, names: Counter[str]) -> None:
    file = f"indicators/{indicator.id}.toml"
    roles = {voice.role for voice in catalogue.voices}
    for pattern in indicator.patterns:
        for concept in {
            c for one in pattern.all + pattern.none + pattern.about + pattern.stronger for c in one.split("|")
        }:
            if concept not in catalogue.lexicon and concept not in roles:
                msg = (
                    f"{file}: patterns: concept {concept!r} is in no lexicon file. Define it, or correct it."
                )
                raise CatalogueError(msg)
        for role in {*pattern.by, *pattern.not_by} - roles:
            msg = f"{file}: patterns.by: nobody in voices.toml has the role {role!r}. Correct it."
            raise CatalogueError(msg)
        if pattern.severity > indicator.max_severity:
            msg = f"{file}: patterns.severity: {pattern.severity} is above max_severity. Lower it."
            raise CatalogueError(msg)
    if heartbeat := indicator.heartbeat:
        if heartbeat.raises not in catalogue.indicators:
            msg = f"{file}: heartbeat.raises: no indicator {heartbeat.raises!r}. Name one of indicators/."
            raise CatalogueError(msg)
        if heartbeat.source.casefold() not in names:
            msg = f"{file}: heartbeat.source: {heartbeat.source!r} is no name in sources.toml. Add it there."
            raise CatalogueError(msg)
