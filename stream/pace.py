"""Pace: how fast virtual time goes, and a hand on it: pause, one step, faster, slower, stop."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import select

LONGEST_SLEEP = 0.1  # seconds until a key is looked for again
FASTEST = 1e9


class Stopped(Exception):  # noqa: N818 - somebody's wish, not a failure
    """The person at the terminal ended the replay; it can be resumed."""


class Pace:
    """Waits until a virtual time is due. `speed`: virtual seconds per second; None: as fast as it goes.

    `key` gives the key pressed since, or "": space pauses and goes on, "s" goes one tick further, "+" and "-" double
    and halve the speed, "q" stops. The clock starts anew after each of these, so time spent paused isn't caught up.
    """

    def __init__(
        self,
        speed: float | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        key: Callable[[], str] = lambda: "",
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self.speed = speed
        self.paused = False
        self._sleep = sleep
        self._clock = clock
        self._key = key
        self._idle = idle
        self._began: tuple[float, float] | None = None

    def wait(self, at: float) -> None:
        """Wait until the virtual time `at` (epoch seconds) is due.

        Raises
        ------
        Stopped
            where that was asked for.
        """
        while not self._answer(at):
            self._idle()
            self._sleep(LONGEST_SLEEP if self.paused else min(LONGEST_SLEEP, self._ahead(at)))

    def _answer(self, at: float) -> bool:
        """Heed a key; True where the tick may go out."""
        key = self._key()
        if key == "q":
            raise Stopped
        if key == " ":
            self.paused = not self.paused
        if key in {"+", "-"}:
            self.speed = min(FASTEST, (self.speed or FASTEST) * (2.0 if key == "+" else 0.5))
        if key:
            self._began = None
        if key == "s":
            self.paused = True
            return True
        return not self.paused and self._ahead(at) <= 0

    def _ahead(self, at: float) -> float:
        """Seconds until a virtual time is due."""
        if self.speed is None:
            return 0.0
        now = self._clock()
        if self._began is None:
            self._began = (now, at)
        return self._began[0] + (at - self._began[1]) / self.speed - now


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """Give a function that says which key was pressed, without waiting; on anything but a terminal, none ever is."""
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    import termios  # noqa: PLC0415 - not everywhere, and needed on a terminal only
    import tty  # noqa: PLC0415

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield lambda: sys.stdin.read(1) if select([sys.stdin], [], [], 0)[0] else ""
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
