"""From the wish to run a job to its last attempt: limits, waiting, retries, and who is told.

Source: https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html and add-job.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsglue_local.control.runs import ACTIVE, JobRun, WorkflowRun
from awsglue_local.errors import ApiError
from awsglue_local.job.arguments import resolve

if TYPE_CHECKING:
    from awsglue_local.control.plane import ControlPlane

ANNOUNCED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")
"""The states for which AWS sends "Glue Job State Change"."""


class Dispatch:
    """Starts runs within the limits of their jobs, and follows them to their ends."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._waiting: dict[str, list[JobRun]] = {}

    def begin(
        self,
        job_name: str,
        arguments: Mapping[str, str],
        *,
        timeout: int | None = None,
        settings: Mapping[str, Any] | None = None,
        queuing: bool | None = None,
        previous_run_id: str | None = None,
        trigger_name: str | None = None,
        predecessors: tuple[tuple[str, str], ...] = (),
        workflow_run: WorkflowRun | None = None,
    ) -> JobRun:
        """A new run: STARTING, or WAITING where the job is full and queuing is on.

        A full job without queuing: ConcurrentRunsExceededException for StartJobRun; a run started
        by a trigger is recorded as FAILED. A trigger whose job is gone records ERROR.
        """
        job = self._plane.jobs.definitions.get(job_name)
        run = JobRun(
            id=f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}",
            job_name=job_name,
            job=dict(job or {}),
            arguments=dict(arguments),
            timeout=timeout or (job or {}).get("Timeout") or 0,
            settings=dict(settings or {}),
            previous_run_id=previous_run_id,
            trigger_name=trigger_name,
            predecessors=predecessors,
            workflow_run=workflow_run,
            queuing=bool((job or {}).get("JobRunQueuingEnabled") if queuing is None else queuing),
        )
        if job is None:
            self._record(run)
            self._end(run, "ERROR", f"Job {job_name} does not exist", retry=False)
        elif not self._full(job_name):
            self._record(run)
            self._execute(run)
        elif run.queuing:
            run.enter("WAITING")
            self._record(run)
            self._waiting.setdefault(job_name, []).append(run)
        elif trigger_name is None:
            raise ApiError("ConcurrentRunsExceededException", _exceeded(job_name))
        else:
            self._record(run)
            self._end(run, "FAILED", _exceeded(job_name), retry=False)
        return run

    def running(self, run: JobRun) -> None:
        """The executor has started the run's process."""
        with self._plane.lock:
            if run.state == "STARTING":
                run.enter("RUNNING")
                self._tell_if_late(run)

    def finished(self, run: JobRun, state: str, message: str | None) -> None:
        """The executor's last word on a run."""
        with self._plane.lock:
            stopping = run.state == "STOPPING"
            self._end(run, state, message, retry=not stopping)

    def stop(self, run: JobRun) -> None:
        """Asks a run that has not ended to end; a waiting one ends at once."""
        if run.state == "WAITING":
            self._waiting[run.job_name].remove(run)
            self._end(run, "STOPPED", None, retry=False)
        elif run.state != "STOPPING":
            run.enter("STOPPING")
            self._tell_if_late(run)
            self._plane.executor.stop(run.id)

    def job_deleted(self, job_name: str) -> None:
        """Runs that wait for a place of the deleted job will never get one."""
        for run in self._waiting.pop(job_name, []):
            self._end(run, "ERROR", f"Job {job_name} does not exist", retry=False)

    def _record(self, run: JobRun) -> None:
        self._plane.jobs.runs.setdefault(run.job_name, {})[run.id] = run
        if run.workflow_run is not None:
            run.workflow_run.job_runs.setdefault(run.job_name, []).append(run)

    def _full(self, job_name: str) -> bool:
        limit = self._plane.jobs.definitions[job_name].get("ExecutionProperty", {})
        active = [run for run in self._plane.jobs.runs[job_name].values() if run.state in ACTIVE]
        return len(active) >= int(limit.get("MaxConcurrentRuns", 1))

    def _execute(self, run: JobRun) -> None:
        run.enter("STARTING")
        given = resolve(
            run.job.get("DefaultArguments") or {},
            run.arguments,
            run.job.get("NonOverridableArguments") or {},
        )
        self._plane.executor.start(run, given)
        if run.notify_after:
            self._plane.after(60.0 * run.notify_after, lambda: self._delayed(run))

    def _delayed(self, run: JobRun) -> None:
        with self._plane.lock:
            run.late = not run.final
            self._tell_if_late(run)

    def _tell_if_late(self, run: JobRun) -> None:
        """AWS announces a late run once in each state that it is in."""
        if run.late:
            self._plane.emit(run)

    def _end(self, run: JobRun, state: str, message: str | None, *, retry: bool = True) -> None:
        run.enter(state, message)
        if state in ANNOUNCED:
            self._plane.emit(run)
        exists = run.job_name in self._plane.jobs.definitions
        more = run.attempt < (run.job.get("MaxRetries") or 0)
        if retry and exists and more and state == "FAILED":
            self._retry(run)
        else:
            self._plane.triggers.job_ended(run)
        self._start_waiting(run.job_name)

    def _retry(self, run: JobRun) -> None:
        attempt = run.attempt + 1
        first = run.id.removesuffix(f"_attempt_{run.attempt}")
        following = JobRun(
            id=f"{first}_attempt_{attempt}",
            job_name=run.job_name,
            job=run.job,
            arguments=run.arguments,
            timeout=run.timeout,
            settings=run.settings,
            attempt=attempt,
            previous_run_id=run.id,
            trigger_name=run.trigger_name,
            predecessors=run.predecessors,
            workflow_run=run.workflow_run,
            queuing=run.queuing,
        )
        self._record(following)
        self._execute(following)

    def _start_waiting(self, job_name: str) -> None:
        waiting = self._waiting.get(job_name, [])
        while waiting and job_name in self._plane.jobs.definitions and not self._full(job_name):
            self._execute(waiting.pop(0))


def _exceeded(job_name: str) -> str:
    return f"Concurrent runs exceeded for {job_name}"
