"""A workflow as AWS draws it: nodes of triggers and jobs, edges, and the statistics of a run.

Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-workflow.html
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from awsglue_local.control.runs import JobRun, WorkflowRun

Trigger = Mapping[str, Any]
_COUNTED = {
    "SUCCEEDED": "SucceededActions",
    "FAILED": "FailedActions",
    "TIMEOUT": "TimeoutActions",
    "STOPPED": "StoppedActions",
    "ERROR": "ErroredActions",
    "WAITING": "WaitingActions",
}


def node_id(workflow: str, kind: str, name: str) -> str:
    """The UniqueId of a node; the same in every run of the workflow."""
    return f"wnode_{hashlib.sha256(f'{workflow}/{kind}/{name}'.encode()).hexdigest()}"


def watched(trigger: Trigger) -> list[str]:
    """The jobs whose end a conditional trigger waits for."""
    return [entry["JobName"] for entry in trigger.get("Predicate", {}).get("Conditions", ())]


def started(trigger: Trigger) -> list[str]:
    """The jobs that a trigger starts."""
    return [action["JobName"] for action in trigger["Actions"]]


def jobs(triggers: Iterable[Trigger]) -> list[str]:
    """Every job of the workflow once, in the order in which triggers name them."""
    return list(dict.fromkeys(name for trigger in triggers for name in started(trigger)))


def downstream(triggers: Iterable[Trigger], first: Iterable[str]) -> set[str]:
    """`first` and every job that a chain of triggers can start after them."""
    listed = list(triggers)
    reached = set(first)
    while True:
        more = {
            name
            for trigger in listed
            if reached.intersection(watched(trigger))
            for name in started(trigger)
        }
        if more <= reached:
            return reached
        reached |= more


def graph(
    workflow: str, triggers: Iterable[Trigger], job_runs: Mapping[str, list[JobRun]]
) -> dict[str, Any]:
    """WorkflowGraph: {Nodes, Edges}; every attempt of a job is in its node's JobDetails."""
    listed = list(triggers)
    nodes: list[dict[str, Any]] = []
    edges: list[dict[str, str]] = []
    for trigger in listed:
        own = node_id(workflow, "TRIGGER", trigger["Name"])
        details = {"TriggerDetails": {"Trigger": dict(trigger)}}
        nodes.append({"Type": "TRIGGER", "Name": trigger["Name"], "UniqueId": own, **details})
        ends = [(node_id(workflow, "JOB", name), own) for name in watched(trigger)]
        ends += [(own, node_id(workflow, "JOB", name)) for name in started(trigger)]
        edges += [{"SourceId": source, "DestinationId": target} for source, target in ends]
    for name in jobs(listed):
        runs = [run.as_api() for run in job_runs.get(name, ())]
        nodes.append(
            {
                "Type": "JOB",
                "Name": name,
                "UniqueId": node_id(workflow, "JOB", name),
                "JobDetails": {"JobRuns": runs},
            }
        )
    return {"Nodes": nodes, "Edges": edges}


def statistics(run: WorkflowRun) -> dict[str, int]:
    """WorkflowRunStatistics: the actions of the workflow by the state of their newest attempt."""
    names = jobs(run.triggers)
    counts = {"TotalActions": len(names), "RunningActions": 0} | dict.fromkeys(_COUNTED.values(), 0)
    for name in names:
        newest = run.last(name)
        if newest is not None:
            counts[_COUNTED.get(newest.state, "RunningActions")] += 1
    return counts


def workflow_run(run: WorkflowRun, *, include_graph: bool) -> dict[str, Any]:
    """GetWorkflowRun's Run."""
    shown = {
        "Name": run.name,
        "WorkflowRunId": run.id,
        "PreviousRunId": run.previous_run_id,
        "WorkflowRunProperties": run.properties,
        "StartedOn": run.started_on,
        "CompletedOn": run.completed_on,
        "Status": run.status,
        "ErrorMessage": run.error_message,
        "Statistics": statistics(run),
        "StartingEventBatchCondition": run.batch,
        "Graph": graph(run.name, run.triggers, run.job_runs) if include_graph else None,
    }
    return {key: value for key, value in shown.items() if value is not None}
