"""Build: write the dashboards' JSON. Example: `python -m dashboards.build`; a test keeps the two equal."""

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import belarus_entry, pipeline

HERE = Path(__file__).resolve().parent
BOARDS = {"belarus-entry.json": belarus_entry.build, "pipeline.json": pipeline.build}


def encode(dashboard: Dashboard) -> str:
    """Write a dashboard as Grafana reads it."""
    return JSONEncoder(sort_keys=True, indent=2).encode(dashboard) + "\n"


def main() -> None:
    """Write both files beside this one."""
    for name, build in BOARDS.items():
        (HERE / name).write_text(encode(build()), encoding="utf-8")


if __name__ == "__main__":
    main()
