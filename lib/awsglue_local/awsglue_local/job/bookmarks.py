"""Job bookmarks: one JSON file per job below $GLUE_LOCAL_STATE/bookmarks, in the shapes of AWS's
API.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html; API GetJobBookmark,
ResetJobBookmark. The version grows with every update and never falls back, so that a run that
overlaps a reset can not save either.
"""

import fcntl
import json
import os
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from awsglue_local.errors import BookmarkNotFoundError, LocalGlueError, VersionMismatchException

STATE_VARIABLE = "GLUE_LOCAL_STATE"
_NEW: dict[str, Any] = {
    "version": 0,
    "run": 0,
    "attempt": 0,
    "run_id": None,
    "previous_run_id": None,
    "open_run_id": None,
    "states": {},
    "runs": {},
}


def begin(job_name: str, run_id: str) -> tuple[int, dict[str, Any]]:
    """Notes that a run begins; the version it must find at its commit, and the states by
    transformation_ctx.
    """
    with _record(job_name) as record:
        if record["open_run_id"] is not None:
            record["attempt"] += 1  # the run before did not commit
        record["open_run_id"] = run_id
        return record["version"], record["states"]


def commit(job_name: str, run_id: str, expected_version: int, states: dict[str, Any]) -> int:
    """Saves all states if nobody else has since `begin`; the new version. Else
    VersionMismatchException.
    """
    with _record(job_name) as record:
        if record["version"] != expected_version:
            raise VersionMismatchException(expected_version, record["version"])
        record.update(
            version=expected_version + 1,
            run=record["run"] + 1,
            attempt=0,
            previous_run_id=record["run_id"],
            run_id=run_id,
            open_run_id=None,
            states=states,
        )
        record["runs"][run_id] = states
        return expected_version + 1


def states(job_name: str, run_id: str | None = None) -> dict[str, Any]:
    """The states by transformation_ctx, newest or as a run left them; {} if none ever was."""
    with _record(job_name) as record:
        if run_id is None:
            return dict(record["states"])
        return dict(_of_run(job_name, record, run_id))


def get(job_name: str, run_id: str | None = None) -> dict[str, Any]:
    """AWS's GetJobBookmark response; BookmarkNotFoundError (EntityNotFoundException) if no run ever
    saved one.
    """
    with _record(job_name) as record:
        if record["version"] == 0:
            raise BookmarkNotFoundError(job_name)
        return {"JobBookmarkEntry": _entry(job_name, record, run_id)}


def reset(job_name: str, run_id: str | None = None) -> dict[str, Any]:
    """AWS's ResetJobBookmark: forgets everything, or goes back to what `run_id` left. Targets are
    not touched.
    """
    with _record(job_name) as record:
        if record["version"] == 0:
            raise BookmarkNotFoundError(job_name)
        kept = _of_run(job_name, record, run_id) if run_id is not None else {}
        record.update(
            version=record["version"] + 1, states=kept, run_id=run_id, previous_run_id=None
        )
        record.update(attempt=0, open_run_id=None)
        if run_id is None:
            record.update(run=0, runs={})
        return {"JobBookmarkEntry": _entry(job_name, record, None)}


def _of_run(job_name: str, record: dict[str, Any], run_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = record["runs"].get(run_id)
    if found is None:
        raise BookmarkNotFoundError(job_name, run_id)
    return found


def _entry(job_name: str, record: dict[str, Any], run_id: str | None) -> dict[str, Any]:
    shown = _of_run(job_name, record, run_id) if run_id is not None else record["states"]
    entry = {
        "JobName": job_name,
        "Version": record["version"],
        "Run": record["run"],
        "Attempt": record["attempt"],
        "PreviousRunId": record["previous_run_id"],
        "RunId": run_id or record["run_id"],
        "JobBookmark": json.dumps(shown),
    }
    return {key: value for key, value in entry.items() if value is not None}


@contextmanager
def _record(job_name: str) -> Iterator[dict[str, Any]]:
    """The job's record, locked; written back whole and atomically if it has changed."""
    folder = os.environ.get(STATE_VARIABLE)
    if not folder:
        raise LocalGlueError(
            f"job bookmarks need a folder: set {STATE_VARIABLE}, or run the job by `glue-local run`"
        )
    path = Path(folder) / "bookmarks" / f"{urllib.parse.quote(job_name, safe='')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = path.read_text() if path.exists() else json.dumps(_NEW)
        record: dict[str, Any] = json.loads(before)
        yield record
        after = json.dumps(record)
        if after != before:
            draft = path.with_suffix(".draft")
            draft.write_text(after)
            draft.replace(path)
