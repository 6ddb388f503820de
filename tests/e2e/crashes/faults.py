"""Plans that do not kill: every effect of a run meets a fault, and the job has to live with it."""

import resource
from collections import Counter
from collections.abc import Callable

from awsglue_local.job.process import session_members
from e2e.crashes.effects import Disturbance, Effect

AWS_FAULTS = (
    Disturbance.REFUSED, Disturbance.CONFLICT, Disturbance.RESET, Disturbance.ANSWER_LOST,
)  # fmt: skip
CUTS = (Disturbance.RESET, Disturbance.ANSWER_LOST)
COMMIT = "warehouse: COMMIT"


class Faults:
    """Every second time that an effect of some name is met it has a fault, first the first time: so
    what is tried again succeeds. The kinds take turns, beginning with `first`.

    Each cut of the warehouse costs the job an attempt: hence only commits are cut, both ways those
    that end with a write, and one of the others, which `first` picks.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._met: Counter[str] = Counter()

    def __call__(self, effect: Effect) -> Disturbance | None:
        name = effect.name
        if name.startswith("bookmark"):
            return None  # a file here, and a part of Glue itself on AWS
        self._met[name] += 1
        times = self._met[name]
        if name.startswith("warehouse"):
            return self._cut(name, times)
        if times % 2 == 0:
            return None
        return AWS_FAULTS[(self._first + list(self._met).index(name)) % len(AWS_FAULTS)]

    def _cut(self, name: str, times: int) -> Disturbance | None:
        if not name.startswith(COMMIT):
            return None
        if not name.startswith(f"{COMMIT} after SELECT"):
            return CUTS[times - 1] if times <= len(CUTS) else None
        reads = [met for met in self._met if met.startswith(f"{COMMIT} after SELECT")]
        picked, kind = self._first % 2, self._first // 2
        return CUTS[kind] if times == 1 and reads.index(name) == picked else None


class DiskFull:
    """From the first effect on, no process of the first attempt but the script's own can write a
    file: what Spark wants to spool fails as on a full disk, and needs no disk that could be filled.

    The script's own writes the local Glue's bookmark, which on AWS is no file of a worker.
    """

    def __init__(self, sessions: Callable[[], list[int]]) -> None:
        self._sessions = sessions
        self._full = False

    def __call__(self, effect: Effect) -> Disturbance | None:
        if not self._full:
            self._full = True
            for session in self._sessions():
                for pid in session_members(session):
                    if pid != session:
                        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        return None
