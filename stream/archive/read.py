"""Read: an archive's records in the order they were received, and whether it is whole."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import zstandard

from stream.archive import manifest as contents
from stream.archive.manifest import ArchiveProblem, Manifest, Part
from stream.archive.record import Archived, load


def records(folder: Path, since: float | None = None, until: float | None = None) -> Iterator[Archived]:
    """Give messages received from `since` to `until` (epoch seconds), in order of receipt, then partition and offset.

    A day at a time is held in memory.

    Raises
    ------
    ArchiveProblem
        where a file is missing or damaged.
    """
    held = contents.load(folder)
    for day in sorted({part.day for part in held.parts.values()}):
        today = [
            record
            for name, part in held.parts.items()
            if part.day == day
            for record in part_records(folder, name, part)
            if (since is None or record.received_at >= since)
            and (until is None or record.received_at <= until)
        ]
        yield from sorted(today, key=lambda r: (r.received_at, r.origin, r.offset))


class Verdict(NamedTuple):
    """What an archive holds and what is wrong with it; `lost`: offsets deleted before they could be exported."""

    records: int
    ticks: int
    days: int
    lost: int
    faults: list[str]


def verify(folder: Path, tell: Callable[[int, int], None] = lambda *_: None) -> Verdict:
    """Read the whole archive: every file's hash, every record's place, and that no offset is missing or doubled.

    Raises
    ------
    ArchiveProblem
        where there is no archive.
    """
    held = contents.load(folder)
    faults = []
    seen: dict[str, Counter[int]] = {origin: Counter() for origin in held.spans}
    for done, (name, part) in enumerate(held.parts.items(), 1):
        try:
            found = list(part_records(folder, name, part))
        except ArchiveProblem as e:
            faults.append(str(e))
            found = []
        seen[part.origin].update(record.offset for record in found)
        tell(done, len(held.parts))
    strays = {str(p.relative_to(folder)) for p in folder.glob("day=*/*.jsonl.zst")} - held.parts.keys()
    faults += [
        f"{name}: not in the manifest; an export was cut short, run it again" for name in sorted(strays)
    ]
    faults += _gaps(held, seen)
    ticks = sum(span.ticks for span in held.spans.values())
    lost = sum(b - a for span in held.spans.values() for a, b in span.lost)
    return Verdict(held.records, ticks, len({p.day for p in held.parts.values()}), lost, faults)


def _gaps(held: Manifest, seen: dict[str, Counter[int]]) -> Iterator[str]:
    for origin, span in sorted(held.spans.items()):
        doubled = [offset for offset, times in seen[origin].items() if times > 1]
        if doubled:
            yield f"{origin}: {len(doubled)} offsets more than once, the first {min(doubled)}"
        due = span.upto - span.since - sum(b - a for a, b in span.lost) - span.ticks
        if len(seen[origin]) != due:
            yield f"{origin}: {len(seen[origin])} messages of {due} between offsets {span.since} and {span.upto}"
        outside = [o for o in seen[origin] if not span.since <= o < span.upto]
        if outside:
            yield f"{origin}: {len(outside)} offsets outside of {span.since} to {span.upto}"


def part_records(folder: Path, name: str, part: Part) -> Iterator[Archived]:
    """Give one file's records, once it is known to be whole; raises as `records` does."""
    try:
        content = (folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != part.sha256:
            raise ArchiveProblem(f"{folder / name}: damaged (its hash is another); restore it from a copy")
        lines = zstandard.ZstdDecompressor().decompress(content).splitlines()
        found = [load(line) for line in lines]
    except FileNotFoundError:
        raise ArchiveProblem(f"{folder / name}: missing; restore it from a copy") from None
    except (OSError, zstandard.ZstdError, ValueError, KeyError) as e:
        raise ArchiveProblem(f"{folder / name}: can't be read ({e}); restore it from a copy") from None
    if len(found) != part.records:
        raise ArchiveProblem(f"{folder / name}: {len(found)} records, not {part.records}")
    return iter(found)
