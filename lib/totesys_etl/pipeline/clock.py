"""The clock of a run."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Naive UTC in whole milliseconds."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
