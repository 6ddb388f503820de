"""Operating-system processes that we started, perhaps in an earlier command."""

import contextlib
import os
import signal
import time
from collections.abc import Mapping

import psutil  # type: ignore[import-untyped]

from awsglue_local.errors import LocalGlueError

STOP_SECONDS = 10.0

Identity = Mapping[str, float]


def alive(pid: int, name: str | None = None) -> bool:
    """Whether the process runs (and its program has this name); one that only waits to be reaped
    does not.
    """
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and name in (None, process.name())
    except psutil.NoSuchProcess:
        return False


def identity(pid: int) -> dict[str, float]:
    """What tells this process from a later one with the same number: its number and when it was
    born.
    """
    return {"pid": pid, "born": psutil.Process(pid).create_time()}


def same(recorded: Identity) -> bool:
    """Whether the recorded process still runs."""
    pid = int(recorded["pid"])
    # Tenths of a second: the clock that birth is counted from is not exact.
    return alive(pid) and abs(psutil.Process(pid).create_time() - recorded["born"]) < 0.5


def wait_for_end(pid: int, seconds: float = STOP_SECONDS) -> bool:
    """Whether the process has ended within `seconds`; one that only waits to be reaped has."""
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end_process(pid: int, seconds: float = STOP_SECONDS) -> None:
    """SIGTERM, then SIGKILL after `seconds`; returns when the process has ended."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if alive(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        if wait_for_end(pid, seconds):
            return
    raise LocalGlueError(f"process {pid} does not end even on SIGKILL")


def terminate(pid: int) -> None:
    """SIGTERM to a process group; nothing happens if it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
