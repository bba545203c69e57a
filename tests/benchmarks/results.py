"""Results: one JSON line a measurement, in the order they were made; a call that was cut short goes on from there."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


class Results:
    """What was measured, by kind ("reference", "worker", "latency") and cell; `keep`: go on where a call ended."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        if not keep:
            path.unlink(missing_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self._rows: list[Row] = [json.loads(line) for line in lines]

    def has(self, kind: str, cell: Row) -> bool:
        """Tell whether it was measured."""
        return any(cell.items() <= row.items() for row in self.of(kind))

    def of(self, kind: str) -> list[Row]:
        """Return what was measured of a kind."""
        return [row for row in self._rows if row["kind"] == kind]

    def add(self, kind: str, cell: Row, measured: Row) -> None:
        """Write it down."""
        when = {"at": datetime.now(UTC).isoformat(timespec="minutes"), "load": os.getloadavg()[0]}
        row = {"kind": kind, **when, **cell, **measured}
        self._rows.append(row)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")
