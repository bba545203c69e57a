"""A module imports only what stands earlier in the flow, and the core knows no outside world."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    [*(ROOT / "stream").rglob("*.py"), *(ROOT / "schemas").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]
)

# Reading order is the order data flows in; a layer may import itself and what stands above it.
LAYERS = (
    ("schemas",),
    ("stream.core",),
    ("stream.catalogue",),
    ("stream.settings", "stream.connection", "stream.partition", "stream.orphan", "stream.garbage"),
    ("stream.topics",),
    ("stream.clock",),
    (
        "stream.sources",
        "stream.archive",
        "stream.pace",
        "stream.replay",
        "stream.runs",
        "stream.travel",
        "stream.view",
    ),
    ("stream.sinks",),
    ("stream.page",),
    ("stream.hosting", "stream.table", "stream.progress"),
    ("stream.agents",),
    ("stream.app",),
    ("stream.worker",),
    ("stream.evaluation",),
    ("stream.commands",),
    ("stream.cli",),
    ("stream.__main__",),
    ("deploy",),
)
# What computes, and nothing that reads a clock, a file, the network or the environment.
PURE = {
    "ahocorasick_rs", "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "heapq",
    "itertools", "jiter", "math", "operator", "pydantic", "pydantic_core", "re", "snowballstemmer", "statistics",
    "string", "typing", "unicodedata",
}  # fmt: skip
# Longer than 260 lines, and why: split, there would be two modules that touch private API.
LONGER = {"stream.hosting": 302}
WORLDLY = {"now", "utcnow", "today", "open", "print", "input"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer(module: str) -> int | None:
    ranks = [
        n
        for n, names in enumerate(LAYERS)
        for name in names
        if module == name or module.startswith(name + ".")
    ]
    return max(ranks, default=None)


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_upstream(path: Path) -> None:
    mine = layer(name_of(path))
    if mine is None:
        assert name_of(path) == "stream", f"{name_of(path)} stands in no layer: give it a place"
        return
    late = {i for i in imports(path) if (theirs := layer(i)) is not None and theirs > mine}
    assert not late


@pytest.mark.parametrize("path", sorted((ROOT / "stream" / "core").rglob("*.py")), ids=name_of)
def test_the_core_is_pure(path: Path) -> None:
    ours = ("schemas", "stream.core", "stream.__version__")
    foreign = {i for i in imports(path) if not i.startswith(ours) and i.split(".")[0] not in PURE}
    assert not foreign
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    assert not called & WORLDLY


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_can_be_seen_whole(path: Path) -> None:
    most = LONGER.get(name_of(path), 260)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most, "split it, or write down here why not"
