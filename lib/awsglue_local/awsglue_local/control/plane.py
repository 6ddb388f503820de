"""The control plane: the parts of AWS Glue that start jobs, watch them, and start what follows.

It knows jobs, runs, triggers and workflows; how a run is executed, and where events go, it is told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Protocol

from awsglue_local.control.dispatch import Dispatch
from awsglue_local.control.jobs import Jobs
from awsglue_local.control.runs import JobRun
from awsglue_local.control.triggers import Triggers
from awsglue_local.control.workflow_runs import WorkflowRuns
from awsglue_local.control.workflows import Workflows

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]


class Executor(Protocol):
    """Executes job runs; reports to Dispatch.running and Dispatch.finished, from any thread."""

    def start(self, run: JobRun, arguments: Mapping[str, str]) -> None:
        """Begins a run with its resolved arguments; returns at once."""

    def stop(self, run_id: str) -> None:
        """Ends a run that has begun; it is reported as STOPPED."""


@dataclass
class ControlPlane:
    """All of one account in one region. Every public operation takes and returns AWS's shapes."""

    executor: Executor
    emit: Callable[[JobRun], None]
    after: Callable[[float, Callable[[], None]], None]
    lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self)
        self.dispatch = Dispatch(self)
        self.triggers = Triggers(self)
        self.workflows = Workflows(self)
        self.workflow_runs = WorkflowRuns(self)

    def operations(self) -> dict[str, Operation]:
        """Every operation of AWS's API that this plane answers, by its name."""
        jobs, triggers, flows, runs = self.jobs, self.triggers, self.workflows, self.workflow_runs
        table: dict[str, Operation] = {
            "CreateJob": jobs.create,
            "GetJob": jobs.get,
            "GetJobs": jobs.get_all,
            "ListJobs": jobs.names,
            "BatchGetJobs": jobs.batch_get,
            "UpdateJob": jobs.update,
            "DeleteJob": jobs.delete,
            "StartJobRun": jobs.start_run,
            "GetJobRun": jobs.get_run,
            "GetJobRuns": jobs.get_runs,
            "BatchStopJobRun": jobs.batch_stop_run,
            "CreateTrigger": triggers.create,
            "GetTrigger": triggers.get,
            "GetTriggers": triggers.get_all,
            "ListTriggers": triggers.names,
            "BatchGetTriggers": triggers.batch_get,
            "UpdateTrigger": triggers.update,
            "DeleteTrigger": triggers.delete,
            "StartTrigger": triggers.start,
            "StopTrigger": triggers.stop,
            "CreateWorkflow": flows.create,
            "GetWorkflow": flows.get,
            "ListWorkflows": flows.names,
            "BatchGetWorkflows": flows.batch_get,
            "UpdateWorkflow": flows.update,
            "DeleteWorkflow": flows.delete,
            "StartWorkflowRun": runs.start,
            "GetWorkflowRun": runs.get,
            "GetWorkflowRuns": runs.get_all,
            "StopWorkflowRun": runs.stop,
            "ResumeWorkflowRun": runs.resume,
            "GetWorkflowRunProperties": runs.properties,
            "PutWorkflowRunProperties": runs.put_properties,
        }
        return {name: self._locked(operation) for name, operation in table.items()}

    def _locked(self, operation: Operation) -> Operation:
        def call(request: Mapping[str, Any]) -> dict[str, Any]:
            with self.lock:
                return operation(request)

        return call
