"""/live turns red when the loop, a partition or its commits stand still; /ready waits for the state."""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from stream.settings import Settings
from stream.sinks.health import JOIN_SECONDS, LOOP_SECONDS, STALL_SECONDS, Health, Position, Vitals
from stream.sinks.web import AT_ONCE, Web

TP = ("articles", 0)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    made = Health(clock, began=1_645_000_000.0)
    made.assigned()
    clock.now += 2
    made.recovered()
    return made


def go_on(clock: Clock, health: Health, seconds: int, at: Callable[[int], Position]) -> None:
    for second in range(seconds):
        clock.now += 1
        health.beat({TP: at(second)})


def test_a_worker_that_gets_on_is_alive(clock: Clock, health: Health) -> None:
    go_on(clock, health, 600, lambda n: Position(n, n + 1_000, n))
    assert health.wrong() == []


def test_a_worker_with_nothing_to_do_is_alive(clock: Clock, health: Health) -> None:
    go_on(clock, health, 600, lambda _: Position(7, 7, 7))
    go_on(clock, health, 600, lambda _: Position(7, None, 7))
    assert health.wrong() == []


def test_a_blocked_loop_is_red(clock: Clock, health: Health) -> None:
    health.beat({})
    clock.now += LOOP_SECONDS
    assert health.wrong() == []
    clock.now += 1
    assert "event loop has been blocked for 31 s" in health.wrong()[0]
    health.beat({})
    assert health.wrong() == []


def test_a_partition_that_stands_with_something_unread_is_red(clock: Clock, health: Health) -> None:
    go_on(clock, health, 600, lambda _: Position(7, 7, 7))
    go_on(clock, health, int(STALL_SECONDS), lambda n: Position(7, 8 + n, 7))
    assert health.wrong() == []
    go_on(clock, health, 1, lambda _: Position(7, 99, 7))
    assert health.wrong() == ["articles/0 has stood at 7 for 61 s with 92 unread"]
    go_on(clock, health, 1, lambda _: Position(8, 99, 8))
    assert health.wrong() == []


def test_work_that_is_never_committed_is_red(clock: Clock, health: Health) -> None:
    go_on(clock, health, int(STALL_SECONDS) + 2, lambda n: Position(n + 6, n + 6, 5))
    assert "is committed up to 5 for" in health.wrong()[0]


def test_partitions_that_are_lost_are_forgotten(clock: Clock, health: Health) -> None:
    go_on(clock, health, int(STALL_SECONDS) + 2, lambda _: Position(7, 9, 7))
    assert health.wrong()
    health.revoked()
    assert health.wrong() == []
    assert health.missing() == ["no partitions are assigned yet"]


def test_ready_is_assigned_and_recovered(clock: Clock) -> None:
    health = Health(clock, began=0.0)
    assert health.missing() == ["no partitions are assigned yet"]
    health.assigned()
    assert health.missing() == ["the state is being recovered"]
    health.recovered()
    assert health.missing() == []


def test_what_never_joins_is_red(clock: Clock) -> None:
    health = Health(clock, began=0.0)
    for _ in range(int(JOIN_SECONDS) + 1):
        clock.now += 1
        health.beat({})
    assert health.wrong() == ["no partitions are assigned yet, for 301 s"]


def test_vitals_count_what_happened(health: Health) -> None:
    health.revoked()
    registry = CollectorRegistry()
    registry.register(Vitals(Settings(), "belarus_entry", health, lambda: {"reports": 3}))
    text = generate_latest(registry).decode()
    for sample in (
        'start_timestamp_seconds{environment="live",problem="belarus_entry"} 1.645e+09',
        'rebalances_total{environment="live",problem="belarus_entry"} 1.0',
        'recovery_seconds{environment="live",problem="belarus_entry"} 2.0',
        'live{environment="live",problem="belarus_entry"} 1.0',
        'ready{environment="live",problem="belarus_entry"} 0.0',
        'bounded_total{bound="reports",environment="live",problem="belarus_entry"} 3.0',
    ):
        assert f"belwatch_{sample}" in text


@pytest.fixture
def web(health: Health) -> Iterator[Web]:
    made = Web(Settings(metrics_port=0), health)
    yield made
    made.close()


def get(web: Web, path: str) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read().decode()
    finally:
        line.close()


def test_the_endpoints_say_so(clock: Clock, health: Health, web: Web) -> None:
    assert get(web, "/live") == (200, "live\n")
    assert get(web, "/ready") == (200, "ready\n")
    assert get(web, "/else")[0] == 404
    health.revoked()
    assert get(web, "/live")[0] == 200
    assert get(web, "/ready") == (503, "no partitions are assigned yet\n")
    clock.now += LOOP_SECONDS + 1
    assert get(web, "/live") == (503, "the event loop has been blocked for 31 s\n")


def test_connections_beyond_the_bound_are_closed_and_counted(web: Web) -> None:
    silent = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(AT_ONCE)]
    try:
        for line in silent:
            line.sendall(b"GET /live HTTP/1.1\r\n")  # and never the end of it
        with pytest.raises((OSError, http.client.HTTPException)):
            get(web, "/live")  # the server takes them in order: by now there is no room
    finally:
        for line in silent:
            line.close()

    def counted() -> bool:
        with suppress(OSError, http.client.HTTPException):
            return "belwatch_web_refused_total 0.0" not in get(web, "/metrics")[1]
        return False

    assert any(counted() for _ in range(1_000))
