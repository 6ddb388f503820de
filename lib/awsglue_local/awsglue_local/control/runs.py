"""Records of job runs and workflow runs, in the shapes of AWS's API.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-runs.html and
aws-glue-api-workflow.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACTIVE = ("STARTING", "RUNNING", "STOPPING")
"""States that count against MaxConcurrentRuns; WAITING does not."""
FINAL = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED")
LOG_GROUP = "/aws-glue/jobs"
_OF_THE_JOB = (
    "WorkerType", "NumberOfWorkers", "MaxCapacity", "AllocatedCapacity", "SecurityConfiguration",
    "NotificationProperty", "ExecutionClass", "JobMode", "MaintenanceWindow",
)  # fmt: skip
"""What a run takes from its job unless StartJobRun gives it."""

Job = Mapping[str, Any]


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.now(UTC)


@dataclass
class JobRun:
    """One attempt of a job. `arguments` are those of the run or trigger, not the job's defaults.

    `job` is the definition that this attempt was started with; `timeout` is in minutes. `late`:
    it goes on after its NotifyDelayAfter.
    """

    id: str
    job_name: str
    job: Job
    arguments: dict[str, str]
    timeout: int
    settings: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    previous_run_id: str | None = None
    trigger_name: str | None = None
    predecessors: tuple[tuple[str, str], ...] = ()
    workflow_run: "WorkflowRun | None" = None
    queuing: bool = False
    state: str = "STARTING"
    error_message: str | None = None
    started_on: datetime = field(default_factory=now)
    modified_on: datetime = field(default_factory=now)
    completed_on: datetime | None = None
    running_since: datetime | None = None
    late: bool = False

    @property
    def notify_after(self) -> int | None:
        """Minutes after which a run that goes on is announced, None for never."""
        given = self.settings.get("NotificationProperty") or self.job.get("NotificationProperty")
        minutes: int | None = (given or {}).get("NotifyDelayAfter")
        return minutes

    @property
    def final(self) -> bool:
        return self.state in FINAL

    def enter(self, state: str, message: str | None = None) -> None:
        """Moves to `state` and stamps it."""
        self.state, self.modified_on = state, now()
        if state == "RUNNING":
            self.running_since = self.modified_on
        if self.final:
            self.error_message = message
            self.completed_on = self.modified_on

    def as_api(self) -> dict[str, Any]:
        """GetJobRun's JobRun."""
        began = self.running_since or self.started_on
        ended = self.completed_on or now()
        shown = {
            "Id": self.id,
            "Attempt": self.attempt,
            "PreviousRunId": self.previous_run_id,
            "TriggerName": self.trigger_name,
            "JobName": self.job_name,
            "JobRunQueuingEnabled": self.queuing,
            "StartedOn": self.started_on,
            "LastModifiedOn": self.modified_on,
            "CompletedOn": self.completed_on,
            "JobRunState": self.state,
            "Arguments": self.arguments or None,
            "ErrorMessage": self.error_message,
            "PredecessorRuns": [{"JobName": job, "RunId": run} for job, run in self.predecessors],
            "ExecutionTime": int((ended - began).total_seconds()) if self.running_since else 0,
            "Timeout": self.timeout,
            "LogGroupName": LOG_GROUP,
            "GlueVersion": self.job.get("GlueVersion", "5.1"),
            **{key: self.job[key] for key in _OF_THE_JOB if key in self.job},
            **self.settings,
        }
        return {key: value for key, value in shown.items() if value is not None}


@dataclass
class WorkflowRun:
    """One run of a workflow. `triggers` is the snapshot it runs by; `job_runs` holds every attempt
    by job.
    """

    name: str
    id: str
    triggers: tuple[Mapping[str, Any], ...]
    properties: dict[str, str]
    previous_run_id: str | None = None
    batch: dict[str, int] | None = None
    status: str = "RUNNING"
    error_message: str | None = None
    started_on: datetime = field(default_factory=now)
    completed_on: datetime | None = None
    fired: set[str] = field(default_factory=set)
    firing: bool = False
    job_runs: dict[str, list[JobRun]] = field(default_factory=dict)

    def last(self, job_name: str) -> JobRun | None:
        """The newest attempt of a job in this run, None where it has not been started."""
        runs = self.job_runs.get(job_name)
        return runs[-1] if runs else None

    @property
    def unfinished(self) -> list[JobRun]:
        return [run for runs in self.job_runs.values() for run in runs if not run.final]

    def end(self, status: str, error: str | None = None) -> None:
        self.status, self.error_message, self.completed_on = status, error, now()
