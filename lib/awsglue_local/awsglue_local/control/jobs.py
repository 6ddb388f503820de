"""Job definitions and their runs, as AWS's API shows them.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html and
aws-glue-api-jobs-runs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsglue_local.control.pages import page
from awsglue_local.control.rules import check_job
from awsglue_local.control.runs import JobRun, now
from awsglue_local.errors import ApiError

if TYPE_CHECKING:
    from awsglue_local.control.plane import ControlPlane

Request = Mapping[str, Any]
DEFAULTS: dict[str, Any] = {
    "GlueVersion": "5.1",
    "MaxRetries": 0,
    "Timeout": 480,
    "ExecutionProperty": {"MaxConcurrentRuns": 1},
    "ExecutionClass": "STANDARD",
    "JobMode": "SCRIPT",
    "JobRunQueuingEnabled": False,
}
"""What AWS sets where CreateJob leaves it open (Glue 5: a timeout of 480 minutes)."""
_RUN_SETTINGS = (
    "WorkerType", "NumberOfWorkers", "MaxCapacity", "AllocatedCapacity", "SecurityConfiguration",
    "NotificationProperty", "ExecutionClass",
)  # fmt: skip


class Jobs:
    """Operations on jobs and job runs."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.definitions: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, JobRun]] = {}

    def definition(self, name: str) -> dict[str, Any]:
        """The job in GetJob's shape; EntityNotFoundException."""
        if name not in self.definitions:
            raise ApiError("EntityNotFoundException", f"Job {name} not found")
        return self.definitions[name]

    def run(self, job_name: str, run_id: str) -> JobRun:
        """EntityNotFoundException for an unknown job or run."""
        self.definition(job_name)
        found = self.runs[job_name].get(run_id)
        if found is None:
            raise ApiError("EntityNotFoundException", f"Job run {run_id} of {job_name} not found")
        return found

    def create(self, request: Request) -> dict[str, Any]:
        """CreateJob."""
        name = request["Name"]
        if name in self.definitions:
            raise ApiError("AlreadyExistsException", f"Job {name} already exists")
        check_job(request)
        stamp = now()
        kept = {key: value for key, value in request.items() if key != "Tags"}
        self.definitions[name] = {**DEFAULTS, **kept, "CreatedOn": stamp, "LastModifiedOn": stamp}
        self.runs[name] = {}
        return {"Name": name}

    def get(self, request: Request) -> dict[str, Any]:
        """GetJob."""
        return {"Job": self.definition(request["JobName"])}

    def get_all(self, request: Request) -> dict[str, Any]:
        """GetJobs."""
        return page("Jobs", list(self.definitions.values()), request)

    def names(self, request: Request) -> dict[str, Any]:
        """ListJobs."""
        return page("JobNames", list(self.definitions), request)

    def batch_get(self, request: Request) -> dict[str, Any]:
        """BatchGetJobs."""
        wanted = request["JobNames"]
        return {
            "Jobs": [self.definitions[name] for name in wanted if name in self.definitions],
            "JobsNotFound": [name for name in wanted if name not in self.definitions],
        }

    def update(self, request: Request) -> dict[str, Any]:
        """UpdateJob: JobUpdate replaces the whole definition; what it leaves out is gone."""
        name, update = request["JobName"], request["JobUpdate"]
        before = self.definition(name)
        check_job(update)
        stamps = {"CreatedOn": before["CreatedOn"], "LastModifiedOn": now()}
        self.definitions[name] = {**DEFAULTS, **update, "Name": name, **stamps}
        return {"JobName": name}

    def delete(self, request: Request) -> dict[str, Any]:
        """DeleteJob; nothing happens for an unknown job."""
        self.definitions.pop(request["JobName"], None)
        self.runs.pop(request["JobName"], None)
        self._plane.dispatch.job_deleted(request["JobName"])
        return {"JobName": request["JobName"]}

    def start_run(self, request: Request) -> dict[str, Any]:
        """StartJobRun. JobRunId names a run to retry: its arguments, unless others are given."""
        name = request["JobName"]
        self.definition(name)
        previous = request.get("JobRunId")
        arguments = request.get("Arguments")
        if previous and arguments is None:
            arguments = self.run(name, previous).arguments
        run = self._plane.dispatch.begin(
            name,
            arguments or {},
            timeout=request.get("Timeout"),
            settings={key: request[key] for key in _RUN_SETTINGS if request.get(key) is not None},
            queuing=request.get("JobRunQueuingEnabled"),
            previous_run_id=previous,
        )
        return {"JobRunId": run.id}

    def get_run(self, request: Request) -> dict[str, Any]:
        """GetJobRun."""
        shown = self.run(request["JobName"], request["RunId"]).as_api()
        if not request.get("PredecessorsIncluded"):
            shown.pop("PredecessorRuns", None)
        return {"JobRun": shown}

    def get_runs(self, request: Request) -> dict[str, Any]:
        """GetJobRuns, newest first."""
        self.definition(request["JobName"])
        newest_first = [run.as_api() for run in reversed(self.runs[request["JobName"]].values())]
        return page("JobRuns", newest_first, request)

    def batch_stop_run(self, request: Request) -> dict[str, Any]:
        """BatchStopJobRun: what could be asked to stop, and an error for each that could not."""
        name = request["JobName"]
        stopped: list[dict[str, str]] = []
        errors: list[dict[str, Any]] = []
        for run_id in request["JobRunIds"]:
            identity = {"JobName": name, "JobRunId": run_id}
            try:
                run = self.run(name, run_id)
                if run.final:
                    raise ApiError(
                        "InvalidInputException", f"Job run {run_id} is {run.state} already"
                    )
            except ApiError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({**identity, "ErrorDetail": detail})
                continue
            self._plane.dispatch.stop(run)
            stopped.append(identity)
        return {"SuccessfulSubmissions": stopped, "Errors": errors}
