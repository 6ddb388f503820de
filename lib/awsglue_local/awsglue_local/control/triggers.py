"""Triggers: their definitions, and what makes them fire.

Source: https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html and
aws-glue-api-jobs-trigger.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from awsglue_local.control.graph import started, watched
from awsglue_local.control.pages import page
from awsglue_local.control.rules import START_TYPES, check_trigger, invalid
from awsglue_local.control.runs import JobRun, WorkflowRun
from awsglue_local.definition.cron import next_fire
from awsglue_local.errors import ApiError, LocalGlueError

if TYPE_CHECKING:
    from awsglue_local.control.plane import ControlPlane

Request = Mapping[str, Any]
_KEPT = (
    "Name", "WorkflowName", "Type", "Description", "Schedule", "Predicate", "Actions",
    "EventBatchingCondition",
)  # fmt: skip


class Triggers:
    """Operations on triggers; fires conditional and scheduled ones."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.definitions: dict[str, dict[str, Any]] = {}
        self._ended: dict[str, dict[str, JobRun]] = {}

    def definition(self, name: str) -> dict[str, Any]:
        """The trigger in GetTrigger's shape; EntityNotFoundException."""
        if name not in self.definitions:
            raise ApiError("EntityNotFoundException", f"Trigger {name} not found")
        return self.definitions[name]

    def of_workflow(self, workflow: str) -> list[dict[str, Any]]:
        """The workflow's triggers, the start trigger first."""
        own = [
            entry for entry in self.definitions.values() if entry.get("WorkflowName") == workflow
        ]
        return sorted(own, key=lambda entry: entry["Type"] not in START_TYPES)

    def create(self, request: Request) -> dict[str, Any]:
        """CreateTrigger. The state is ACTIVATED with StartOnCreation, else CREATED."""
        name, workflow = request["Name"], request.get("WorkflowName")
        if name in self.definitions:
            raise ApiError("AlreadyExistsException", f"Trigger {name} already exists")
        check_trigger(request, self._plane.jobs.definitions)
        if workflow is not None:
            self._plane.workflows.definition(workflow)
            starts = [t["Name"] for t in self.of_workflow(workflow) if t["Type"] in START_TYPES]
            if starts and request["Type"] in START_TYPES:
                raise invalid(f"Workflow {workflow} has the start trigger {starts[0]} already")
        state = "ACTIVATED" if request.get("StartOnCreation") else "CREATED"
        kept = {key: request[key] for key in _KEPT if request.get(key) is not None}
        self.definitions[name] = {**kept, "State": state}
        return {"Name": name}

    def get(self, request: Request) -> dict[str, Any]:
        """GetTrigger."""
        return {"Trigger": self.definition(request["Name"])}

    def get_all(self, request: Request) -> dict[str, Any]:
        """GetTriggers, of those that start DependentJobName where it is given."""
        return page("Triggers", self._dependent(request), request)

    def names(self, request: Request) -> dict[str, Any]:
        """ListTriggers."""
        return page("TriggerNames", [t["Name"] for t in self._dependent(request)], request)

    def batch_get(self, request: Request) -> dict[str, Any]:
        """BatchGetTriggers."""
        wanted = request["TriggerNames"]
        return {
            "Triggers": [self.definitions[name] for name in wanted if name in self.definitions],
            "TriggersNotFound": [name for name in wanted if name not in self.definitions],
        }

    def update(self, request: Request) -> dict[str, Any]:
        """UpdateTrigger: TriggerUpdate replaces the definition; type, workflow and state stay."""
        before = self.definition(request["Name"])
        fixed = {key: before[key] for key in ("Type", "WorkflowName", "State") if key in before}
        update = {key: value for key, value in request["TriggerUpdate"].items() if key in _KEPT}
        after = {**update, **fixed, "Name": request["Name"]}
        check_trigger(after, self._plane.jobs.definitions)
        self.definitions[request["Name"]] = after
        return {"Trigger": after}

    def delete(self, request: Request) -> dict[str, Any]:
        """DeleteTrigger; nothing happens for an unknown trigger."""
        self.definitions.pop(request["Name"], None)
        self._ended.pop(request["Name"], None)
        return {"Name": request["Name"]}

    def start(self, request: Request) -> dict[str, Any]:
        """StartTrigger: fires an ON_DEMAND trigger, activates any other."""
        trigger = self.definition(request["Name"])
        if trigger["Type"] == "ON_DEMAND":
            self._fire_alone(trigger, ())
        else:
            self.definitions[trigger["Name"]] = {**trigger, "State": "ACTIVATED"}
        return {"Name": trigger["Name"]}

    def stop(self, request: Request) -> dict[str, Any]:
        """StopTrigger."""
        trigger = self.definition(request["Name"])
        if trigger["Type"] == "ON_DEMAND":
            raise invalid(f"Trigger {trigger['Name']} is ON_DEMAND and can not be deactivated")
        self.definitions[trigger["Name"]] = {**trigger, "State": "DEACTIVATED"}
        return {"Name": trigger["Name"]}

    def fire_due(self, since: datetime, until: datetime) -> list[str]:
        """Fires activated SCHEDULED triggers whose time lies in (since, until]; their names.

        Several missed times are one firing, as an alarm clock that rings late rings once.
        LocalGlueError, after all others have fired, names those that could not.
        """
        with self._plane.lock:
            due: list[str] = []
            failed: list[str] = []
            for trigger in list(self.definitions.values()):
                if trigger["Type"] != "SCHEDULED" or trigger["State"] != "ACTIVATED":
                    continue
                moment = next_fire(trigger["Schedule"], since)
                if moment is None or moment > until:
                    continue
                try:
                    self._fire_alone(trigger, ())
                    due.append(trigger["Name"])
                except ApiError as error:
                    failed.append(f"trigger {trigger['Name']} did not fire: {error}")
        if failed:
            raise LocalGlueError("; ".join(failed))
        return due

    def job_ended(self, run: JobRun) -> None:
        """A job's last attempt has ended: what waits for it may fire.

        AWS: conditional triggers listen only to jobs that a trigger started.
        """
        if run.workflow_run is not None:
            self._plane.workflow_runs.job_ended(run.workflow_run)
        elif run.trigger_name is not None:
            self._job_ended_alone(run)

    def fire(
        self,
        trigger: Request,
        predecessors: tuple[tuple[str, str], ...],
        workflow_run: WorkflowRun | None = None,
    ) -> None:
        """Starts every action of the trigger."""
        for action in trigger["Actions"]:
            self._plane.dispatch.begin(
                action["JobName"],
                action.get("Arguments") or {},
                timeout=action.get("Timeout"),
                settings={
                    key: action[key]
                    for key in ("SecurityConfiguration", "NotificationProperty")
                    if key in action
                },
                trigger_name=trigger["Name"],
                predecessors=predecessors,
                workflow_run=workflow_run,
            )

    def _fire_alone(self, trigger: Request, predecessors: tuple[tuple[str, str], ...]) -> None:
        """Fires a trigger by its own: a workflow's start trigger starts the workflow."""
        workflow = trigger.get("WorkflowName")
        if workflow is None:
            self.fire(trigger, predecessors)
        else:
            self._plane.workflow_runs.start_by_trigger(workflow)

    def _job_ended_alone(self, run: JobRun) -> None:
        for trigger in list(self.definitions.values()):
            if trigger.get("WorkflowName") or run.job_name not in watched(trigger):
                continue
            ended = self._ended.setdefault(trigger["Name"], {})
            ended[run.job_name] = run
            if trigger["State"] == "ACTIVATED" and holds(trigger["Predicate"], ended):
                # The next firing needs new ends of all the jobs.
                self._ended[trigger["Name"]] = {}
                self.fire(trigger, tuple((r.job_name, r.id) for r in ended.values()))

    def _dependent(self, request: Request) -> list[dict[str, Any]]:
        job = request.get("DependentJobName")
        every = list(self.definitions.values())
        return [entry for entry in every if job in started(entry)] if job else every


def holds(predicate: Request, ended: Mapping[str, JobRun]) -> bool:
    """Whether a predicate is true of the last ends of jobs; AND unless it says ANY."""
    met = [
        condition["JobName"] in ended and ended[condition["JobName"]].state == condition["State"]
        for condition in predicate["Conditions"]
    ]
    return any(met) if predicate.get("Logical") == "ANY" else all(met)
