"""A run of a Glue job that a command starts, and follows to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import boto3

from totesys_etl.errors import JobRunFailed

FINAL = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED")
SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 5.0
"""Between two looks at a job run."""


def followed(job: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Starts `job` with `arguments` over its own; its JobRun once it has ended, well or not.

    A line for every state it gets into. JobRunFailed when as many runs as may run do already.
    """
    glue = boto3.client("glue")
    try:
        run_id = glue.start_job_run(JobName=job, Arguments=dict(arguments))["JobRunId"]
    except glue.exceptions.ConcurrentRunsExceededException as error:
        raise JobRunFailed(
            f"job {job} is running already: wait until that run has ended, then try again"
        ) from error
    state, pause, began = "", SHORTEST_SECONDS, time.monotonic()
    while True:
        answer: Any = glue.get_job_run(JobName=job, RunId=run_id)
        found: dict[str, Any] = answer["JobRun"]
        if found["JobRunState"] != state:
            state = found["JobRunState"]
            print(f"{job}: {state} after {time.monotonic() - began:.0f} s", flush=True)
        if state in FINAL:
            return found
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_SECONDS)


def succeeded(run: Mapping[str, Any]) -> None:
    """JobRunFailed, with the job's own error, unless `run` (a JobRun that has ended) succeeded."""
    if run["JobRunState"] != "SUCCEEDED":
        told = run.get("ErrorMessage") or f"look at the log of run {run['Id']}"
        raise JobRunFailed(f"job {run['JobName']} ended {run['JobRunState']}: {told}")
