"""AWS's rules that span fields or entries of a workflow definition.

Sources: https://docs.aws.amazon.com/glue/latest/dg/ pages add-job, about-triggers,
workflows_overview, monitor-data-warehouse-schedule, aws-glue-programming-etl-glue-arguments.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from awsglue_local.definition.cron import check_schedule
from awsglue_local.definition.cron import parse as check_cron
from awsglue_local.definition.document import Definition, Request
from awsglue_local.definition.patterns import check_pattern
from awsglue_local.errors import ApiError, DefinitionError

_START_TYPES = ("SCHEDULED", "EVENT", "ON_DEMAND")
_WATCHED_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
_RESERVED_ARGUMENTS = ("--debug", "--mode", "--JOB_NAME", "--endpoint")
_RANGES = {"MaxRetries": (0, 10), "Timeout": (1, 10_080), "NumberOfWorkers": (2, 1_000)}


def check(definition: Definition) -> None:
    """DefinitionError for the first broken rule, with the field and what AWS says."""
    _check_names(definition)
    connections = {entry["Name"] for entry in definition.connections}
    for connection in definition.connections:
        _check_connection(connection)
    for job in definition.jobs:
        _check_job(job, connections)
    jobs = {entry["Name"] for entry in definition.jobs}
    workflows = {entry["Name"] for entry in definition.workflows}
    for trigger in definition.triggers:
        _check_trigger(trigger, jobs, workflows)
    for name in sorted(workflows):
        own = [entry for entry in definition.triggers if entry.get("WorkflowName") == name]
        _check_workflow(name, own)
    started_by_events = {
        entry.get("WorkflowName") for entry in definition.triggers if entry["Type"] == "EVENT"
    }
    for rule in definition.rules:
        _check_rule(rule, started_by_events)


def _check_names(definition: Definition) -> None:
    for kind in ("databases", "connections", "jobs", "workflows", "triggers", "rules"):
        counts = Counter(entry["Name"] for entry in getattr(definition, kind))
        for name, count in counts.items():
            if count > 1:
                raise DefinitionError(
                    f"{kind.capitalize()}[{name}].Name is given {count} times; names are unique"
                )


def _check_connection(connection: Request) -> None:
    where = f"Connections[{connection['Name']}]"
    if connection["ConnectionType"] != "JDBC":
        raise DefinitionError(
            f"{where}.ConnectionType is {connection['ConnectionType']}; only JDBC is supported"
        )
    if "JDBC_CONNECTION_URL" not in connection["ConnectionProperties"]:
        raise DefinitionError(
            f"{where}.ConnectionProperties.JDBC_CONNECTION_URL is required for JDBC"
        )


def _check_job(job: Request, connections: set[str]) -> None:
    where = f"Jobs[{job['Name']}]"
    if job["Command"].get("Name") != "glueetl":
        raise DefinitionError(
            f"{where}.Command.Name is {job['Command'].get('Name')}; only glueetl is supported"
        )
    if not str(job["Command"].get("ScriptLocation", "")).startswith("s3://"):
        raise DefinitionError(f"{where}.Command.ScriptLocation must be an s3:// path")
    for field, (low, high) in _RANGES.items():
        if not low <= job.get(field, low) <= high:
            raise DefinitionError(f"{where}.{field} is {job[field]}; AWS allows {low} to {high}")
    for name in job.get("Connections", {}).get("Connections", []):
        if name not in connections:
            raise DefinitionError(
                f"{where}.Connections names {name}, which Connections does not define"
            )
    for field in ("DefaultArguments", "NonOverridableArguments"):
        _check_arguments(f"{where}.{field}", job.get(field, {}))


def _check_arguments(where: str, arguments: Iterable[str]) -> None:
    for name in arguments:
        if not name.startswith("--"):
            raise DefinitionError(f"{where}: argument {name} must begin with --")
        if name in _RESERVED_ARGUMENTS:
            raise DefinitionError(f"{where}: AWS Glue keeps {name} for itself")


def _check_trigger(trigger: Request, jobs: set[str], workflows: set[str]) -> None:
    where = f"Triggers[{trigger['Name']}]"
    if trigger.get("WorkflowName", next(iter(workflows), None)) not in workflows:
        raise DefinitionError(
            f"{where}.WorkflowName {trigger.get('WorkflowName')} is not in Workflows"
        )
    if not trigger["Actions"]:
        raise DefinitionError(f"{where}.Actions is empty")
    for number, action in enumerate(trigger["Actions"]):
        refused = sorted(set(action) - {"JobName", "Arguments", "Timeout"})
        if refused:
            raise DefinitionError(f"{where}.Actions[{number}].{refused[0]} is not supported")
        if action.get("JobName") not in jobs:
            raise DefinitionError(
                f"{where}.Actions[{number}].JobName {action.get('JobName')} is not in Jobs"
            )
        _check_arguments(f"{where}.Actions[{number}].Arguments", action.get("Arguments", {}))
    kind = trigger["Type"]
    belongs = {
        "Schedule": "SCHEDULED",
        "Predicate": "CONDITIONAL",
        "EventBatchingCondition": "EVENT",
    }
    for field, owner in belongs.items():
        if (field in trigger) != (kind == owner):
            verb = "needs" if kind == owner else "has no"
            raise DefinitionError(f"{where}: a trigger of Type {kind} {verb} {field}")
    if kind == "SCHEDULED":
        check_schedule(f"{where}.Schedule", trigger["Schedule"])
    if kind == "CONDITIONAL":
        _check_predicate(where, trigger["Predicate"], jobs)
    if kind == "EVENT":
        _check_batching(where, trigger["EventBatchingCondition"])
    if kind in ("ON_DEMAND", "EVENT") and trigger.get("StartOnCreation"):
        raise DefinitionError(f"{where}.StartOnCreation is not allowed for Type {kind}")


def _check_rule(rule: Request, started_by_events: set[str | None]) -> None:
    where = f"Rules[{rule['Name']}]"
    if "EventPattern" in rule:
        try:
            check_pattern(rule["EventPattern"])
        except ApiError as error:
            raise DefinitionError(f"{where}.EventPattern: {error.message}") from error
    if "ScheduleExpression" in rule:
        check_cron(f"{where}.ScheduleExpression", rule["ScheduleExpression"])
    for number, target in enumerate(rule["Targets"]):
        workflow = re.fullmatch(r"arn:aws:glue:[^:]*:[^:]*:workflow/(.+)", target["Arn"])
        if workflow and workflow[1] not in started_by_events:
            raise DefinitionError(
                f"{where}.Targets[{number}].Arn: no trigger of Type EVENT starts workflow "
                f"{workflow[1]} of this file"
            )


def _check_batching(where: str, condition: Request) -> None:
    for field, high in (("BatchSize", 100), ("BatchWindow", 900)):
        if not 1 <= condition.get(field, 1) <= high:
            raise DefinitionError(
                f"{where}.EventBatchingCondition.{field} is {condition[field]}; "
                f"AWS allows 1 to {high}"
            )


def _check_predicate(where: str, predicate: Request, jobs: set[str]) -> None:
    conditions = predicate.get("Conditions", [])
    if not conditions:
        raise DefinitionError(f"{where}.Predicate.Conditions is empty")
    if len(conditions) > 1 and "Logical" not in predicate:
        raise DefinitionError(f"{where}.Predicate.Logical is required with more than one condition")
    for number, condition in enumerate(conditions):
        if condition.get("JobName") not in jobs:
            raise DefinitionError(
                f"{where}.Predicate.Conditions[{number}].JobName {condition.get('JobName')} "
                "is not in Jobs"
            )
        if condition.get("State") not in _WATCHED_STATES:
            raise DefinitionError(
                f"{where}.Predicate.Conditions[{number}].State {condition.get('State')}; "
                f"a trigger can watch {', '.join(_WATCHED_STATES)}"
            )


def _check_workflow(name: str, triggers: list[Request]) -> None:
    starts = [entry["Name"] for entry in triggers if entry["Type"] in _START_TYPES]
    if len(starts) != 1:
        raise DefinitionError(
            f"Workflows[{name}] has {len(starts)} start triggers {starts}; AWS allows exactly one "
            f"of Type {', '.join(_START_TYPES)}"
        )
    follows: dict[str, set[str]] = defaultdict(set)
    reached = {
        action["JobName"]
        for entry in triggers
        if entry["Name"] in starts
        for action in entry["Actions"]
    }
    for trigger in triggers:
        for condition in trigger.get("Predicate", {}).get("Conditions", []):
            follows[condition["JobName"]].update(action["JobName"] for action in trigger["Actions"])
    for job in list(follows):
        _check_no_cycle(name, follows, (job,))
    waiting = list(reached)
    while waiting:
        new = follows[waiting.pop()] - reached
        reached |= new
        waiting.extend(new)
    for trigger in triggers:
        for condition in trigger.get("Predicate", {}).get("Conditions", []):
            if condition["JobName"] not in reached:
                raise DefinitionError(
                    f"Triggers[{trigger['Name']}] watches {condition['JobName']}, which no trigger "
                    f"of workflow {name} starts: AWS fires conditional triggers only for jobs "
                    "that a trigger started"
                )


def _check_no_cycle(workflow: str, follows: dict[str, set[str]], path: tuple[str, ...]) -> None:
    for job in sorted(follows.get(path[-1], ())):
        if job in path:
            raise DefinitionError(f"Workflows[{workflow}] has a cycle: {' -> '.join((*path, job))}")
        _check_no_cycle(workflow, follows, (*path, job))
