"""Folders of the clone that the local stack uses."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"  # fetched: safe to delete, costs a download
DATA = ROOT / ".data"  # written: the broker's log, the metrics, what Slack's stand-in received
