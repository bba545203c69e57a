"""Virtual time under a hand: what each key does, and that time spent paused isn't caught up."""

import pytest

from stream.pace import Pace, Stopped


class Desk:
    """A clock that only sleeping moves, and keys pressed at given seconds."""

    def __init__(self, keys: dict[float, str] | None = None) -> None:
        self.at = 0.0
        self._keys = dict(keys or {})

    def clock(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.at += max(seconds, 1e-6)
        assert self.at < 10_000, "it waits for ever"

    def key(self) -> str:
        due = [at for at in self._keys if at <= self.at]
        return self._keys.pop(min(due)) if due else ""


def times(desk: Desk, speed: float | None, ticks: int, *, paused: bool = False) -> list[float]:
    """When each of hourly ticks goes out, in real seconds."""
    pace = Pace(speed, sleep=desk.sleep, clock=desk.clock, key=desk.key)
    pace.paused = paused
    found = []
    for n in range(ticks):
        pace.wait(n * 3_600.0)
        found.append(round(desk.at, 1))
    return found


def test_ticks_go_out_when_due() -> None:
    assert times(Desk(), 3_600, 4) == [0, 1, 2, 3]
    assert times(Desk(), None, 4) == [0, 0, 0, 0]


def test_a_pause_moves_what_follows_and_nothing_is_caught_up() -> None:
    assert times(Desk({1.5: " ", 11.5: " "}), 3_600, 5) == pytest.approx([0, 1, 11.5, 12.5, 13.5], abs=0.15)


def test_a_step_is_one_tick_and_stays_paused() -> None:
    assert times(Desk({2: "s", 5: "s", 9: " "}), None, 4, paused=True) == pytest.approx(
        [2, 5, 9, 9], abs=0.15
    )


def test_faster_and_slower() -> None:
    assert times(Desk({0.5: "+"}), 3_600, 4)[-1] == pytest.approx(0.5 + 2 * 0.5, abs=0.2)
    assert times(Desk({0.5: "-"}), 3_600, 3)[-1] == pytest.approx(0.5 + 2, abs=0.2)


def test_stop_ends_it() -> None:
    with pytest.raises(Stopped):
        times(Desk({1.5: "q"}), 3_600, 4)


def test_who_waits_is_asked_whether_the_worker_lives() -> None:
    desk, asked = Desk(), []
    pace = Pace(1.0, sleep=desk.sleep, clock=desk.clock, idle=lambda: asked.append(desk.at))
    pace.wait(0)
    pace.wait(2)
    assert len(asked) > 10
