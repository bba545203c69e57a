"""Pages: one Markdown page an indicator, made from its file, comments on constants included."""

import re
from collections.abc import Iterator
from pathlib import Path

from schemas.catalogue import Catalogue, Indicator
from schemas.pattern import Pattern

CONSTANT = re.compile(r"^(?P<name>[a-z_]+) = (?P<value>.*?)(?:\s+# (?P<why>.*))?$")
CONSTANTS = (
    "half_life_days", "weight", "max_severity", "direction", "routine", "claim_facts", "own_side", "deadline_hours",
)  # fmt: skip
TABLES = ("gate", "heartbeat")


def page(indicator: Indicator, source: str) -> str:
    """Write an indicator's page; `source` is the text of its TOML file, which has the reasons."""
    lines = [
        f"# {indicator.id}",
        "",
        f"{indicator.meaning}. Kind: {indicator.kind}; group: {indicator.group}.",
        "",
        indicator.rationale,
        "",
        *(f"- <{url}>" for url in indicator.references),
        "",
        "## Constants",
        "",
        "| constant | value | why |",
        "|---|---|---|",
        *(f"| `{name}` | {value} | {why} |" for name, value, why in constants(source)),
        "",
        "## What it looks for",
        "",
        *(line for n, pattern in enumerate(indicator.patterns, 1) for line in _pattern(n, pattern)),
        *_events(indicator),
        "",
        "## Examples",
        "",
        *(
            f"- {'yes' if e.expect else 'no'} ({e.lang}): {' / '.join(t for t in (e.title, e.text) if t)}"
            for e in sorted(indicator.examples, key=lambda e: (not e.expect, e.lang))
        ),
        "",
        "## Known gaps",
        "",
        *(f"- {gap}" for gap in indicator.known_gaps or ("None written down.",)),
    ]
    return "\n".join(lines) + "\n"


def index(catalogue: Catalogue) -> str:
    """Write the list of pages."""
    rows = [
        f"| [{i.id}]({i.id}.md) | {i.kind} | {i.weight:g} | {i.half_life_days:g} | {i.meaning} |"
        for i in catalogue.indicators.values()
    ]
    head = ["| indicator | kind | weight | half-life, days | meaning |", "|---|---|---|---|---|"]
    title = [f"# {catalogue.problem.id}: {catalogue.problem.question}", ""]
    return "\n".join([*title, *head, *rows]) + "\n"


def write(catalogue: Catalogue, folder: Path, out: Path) -> list[Path]:
    """Write all pages of the catalogue in `folder` to `out`; the paths written."""
    out.mkdir(parents=True, exist_ok=True)
    written = [out / "README.md"]
    written[0].write_text(index(catalogue), encoding="utf-8")
    for indicator in catalogue.indicators.values():
        source = (folder / "indicators" / f"{indicator.id}.toml").read_text(encoding="utf-8")
        path = out / f"{indicator.id}.md"
        path.write_text(page(indicator, source), encoding="utf-8")
        written.append(path)
    return written


def constants(source: str) -> Iterator[tuple[str, str, str]]:
    r"""Read (name, value, why) of the constants of a file, as written there.

    >>> list(constants('weight = 1.6 # no entry can do without it\n[[patterns]]\nseverity = 2'))
    [('weight', '1.6', 'no entry can do without it')]
    """
    table = ""
    for line in source.splitlines():
        if line.startswith("["):
            table = line.strip("[]").partition("]")[0]
            table = table if table in TABLES else "-"
        elif (found := CONSTANT.match(line)) and (
            table in TABLES or (not table and found["name"] in CONSTANTS)
        ):
            name = f"{table}.{found['name']}" if table else found["name"]
            yield name, found["value"], found["why"] or ""


def _pattern(number: int, pattern: Pattern) -> Iterator[str]:
    yield f"{number}. {pattern.why}: {_words(pattern)}"


def _words(pattern: Pattern) -> str:
    parts = [" and ".join(_either(one) for one in pattern.all) + (", in this order" if pattern.order else "")]
    parts.append(f"within {pattern.near} words of one {pattern.scope}")
    if pattern.about:
        parts.append("near " + " and ".join(_either(one) for one in pattern.about))
    if pattern.none:
        parts.append("without " + ", ".join(_either(one) for one in pattern.none))
    if pattern.by:
        parts.append("said by " + " or ".join(pattern.by))
    if pattern.not_by:
        parts.append("not said by " + " or ".join(pattern.not_by))
    if pattern.polarity != "affirmed":
        parts.append({"negated": "under a negation", "any": "negated or not"}[pattern.polarity])
    parts.append(f"severity {pattern.severity}" + (f", act {pattern.act}" if pattern.act else ""))
    return "; ".join(parts) + "."


def _either(requirement: str) -> str:
    return " or ".join(f"*{concept.replace('_', ' ')}*" for concept in requirement.split("|"))


def _events(indicator: Indicator) -> Iterator[str]:
    for rule in indicator.events:
        given = rule.model_dump(exclude_defaults=True)
        yield "- Coded events: " + ", ".join(
            f"{name} {value if not isinstance(value, tuple) else ' or '.join(value)}"
            for name, value in given.items()
        )
