"""One attempt of a job run: a process group of its own, with AWS's arguments and nothing of ours in
its way.
"""

import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from awsglue_local.processes import STOP_SECONDS

PASSED_VARIABLES = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "PYTHONDONTWRITEBYTECODE",
    "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE", "COVERAGE_RCFILE",
)  # fmt: skip
_LINE = re.compile(r"^(?P<name>[A-Za-z_][\w.]*)(?:: (?P<text>.*))?$")


def environment(additional: Mapping[str, str]) -> dict[str, str]:
    """The variables of a job: a few of this process's, then `additional`."""
    kept = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
    own = {"TZ": "UTC", "PYTHONUNBUFFERED": "1", "PYSPARK_PYTHON": sys.executable}
    return kept | own | dict(additional)


def error_message(errors: Iterable[str], code: int) -> str:
    """ "Type: message" of the exception that ended the script, from its last traceback; never a
    Java trace.
    """
    if code < 0:
        return f"The job's process was ended by {signal.Signals(-code).name}"
    lines = list(errors)
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


def end_session(pid: int, seconds: float) -> None:
    """Ends the group and session that process `pid` leads: SIGTERM, SIGKILL after `seconds`."""
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, sign)
        for member in session_members(pid):
            with contextlib.suppress(ProcessLookupError):
                # Once each: a process may be in the middle of what the signal made it do.
                if os.getpgid(member) != pid:
                    os.kill(member, sign)
        deadline = time.monotonic() + patience
        while session_members(pid):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return


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
