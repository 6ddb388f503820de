"""Side effects of a running job: named and numbered as they happen, disturbed where a plan says.

Everything that a job changes outside its process passes one of three gates: HTTP to the local AWS,
the warehouse's sessions, the job's bookmark. Nobody lists effects: what is not known to be a read
is one.
"""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

_VARIES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"jr_[0-9a-f]+(_attempt_\d+)?"), "<run>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z"), "<time>"),
    (re.compile(r"ingest_date=\d{4}-\d\d-\d\d"), "ingest_date=<day>"),
    (re.compile(r"-case\d+"), ""),
    (re.compile(r"_case\d+"), ""),
)
"""What differs between two runs that do the same, in paths, names and statements."""


class Disturbance(Enum):
    """What happens to an effect. Killed: every process of the job gets SIGKILL."""

    KILLED_BEFORE = "killed before it"
    KILLED_AFTER = "killed after it"
    REFUSED = "refused: 503 SlowDown"
    CONFLICT = "refused: 409 ConditionalRequestConflict"
    RESET = "connection reset before it"
    ANSWER_LOST = "connection reset after it"

    @property
    def kills(self) -> bool:
        """Whether the job's attempt ends with it."""
        return self in (Disturbance.KILLED_BEFORE, Disturbance.KILLED_AFTER)


@dataclass(frozen=True)
class Effect:
    """`ordinal` counts, from 1, the effects of that name in one attempt of the job."""

    name: str
    ordinal: int

    def __str__(self) -> str:
        return self.name if self.ordinal == 1 else f"{self.name} ({self.ordinal})"


Plan = Callable[[Effect], Disturbance | None]


def undisturbed(effect: Effect) -> Disturbance | None:
    """The plan of a run that is only watched."""
    return None


class Effects:
    """The effects of one run of a job, all its attempts, since `planned`.

    Threads of a job race, so the same effect may have another place in another run, never another
    name.
    """

    def __init__(self) -> None:
        self.met: list[Effect] = []
        self.struck: list[tuple[Effect, Disturbance]] = []
        self._plan: Plan = undisturbed
        self._end_job: Callable[[], None] = lambda: None
        self._runs: Callable[[], bool] = lambda: True
        self._attempt: Counter[str] = Counter()
        self._condemned = self._ended = False
        self._lock = threading.Lock()

    @contextmanager
    def planned(
        self, plan: Plan, end_job: Callable[[], None], runs: Callable[[], bool]
    ) -> Iterator[None]:
        """Forgets what was, and follows `plan` meanwhile; `end_job` returns when every process of
        the job is gone, `runs` says whether there is one.
        """
        self.met, self.struck, self._attempt = [], [], Counter()
        self._condemned = self._ended = False
        self._plan, self._end_job, self._runs = plan, end_job, runs
        try:
            yield
        finally:
            self._plan = undisturbed

    def meet(self, name: str) -> Disturbance | None:
        """An effect is about to happen: what is to be done about it."""
        for pattern, replacement in _VARIES:
            name = pattern.sub(replacement, name)
        with self._lock:
            if self._ended and self._runs():
                self._attempt, self._condemned, self._ended = Counter(), False, False
            self._attempt[name] += 1
            effect = Effect(name, self._attempt[name])
            self.met.append(effect)
            # What other threads of an attempt that is killed still do, or had begun, is let be.
            disturbance = None if self._condemned else self._plan(effect)
            if disturbance is not None:
                self._condemned = disturbance.kills
                self.struck.append((effect, disturbance))
        return disturbance

    def kill(self) -> None:
        """Ends the job; its next attempt counts anew."""
        self._end_job()
        with self._lock:
            self._ended = True
