"""Running jobs and workflows through AWS's API, and following them to their ends."""

import time
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from awsglue_local.errors import RunError

Progress = Callable[[str], None]
FINAL = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED")
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 0.5


@dataclass(frozen=True)
class JobRun:
    """One attempt. `attempt` counts from 0 and each has its own `run_id`, as on AWS; `log` is its
    merged output on this machine, where the state folder is known.
    """

    job: str
    run_id: str
    attempt: int
    state: str
    error_message: str | None
    seconds: float
    started_on: datetime
    log: Path | None = None


@dataclass(frozen=True)
class WorkflowRun:
    """A run of a workflow: every attempt of every job, in the order of their starts."""

    workflow: str
    run_id: str
    status: str
    job_runs: tuple[JobRun, ...]
    error_message: str | None = None

    @property
    def outcomes(self) -> dict[str, JobRun]:
        """The last attempt of each job that ran."""
        return {run.job: run for run in self.job_runs}

    @property
    def succeeded(self) -> bool:
        """Whether it completed and every job that ran did succeed in the end (AWS's COMPLETED
        alone does not say so).
        """
        good = all(run.state == "SUCCEEDED" for run in self.outcomes.values())
        return self.status == "COMPLETED" and good


def run_workflow(
    glue: Any,
    name: str,
    *,
    properties: Mapping[str, str] | None = None,
    progress: Progress = lambda line: None,
    state_dir: Path | None = None,
) -> WorkflowRun:
    """StartWorkflowRun, then its end; `progress` gets a line for every change of a job run.

    A job that fails is a result; RunError when the workflow can not be started. On
    KeyboardInterrupt the run is stopped first.
    """
    try:
        run_id = glue.start_workflow_run(Name=name, RunProperties=dict(properties or {}))["RunId"]
    except glue.exceptions.EntityNotFoundException as error:
        known = ", ".join(glue.list_workflows()["Workflows"])
        raise RunError(f"there is no workflow {name}; deployed are {known or 'none'}") from error
    except glue.exceptions.ConcurrentRunsExceededException as error:
        raise RunError(f"{error.response['Error']['Message']} Wait, or stop one") from error
    try:
        return follow_workflow(glue, name, run_id, progress=progress, state_dir=state_dir)
    except BaseException:
        if glue.get_workflow_run(Name=name, RunId=run_id)["Run"]["Status"] == "RUNNING":
            glue.stop_workflow_run(Name=name, RunId=run_id)
            follow_workflow(glue, name, run_id, progress=progress, state_dir=state_dir)
        raise


def follow_workflow(
    glue: Any,
    name: str,
    run_id: str,
    *,
    progress: Progress = lambda line: None,
    state_dir: Path | None = None,
) -> WorkflowRun:
    """The run once it has ended."""
    teller = _Teller(progress)
    for _ in _moments():
        run = glue.get_workflow_run(Name=name, RunId=run_id, IncludeGraph=True)["Run"]
        attempts = _attempts(run["Graph"]["Nodes"], state_dir)
        teller.tell(attempts)
        if run["Status"] not in ("RUNNING", "STOPPING"):
            return WorkflowRun(name, run_id, run["Status"], attempts, run.get("ErrorMessage"))
    raise AssertionError("the moments have no end")


def run_job(
    glue: Any,
    name: str,
    arguments: Mapping[str, str] | None = None,
    *,
    progress: Progress = lambda line: None,
    state_dir: Path | None = None,
) -> tuple[JobRun, ...]:
    """StartJobRun, then the ends of all attempts, oldest first. As run_workflow otherwise."""
    try:
        run_id = glue.start_job_run(JobName=name, Arguments=dict(arguments or {}))["JobRunId"]
    except glue.exceptions.EntityNotFoundException as error:
        known = ", ".join(glue.list_jobs()["JobNames"])
        raise RunError(f"there is no job {name}; deployed are {known or 'none'}") from error
    except glue.exceptions.ConcurrentRunsExceededException as error:
        raise RunError(f"{error.response['Error']['Message']}: wait, or stop one") from error
    try:
        return _follow_job(glue, name, run_id, progress, state_dir)
    except BaseException:
        unfinished = [
            run.run_id
            for run in _attempts_of_job(glue, name, run_id, state_dir)
            if run.state not in FINAL
        ]
        if unfinished:
            glue.batch_stop_job_run(JobName=name, JobRunIds=unfinished)
            _follow_job(glue, name, run_id, progress, state_dir)
        raise


def job_run(shown: Mapping[str, Any], state_dir: Path | None = None) -> JobRun:
    """From GetJobRun's JobRun."""
    ended = shown.get("CompletedOn") or datetime.now(shown["StartedOn"].tzinfo)
    name = urllib.parse.quote(shown["JobName"], safe="")
    return JobRun(
        shown["JobName"],
        shown["Id"],
        shown["Attempt"],
        shown["JobRunState"],
        shown.get("ErrorMessage"),
        (ended - shown["StartedOn"]).total_seconds(),
        shown["StartedOn"],
        state_dir / "logs" / name / f"{shown['Id']}.log" if state_dir else None,
    )


class _Teller:
    """Says what has changed since it was told last."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._states: dict[str, str] = {}

    def tell(self, attempts: Iterable[JobRun]) -> None:
        for run in attempts:
            before = self._states.get(run.run_id)
            if before == run.state:
                continue
            self._states[run.run_id] = run.state
            if run.state in FINAL:
                detail = f": {run.error_message}" if run.error_message else ""
                self._progress(f"{run.job}: {run.state} after {run.seconds:.1f} s{detail}")
            elif before is None and run.state != "WAITING":
                self._progress(f"{run.job}: running (attempt {run.attempt + 1})")
            elif run.state in ("WAITING", "STOPPING"):
                self._progress(f"{run.job}: {run.state.lower()}")


def _follow_job(
    glue: Any, name: str, run_id: str, progress: Progress, state_dir: Path | None
) -> tuple[JobRun, ...]:
    teller = _Teller(progress)
    for _ in _moments():
        attempts = _attempts_of_job(glue, name, run_id, state_dir)
        teller.tell(attempts)
        if all(run.state in FINAL for run in attempts):
            return attempts
    raise AssertionError("the moments have no end")


def _attempts_of_job(
    glue: Any, name: str, run_id: str, state_dir: Path | None
) -> tuple[JobRun, ...]:
    runs = glue.get_job_runs(JobName=name)["JobRuns"]
    own = [run for run in runs if run["Id"] == run_id or run["Id"].startswith(f"{run_id}_attempt")]
    return tuple(sorted((job_run(run, state_dir) for run in own), key=lambda run: run.attempt))


def _attempts(nodes: Iterable[Mapping[str, Any]], state_dir: Path | None) -> tuple[JobRun, ...]:
    shown = (run for node in nodes for run in node.get("JobDetails", {}).get("JobRuns", ()))
    return tuple(sorted((job_run(run, state_dir) for run in shown), key=lambda r: r.started_on))


def _moments() -> Iterable[None]:
    """Now, and again after ever longer pauses."""
    pause = _SHORTEST_SECONDS
    while True:
        yield
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_SECONDS)
