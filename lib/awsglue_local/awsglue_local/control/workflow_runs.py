"""Runs of workflows: from their start trigger to the end of the last job.

Source: https://docs.aws.amazon.com/glue/latest/dg/workflows_overview.html, resuming-workflow.html
and aws-glue-api-workflow.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from awsglue_local.control import graph
from awsglue_local.control.pages import page
from awsglue_local.control.rules import START_TYPES, invalid
from awsglue_local.control.runs import JobRun, WorkflowRun
from awsglue_local.control.triggers import holds
from awsglue_local.errors import ApiError

if TYPE_CHECKING:
    from awsglue_local.control.plane import ControlPlane

Request = Mapping[str, Any]
_EVENT_WINDOW = 900


class WorkflowRuns:
    """Operations on workflow runs; fires the triggers inside them."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self.runs: dict[str, dict[str, WorkflowRun]] = {}
        self._events: dict[str, list[str]] = {}

    def run(self, request: Request) -> WorkflowRun:
        """The run that Name and RunId name; EntityNotFoundException."""
        self._plane.workflows.definition(request["Name"])
        found = self.runs[request["Name"]].get(request["RunId"])
        if found is None:
            raise ApiError(
                "EntityNotFoundException",
                f"Workflow run {request['RunId']} of {request['Name']} not found",
            )
        return found

    def start(self, request: Request) -> dict[str, Any]:
        """StartWorkflowRun; ConcurrentRunsExceededException when the workflow is full."""
        name = request["Name"]
        self._plane.workflows.definition(name)
        if self._full(name):
            raise ApiError("ConcurrentRunsExceededException", _exceeded(name))
        return {"RunId": self._begin(name, request.get("RunProperties") or {}).id}

    def start_by_trigger(
        self,
        name: str,
        properties: Mapping[str, str] | None = None,
        batch: dict[str, int] | None = None,
    ) -> None:
        """As a schedule or an event does it: a full workflow gets a run that ended with ERROR."""
        if self._full(name):
            refused = self._new(name, properties or {}, batch)
            refused.end("ERROR", _exceeded(name))
        else:
            self._begin(name, properties or {}, batch)

    def event(self, name: str, event_id: str) -> None:
        """An EventBridge event for the workflow's EVENT trigger: counted, and fired when the batch
        is full or its window is over.
        """
        with self._plane.lock:
            condition = self._event_trigger(name).get("EventBatchingCondition") or {"BatchSize": 1}
            waiting = self._events.setdefault(name, [])
            waiting.append(event_id)
            if len(waiting) >= condition["BatchSize"]:
                self._fire_events(name)
            elif len(waiting) == 1:
                window = condition.get("BatchWindow", _EVENT_WINDOW)
                self._plane.after(window, lambda: self._window_over(name, event_id))

    def get(self, request: Request) -> dict[str, Any]:
        """GetWorkflowRun. COMPLETED says nothing of success: read Statistics."""
        include = request.get("IncludeGraph", False)
        return {"Run": graph.workflow_run(self.run(request), include_graph=include)}

    def get_all(self, request: Request) -> dict[str, Any]:
        """GetWorkflowRuns, newest first."""
        self._plane.workflows.definition(request["Name"])
        include = request.get("IncludeGraph", False)
        newest_first = list(reversed(self.runs[request["Name"]].values()))
        shown = [graph.workflow_run(run, include_graph=include) for run in newest_first]
        return page("Runs", shown, request)

    def stop(self, request: Request) -> dict[str, Any]:
        """StopWorkflowRun: RUNNING, STOPPING, and STOPPED when its jobs have ended."""
        run = self.run(request)
        if run.status != "RUNNING":
            raise _illegal(f"Workflow run {run.id} is {run.status}, not RUNNING")
        run.status = "STOPPING"
        for job_run in run.unfinished:
            self._plane.dispatch.stop(job_run)
        self.job_ended(run)
        return {}

    def resume(self, request: Request) -> dict[str, Any]:
        """ResumeWorkflowRun: a new run that repeats the named jobs and all that follows them."""
        before = self.run(request)
        if before.status != "COMPLETED":
            raise _illegal(f"Workflow run {before.id} is {before.status}, not COMPLETED")
        names = {graph.node_id(before.name, "JOB", job): job for job in before.job_runs}
        for node in request["NodeIds"]:
            if node not in names:
                raise invalid(f"NodeIds: {node} is no job node that run {before.id} attempted")
        if self._full(before.name):
            raise ApiError("ConcurrentRunsExceededException", _exceeded(before.name))
        chosen = [names[node] for node in request["NodeIds"]]
        again = graph.downstream(before.triggers, chosen)
        run = self._new(before.name, before.properties, before.batch, before)
        run.job_runs = {job: list(r) for job, r in before.job_runs.items() if job not in again}
        run.fired = {
            trigger["Name"]
            for trigger in before.triggers
            if trigger["Name"] in before.fired and not again.intersection(graph.watched(trigger))
        }
        # A chosen job that another chosen one leads to is started by its trigger, not twice.
        heads = [
            job
            for job in chosen
            if not any(job in graph.downstream(before.triggers, [o]) for o in chosen if o != job)
        ]
        run.firing = True
        for job in heads:
            self._repeat(run, before.job_runs[job][-1])
        run.firing = False
        self.job_ended(run)
        return {"RunId": run.id, "NodeIds": list(request["NodeIds"])}

    def properties(self, request: Request) -> dict[str, Any]:
        """GetWorkflowRunProperties."""
        return {"RunProperties": self.run(request).properties}

    def put_properties(self, request: Request) -> dict[str, Any]:
        """PutWorkflowRunProperties: merged into what is there."""
        self.run(request).properties.update(request["RunProperties"])
        return {}

    def job_ended(self, run: WorkflowRun) -> None:
        """Fires what the ends of the run's jobs allow, then ends the run if nothing goes on."""
        if run.firing:
            return  # a job that failed at once; who fires looks again afterwards
        while run.status == "RUNNING" and self._fire_next(run):
            pass
        if not run.unfinished:
            if run.status == "RUNNING":
                run.end("COMPLETED")
            elif run.status == "STOPPING":
                run.end("STOPPED")

    def _fire_next(self, run: WorkflowRun) -> bool:
        """Fires one trigger that has not fired and whose predicate holds; whether there was one."""
        ended = {job: runs[-1] for job, runs in run.job_runs.items() if runs[-1].final}
        for trigger in run.triggers:
            if trigger["Name"] in run.fired or trigger["Type"] != "CONDITIONAL":
                continue
            if trigger["State"] == "ACTIVATED" and holds(trigger["Predicate"], ended):
                before = (ended[job] for job in graph.watched(trigger) if job in ended)
                self._fire(run, trigger, tuple((r.job_name, r.id) for r in before))
                return True
        return False

    def _fire(
        self, run: WorkflowRun, trigger: Request, predecessors: tuple[tuple[str, str], ...]
    ) -> None:
        run.fired.add(trigger["Name"])
        run.firing = True
        try:
            self._plane.triggers.fire(trigger, predecessors, run)
        finally:
            run.firing = False

    def _begin(
        self, name: str, properties: Mapping[str, str], batch: dict[str, int] | None = None
    ) -> WorkflowRun:
        starts = [t for t in self._plane.triggers.of_workflow(name) if t["Type"] in START_TYPES]
        if not starts:
            raise invalid(f"Workflow {name} has no start trigger; create one of {START_TYPES}")
        run = self._new(name, properties, batch)
        self._fire(run, starts[0], ())
        self.job_ended(run)
        return run

    def _new(
        self,
        name: str,
        properties: Mapping[str, str],
        batch: dict[str, int] | None = None,
        before: WorkflowRun | None = None,
    ) -> WorkflowRun:
        current = tuple(dict(entry) for entry in self._plane.triggers.of_workflow(name))
        defaults = self._plane.workflows.definition(name).get("DefaultRunProperties") or {}
        run = WorkflowRun(
            name,
            f"wr_{uuid.uuid4().hex}{uuid.uuid4().hex}",
            triggers=before.triggers if before else current,
            properties={**defaults, **properties},
            previous_run_id=before.id if before else None,
            batch=batch,
        )
        self.runs[name][run.id] = run
        return run

    def _repeat(self, run: WorkflowRun, before: JobRun) -> None:
        self._plane.dispatch.begin(
            before.job_name,
            before.arguments,
            timeout=before.timeout,
            settings=before.settings,
            trigger_name=before.trigger_name,
            predecessors=before.predecessors,
            workflow_run=run,
        )

    def _full(self, name: str) -> bool:
        limit = self._plane.workflows.definition(name).get("MaxConcurrentRuns")
        active = [run for run in self.runs[name].values() if run.status in ("RUNNING", "STOPPING")]
        return limit is not None and len(active) >= int(limit)

    def _event_trigger(self, name: str) -> dict[str, Any]:
        self._plane.workflows.definition(name)
        for trigger in self._plane.triggers.of_workflow(name):
            if trigger["Type"] == "EVENT" and trigger["State"] != "DEACTIVATED":
                return trigger
        raise invalid(f"Workflow {name} has no EVENT trigger that is not deactivated")

    def _window_over(self, name: str, first: str) -> None:
        with self._plane.lock:
            if first in self._events.get(name, ()):
                self._fire_events(name)

    def _fire_events(self, name: str) -> None:
        events = self._events.pop(name)
        condition = self._event_trigger(name).get("EventBatchingCondition") or {"BatchSize": 1}
        batch = {
            "BatchSize": len(events),
            "BatchWindow": condition.get("BatchWindow", _EVENT_WINDOW),
        }
        self.start_by_trigger(name, {"aws:eventIds": f"[{', '.join(events)}]"}, batch)


def _exceeded(name: str) -> str:
    return f"Concurrent runs exceeded for workflow: {name}."


def _illegal(message: str) -> ApiError:
    return ApiError("IllegalWorkflowStateException", message)
