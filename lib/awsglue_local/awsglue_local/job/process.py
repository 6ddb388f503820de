"""One attempt of a job run: a process group of its own, with AWS's arguments and nothing of ours in
its way.
"""

import contextlib
import os
import re
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from awsglue_local.runs import JobState

PASSED_VARIABLES = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "PYTHONDONTWRITEBYTECODE",
    "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE", "COVERAGE_RCFILE",
)  # fmt: skip
STOP_SECONDS = 10.0
_LINE = re.compile(r"^(?P<name>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")


def environment(additional: Mapping[str, str], pass_through: Sequence[str] = ()) -> dict[str, str]:
    """The variables of a job: a few of the caller's, then `additional`."""
    kept = {
        name: os.environ[name] for name in (*PASSED_VARIABLES, *pass_through) if name in os.environ
    }
    return (
        kept
        | {"TZ": "UTC", "PYTHONUNBUFFERED": "1", "PYSPARK_PYTHON": sys.executable}
        | dict(additional)
    )


def run(
    command: Sequence[str], variables: Mapping[str, str], folder: Path, log: Path, seconds: float
) -> tuple[JobState, str | None]:
    """Runs to the end or to the timeout; the state and the error's first line. The whole group ends
    with it.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # nosec B603
            command,
            env=dict(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return "TIMEOUT", f"Job run exceeded its timeout of {seconds / 60:g} minute(s)"
        finally:
            _end_group(process)
    return ("SUCCEEDED", None) if code == 0 else ("FAILED", error_message(log, code))


def error_message(log: Path, code: int) -> str:
    """ "Type: message" of the exception that ended the script, from its last traceback; never a
    Java trace.
    """
    if code < 0:
        return f"The job's process was ended by {signal.Signals(-code).name}"
    lines = log.read_text(errors="replace").splitlines()
    starts = [
        number
        for number, line in enumerate(lines)
        if line.startswith("Traceback (most recent call last)")
    ]
    for line in lines[starts[-1] + 1 :] if starts else ():
        found = _LINE.match(line)
        if found:
            name = found["name"].rpartition(".")[2]
            return f"{name}: {found['text']}" if found["text"] else name
    return f"SystemExit: {code}"


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ends what is left of the job: its group (the JVM) and its session (Python workers, in groups
    of their own).
    """
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        for pid in session_members(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None and not session_members(process.pid):
                return
            time.sleep(0.02)


def session_members(session_id: int) -> list[int]:
    """The living processes of a session; empty where there is no /proc (macOS)."""
    members = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            # After the name in brackets: state, parent, group, session (man 5 proc).
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(session) == session_id and state != "Z":
                members.append(int(entry.name))
    return members
