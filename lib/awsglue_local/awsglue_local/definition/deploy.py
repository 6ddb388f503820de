"""A definition into an AWS server, by the same calls that would create it on AWS."""

import contextlib
from typing import Any

from awsglue_local.access import DEFAULT_REGION, client
from awsglue_local.definition.document import Definition, Request
from awsglue_local.errors import DefinitionError


def deploy(definition: Definition, endpoint: str, region: str = DEFAULT_REGION) -> None:
    """Creates everything in `definition`, or updates what exists under the same name.

    What the definition does not name is left alone.
    """
    s3, glue = client("s3", endpoint, region), client("glue", endpoint, region)
    for bucket in definition.buckets:
        _put_bucket(s3, bucket, region)
    for request in definition.databases:
        input_ = {"DatabaseInput": request}
        _put(glue, "database", input_, {"Name": request["Name"], **input_})
    for request in definition.connections:
        input_ = {"ConnectionInput": request}
        _put(glue, "connection", input_, {"Name": request["Name"], **input_})
    for request in definition.jobs:
        update = {"JobName": request["Name"], "JobUpdate": _without(request, "Name", "Tags")}
        _put(glue, "job", request, update)
    for request in definition.workflows:
        _put(glue, "workflow", request, _without(request, "Tags"))
    for trigger in definition.triggers:
        _put_trigger(glue, trigger)
    for rule in definition.rules:
        _put_rule(client("events", endpoint, region), rule)


def _put(glue: Any, kind: str, create: Request, update: Request) -> None:
    try:
        getattr(glue, f"create_{kind}")(**create)
    except glue.exceptions.AlreadyExistsException:
        getattr(glue, f"update_{kind}")(**update)


def _put_bucket(s3: Any, request: Request, region: str) -> None:
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(
            Bucket=request["Bucket"], CreateBucketConfiguration={"LocationConstraint": region}
        )
    s3.put_bucket_notification_configuration(**request)


def _put_trigger(glue: Any, request: Request) -> None:
    """UpdateTrigger can change neither type nor workflow, so then the trigger is made again."""
    name = request["Name"]
    try:
        glue.create_trigger(**request)
        return
    except glue.exceptions.AlreadyExistsException:
        before = glue.get_trigger(Name=name)["Trigger"]
    if any(before.get(field) != request.get(field) for field in ("Type", "WorkflowName")):
        glue.delete_trigger(Name=name)
        glue.create_trigger(**request)
        return
    update = _without(request, "Name", "Type", "WorkflowName", "StartOnCreation", "Tags")
    glue.update_trigger(Name=name, TriggerUpdate=update)
    if request.get("StartOnCreation") and before["State"] != "ACTIVATED":
        glue.start_trigger(Name=name)


def _put_rule(events: Any, rule: Request) -> None:
    events.put_rule(**_without(rule, "Targets"))
    answer = events.put_targets(Rule=rule["Name"], Targets=list(rule["Targets"]))
    for failure in answer.get("FailedEntries", ()):
        raise DefinitionError(f"Rules[{rule['Name']}].Targets: {failure['ErrorMessage']}")


def _without(request: Request, *names: str) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key not in names}
