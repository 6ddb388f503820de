"""What every case starts from and has to end like: each job in two scenes, run undisturbed once.

Scene `first`: an empty lake, catalogue and warehouse. Scene `next`: a batch like any other, with
new rows, silent edits, deletes, both sides of joined dimensions, and a value for the quarantine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from e2e.conftest import FIRST_LIVE_DAY
from e2e.crashes.bench import Bench
from e2e.crashes.contents import contents
from e2e.crashes.effects import Effect
from e2e.crashes.place import JOBS, Place, copied, empty_place
from totesys_simulator import Simulator, history

FIRST, NEXT = "first", "next"
SCENES = (FIRST, NEXT)
EDITS = (
    "UPDATE sales_order SET staff_id = staff_id % 20 + 1 WHERE sales_order_id = 5",
    "UPDATE address SET district = 'Rutland' WHERE address_id = 15",
    "UPDATE department SET location = 'York' WHERE department_id = 1",
    "UPDATE payment SET payment_date = '2022-02-30' WHERE payment_id = 2",
    "DELETE FROM payment WHERE payment_id = 7",
)
"""Behind the back of last_updated."""


@dataclass(frozen=True)
class Stage:
    """`start` is never run in; `effects` in the order in which the undisturbed run met them."""

    job: str
    start: Place
    effects: tuple[Effect, ...]
    expected: dict[str, Any]

    def copy(self) -> Place:
        """A place in which the job can run."""
        return copied(self.start, self.start.bookmark)


@dataclass
class Stages:
    """The stages, made in order as they are asked for: the source only goes forward."""

    bench: Bench
    source: psycopg.Connection[Any]
    _made: dict[tuple[str, str], Stage] = field(default_factory=dict)
    _newest: Place | None = None

    def stage(self, scene: str, job: str) -> Stage:
        """Stage of `job` in `scene`. An ingest of scene `first` has to be asked for, and tried,
        before any other scene.
        """
        wanted = [(s, j) for s in SCENES for j in JOBS]
        for key in wanted[: wanted.index((scene, job)) + 1]:
            if key not in self._made:
                self._made[key] = self._make(*key)
        return self._made[scene, job]

    def _make(self, scene: str, job: str) -> Stage:
        if job == JOBS[0]:
            _SOURCE[scene](self.source)
        start = self._newest or empty_place(self.bench.platform)
        outcome = self.bench.run(copied(start, start.bookmark), job)
        assert outcome.states == ["SUCCEEDED"], outcome.attempts
        self._newest = outcome.place
        return Stage(job, start, outcome.met, contents(outcome.place))


def _live_on(source: psycopg.Connection[Any]) -> None:
    simulator = Simulator(source, 11, clock=datetime.combine(FIRST_LIVE_DAY, datetime.min.time()))
    assert simulator.minutes(90)
    for edit in EDITS:
        assert source.execute(edit.encode()).rowcount == 1, edit


_SOURCE: dict[str, Callable[[psycopg.Connection[Any]], object]] = {
    FIRST: lambda source: history(source, FIRST_LIVE_DAY),
    NEXT: _live_on,
}
