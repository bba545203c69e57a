"""Results: one JSON line a measurement, in the order they were made."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.cells import Cell


class Results:
    """What was measured; `keep`: go on where an earlier call ended."""

    def __init__(self, path: Path, *, keep: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        if not keep:
            path.unlink(missing_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def has(self, cell: Cell) -> bool:
        """Tell whether it was measured."""
        return any(row["cell"] == list(cell) for row in self.rows)

    def add(self, cell: Cell, measured: dict[str, float]) -> None:
        """Write it down."""
        row = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cell": list(cell), **measured}
        self.rows.append(row)
        with self._path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def table(self) -> str:
        """As Markdown."""
        lines = ["| peer | messages | match | processes | msg/s | CPU s per million | peak RSS MiB |"]
        lines += ["|---|---:|---:|---:|---:|---:|---:|"]
        for row in self.rows:
            cell = Cell(*row["cell"])
            lines.append(
                f"| {cell.peer} | {cell.messages:,} | {cell.share:.0%} | {cell.processes} | {row['rate']:,.0f} |"
                f" {row['cpu_per_million']:.1f} | {row['rss']:.0f} |"
            )
        return "\n".join(lines)
