"""The output of job runs: CloudWatch Logs as on AWS, and one merged file a run.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
"""

import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Any, Self

from moto.logs.models import logs_backends

OUTPUT, ERROR = "/aws-glue/jobs/output", "/aws-glue/jobs/error"
"""The log groups of standard output and standard error; the stream is the run's id."""
_TAIL = 400
_LOCK = threading.Lock()
"""moto's log groups are not safe against two runs that write at once."""


class JobLog:
    """Takes a run's bytes as they come; whole lines go to CloudWatch Logs."""

    def __init__(self, account: str, region: str, run_id: str, file: Path) -> None:
        self._backend: Any = logs_backends[account][region]
        self._run_id = run_id
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = file.open("wb", buffering=0)
        self._open_line = {OUTPUT: b"", ERROR: b""}
        self.errors: deque[str] = deque(maxlen=_TAIL)
        """The last lines of standard error."""

    def write(self, group: str, content: bytes) -> None:
        """Notes what the run has written to the stream of `group`."""
        self._file.write(content)
        *lines, self._open_line[group] = (self._open_line[group] + content).split(b"\n")
        self._send(group, lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        """Sends what did not end with a line's end, and closes the file."""
        for group, rest in self._open_line.items():
            if rest:
                self._send(group, [rest])
        self._open_line = {OUTPUT: b"", ERROR: b""}
        self._file.close()

    def _send(self, group: str, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace") for line in lines]
        if group == ERROR:
            self.errors.extend(texts)
        # CloudWatch Logs takes no empty message.
        events = [{"timestamp": int(time.time() * 1000), "message": text} for text in texts if text]
        if not events:
            return
        with _LOCK:
            if group not in self._backend.groups:
                self._backend.create_log_group(group, {})
            if self._run_id not in self._backend.groups[group].streams:
                self._backend.create_log_stream(group, self._run_id)
            self._backend.put_log_events(group, self._run_id, events)
