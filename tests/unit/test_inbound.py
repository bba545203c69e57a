# ruff: noqa: ANN401 - a record is whatever has its fields
from types import SimpleNamespace
from typing import Any

import pytest

from stream.agents import inbound


def record(*headers: tuple[str, bytes | None], value: bytes | None = b"{}") -> Any:
    return SimpleNamespace(offset=7, timestamp=1_646_000_000_500, key=None, value=value, headers=headers)


def test_received_at_is_the_header() -> None:
    read = inbound(record(("received_at", b"2022-02-24T05:00:00+02:00")), "article", "articles-0")
    assert read.received_at == 1_645_671_600.0
    assert (read.kind, read.origin, read.offset) == ("article", "articles-0", 7)


@pytest.mark.parametrize("header", [b"", b"yesterday", b"\xff", b"2022-02-24", b"2022-02-24T05:00:00"])
def test_a_header_that_is_no_instant_leaves_kafkas_own_time(header: bytes) -> None:
    assert inbound(record(("received_at", header)), "article", "articles-0").received_at == 1_646_000_000.5


def test_a_tick_says_so_itself_on_whatever_topic() -> None:
    assert inbound(record(("type", b"tick")), "event", "events-1").kind == "tick"


def test_a_record_without_a_value_is_an_empty_message() -> None:
    assert inbound(record(value=None), "article", "articles-0").value == b""


def test_of_a_header_without_a_value_nothing_is_taken() -> None:
    """Kafka allows null there, whatever a producer meant by it."""
    read = inbound(record(("received_at", None), ("type", None)), "article", "articles-0")
    assert (read.kind, read.received_at) == ("article", 1_646_000_000.5)


def test_of_a_header_given_twice_the_last_counts() -> None:
    assert inbound(record(("type", b"tick"), ("type", b"article")), "event", "events-1").kind == "event"
