"""The clock of the local AWS: schedules, timeouts and event windows run by it, perhaps faster."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_TICK_SECONDS = 0.5


class Clock:
    """Time since the start of the server, `speed` times as fast as the wall clock's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._began = time.monotonic()
        self._at = datetime.now(UTC)

    def now(self) -> datetime:
        """The present moment of this clock, aware, UTC."""
        passed = (time.monotonic() - self._began) * self.speed
        return self._at + timedelta(seconds=passed)

    def real_seconds(self, seconds: float) -> float:
        """How long `seconds` of this clock take."""
        return seconds / self.speed

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Calls `action` when `seconds` of this clock have passed, in a thread of its own."""
        timer = threading.Timer(self.real_seconds(seconds), action)
        timer.daemon = True
        timer.start()


class Schedule:
    """Fires due triggers by the clock while it is on."""

    def __init__(self, clock: Clock, fire: Callable[[datetime, datetime], object]) -> None:
        self._clock = clock
        self._fire = fire
        self._off = threading.Event()
        self._off.set()
        self._lock = threading.Lock()

    @property
    def enabled(self) -> bool:
        return not self._off.is_set()

    def enable(self, wanted: bool) -> None:
        """Switches the schedule on or off; what was due while it was off does not fire."""
        with self._lock:
            if wanted and self._off.is_set():
                self._off = threading.Event()
                threading.Thread(target=self._run, args=(self._off,), daemon=True).start()
            elif not wanted:
                self._off.set()

    def _run(self, off: threading.Event) -> None:
        since = self._clock.now()
        while not off.wait(min(_TICK_SECONDS, self._clock.real_seconds(30))):
            until = self._clock.now()
            self._fire(since, until)
            since = until
