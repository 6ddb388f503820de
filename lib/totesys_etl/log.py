"""Logs: one JSON line per table and step, with counts and seconds; never row content or secrets.

On AWS Glue standard output goes to CloudWatch Logs, so `print` is the transport.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any


class Log:
    """Writes JSON lines that all carry `fields` (job, run id)."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def __call__(self, event: str, **fields: Any) -> None:
        """One line: time, the common fields, `event`, then `fields` (counts, names, seconds)."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, **self._fields, "event": event, **fields}
        sys.stdout.write(json.dumps(line, default=str) + "\n")
        sys.stdout.flush()

    @contextmanager
    def step(self, event: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """Times a block and logs it when it succeeds; the block may add fields to the dict."""
        started = time.monotonic()
        result: dict[str, Any] = {}
        yield result
        self(event, **fields, **result, seconds=round(time.monotonic() - started, 3))
