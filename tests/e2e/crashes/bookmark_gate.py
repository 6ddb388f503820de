"""The gate before a job's bookmark: whoever wants it waits for the file's lock, which we hold."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from e2e.crashes.effects import Disturbance, Effects

POLL_SECONDS = 0.02


@contextmanager
def bookmark_gate(state_dir: Path, job: str, effects: Effects) -> Iterator[None]:
    """Each access of `job` to its bookmark is an effect meanwhile: the beginning of a run, which is
    noted, and job.commit().
    """
    file = state_dir / "bookmarks" / f"{job}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    ended = threading.Event()
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        guard = threading.Thread(target=_guard, args=(lock, job, effects, ended))
        guard.start()
        try:
            yield
        finally:
            ended.set()
            guard.join()


def _guard(lock: IO[str], job: str, effects: Effects, ended: threading.Event) -> None:
    inode = os.fstat(lock.fileno()).st_ino
    while not ended.wait(POLL_SECONDS):
        for pid in _waiting(inode):
            disturbance = effects.meet(f"bookmark of {job}")
            if disturbance is Disturbance.KILLED_BEFORE:
                effects.kill()
            fcntl.flock(lock, fcntl.LOCK_UN)
            while _has_open(pid, inode):
                ended.wait(POLL_SECONDS / 5)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if disturbance is Disturbance.KILLED_AFTER:
                effects.kill()


def _waiting(inode: int) -> set[int]:
    """Processes that wait for the lock of a file. Source: man 5 proc, /proc/locks."""
    waiting = set()
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "->" and words[6].rpartition(":")[2] == str(inode):
            waiting.add(int(words[5]))
    return waiting


def _has_open(pid: int, inode: int) -> bool:
    """Whether a process has not finished with a file; False when it is gone."""
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return False
    for descriptor in descriptors:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if descriptor.stat().st_ino == inode:
                return True
    return False
