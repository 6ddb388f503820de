"""What job runs have written, from CloudWatch Logs."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

GROUPS = ("/aws-glue/jobs/output", "/aws-glue/jobs/error")
_PAUSE_SECONDS = 0.3


def lines(logs: Any, run_id: str) -> list[str]:
    """Standard output and error of a run, in the order of their times."""
    events = [event for group in GROUPS for event in _events(logs, run_id, group)]
    return [message for _, message in sorted(events, key=lambda event: event[0])]


def follow(
    logs: Any, run_ids: Callable[[], Sequence[str]], ended: Callable[[], bool]
) -> Iterator[str]:
    """Lines of the runs as they come, until `ended`; a run that joins later is followed too."""
    told: dict[tuple[str, str], int] = {}
    while True:
        last = ended()
        for run_id in run_ids():
            for group in GROUPS:
                found = _events(logs, run_id, group)
                yield from (message for _, message in found[told.get((run_id, group), 0) :])
                told[run_id, group] = len(found)
        if last:
            return
        time.sleep(_PAUSE_SECONDS)


def _events(logs: Any, run_id: str, group: str) -> list[tuple[int, str]]:
    """(time in milliseconds, message) of one stream; empty where the run wrote nothing to it."""
    events: list[tuple[int, str]] = []
    request = {"logGroupName": group, "logStreamName": run_id, "startFromHead": True}
    while True:
        try:
            page = logs.get_log_events(**request)
        except logs.exceptions.ResourceNotFoundException:
            return events
        events += [(event["timestamp"], event["message"]) for event in page["events"]]
        if page["nextForwardToken"] == request.get("nextToken") or not page["events"]:
            return events
        request["nextToken"] = page["nextForwardToken"]
