"""Operating-system processes that we started, perhaps in an earlier command."""

from collections.abc import Mapping

import psutil

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


def end_process(pid: int, seconds: float = STOP_SECONDS) -> None:
    """SIGTERM, then SIGKILL after `seconds`; returns when the process is gone."""
    try:
        process = psutil.Process(pid)
        for end in (process.terminate, process.kill):
            end()
            if not psutil.wait_procs([process], timeout=seconds)[1]:
                return
    except psutil.NoSuchProcess:
        return
    raise LocalGlueError(f"process {pid} does not end even on SIGKILL")
