"""What AWS refuses in CreateTrigger, UpdateTrigger, CreateJob and UpdateJob.

Sources: https://docs.aws.amazon.com/glue/latest/dg/ pages about-triggers, add-job,
aws-glue-api-jobs-trigger, monitor-data-warehouse-schedule.
"""

from collections.abc import Mapping
from typing import Any

from awsglue_local.definition.cron import check_schedule
from awsglue_local.errors import ApiError, DefinitionError

TYPES = ("SCHEDULED", "CONDITIONAL", "ON_DEMAND", "EVENT")
START_TYPES = ("SCHEDULED", "ON_DEMAND", "EVENT")
WATCHED_STATES = ("SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT")
COMMANDS = ("glueetl",)
_RANGES = {"MaxRetries": (0, 10), "Timeout": (1, 10_080)}

Request = Mapping[str, Any]


def invalid(message: str) -> ApiError:
    """AWS's InvalidInputException."""
    return ApiError("InvalidInputException", message)


def check_job(job: Request) -> None:
    """InvalidInputException for what AWS, or this machine, does not run."""
    command = job.get("Command") or {}
    if command.get("Name") not in COMMANDS:
        raise invalid(
            f"Command.Name {command.get('Name')!r}: only {', '.join(COMMANDS)} runs locally"
        )
    if not str(command.get("ScriptLocation", "")).startswith("s3://"):
        raise invalid("Command.ScriptLocation must be an s3:// path")
    for name, (low, high) in _RANGES.items():
        if not low <= (job.get(name) or low) <= high:
            raise invalid(f"{name} {job[name]} is outside {low} to {high}")
    if job.get("MaxCapacity") and (job.get("WorkerType") or job.get("NumberOfWorkers")):
        raise invalid("Please set either MaxCapacity or WorkerType and NumberOfWorkers, not both")


def check_trigger(trigger: Request, jobs: Mapping[str, Any]) -> None:
    """InvalidInputException for a broken rule, EntityNotFoundException for an unknown job."""
    kind = trigger.get("Type")
    if kind not in TYPES:
        raise invalid(f"Type {kind!r} is none of {', '.join(TYPES)}")
    if not trigger.get("Actions"):
        raise invalid("Actions must name at least one job")
    for action in trigger["Actions"]:
        if "CrawlerName" in action or "JobName" not in action:
            raise invalid(f"action {dict(action)}: only jobs can be started locally")
        _check_known(action["JobName"], jobs)
    if kind == "SCHEDULED":
        _check_schedule(trigger.get("Schedule"))
    if kind == "CONDITIONAL":
        _check_predicate(trigger.get("Predicate") or {}, jobs)
    elif trigger.get("Predicate"):
        raise invalid(f"a trigger of Type {kind} has no Predicate")
    if kind in ("ON_DEMAND", "EVENT") and trigger.get("StartOnCreation"):
        raise invalid(f"StartOnCreation is not supported for Type {kind}")
    if kind == "EVENT":
        _check_batching(trigger.get("EventBatchingCondition") or {"BatchSize": 1})
        if not trigger.get("WorkflowName"):
            raise invalid("a trigger of Type EVENT must be in a workflow")


def _check_known(job: str, jobs: Mapping[str, Any]) -> None:
    if job not in jobs:
        raise ApiError("EntityNotFoundException", f"Job {job} not found")


def _check_schedule(schedule: str | None) -> None:
    if not schedule:
        raise invalid("a trigger of Type SCHEDULED needs a Schedule")
    try:
        check_schedule("Schedule", schedule)
    except DefinitionError as error:
        raise invalid(str(error)) from error


def _check_predicate(predicate: Request, jobs: Mapping[str, Any]) -> None:
    conditions = predicate.get("Conditions") or []
    if not conditions:
        raise invalid("Predicate cannot be null or empty")
    if len(conditions) > 1 and predicate.get("Logical") not in ("AND", "ANY"):
        raise invalid("Predicate.Logical must be AND or ANY when there are several conditions")
    for condition in conditions:
        if "CrawlerName" in condition or "JobName" not in condition:
            raise invalid(f"condition {dict(condition)}: only jobs can be watched locally")
        _check_known(condition["JobName"], jobs)
        if condition.get("State") not in WATCHED_STATES:
            raise invalid(
                f"condition State {condition.get('State')!r} is none of {', '.join(WATCHED_STATES)}"
            )


def _check_batching(condition: Request) -> None:
    for name, high in (("BatchSize", 100), ("BatchWindow", 900)):
        if not 1 <= condition.get(name, 1) <= high:
            raise invalid(f"EventBatchingCondition.{name} {condition[name]} is outside 1 to {high}")
