"""A definition into an AWS server, by the same calls that would create it on AWS."""

from typing import Any

import boto3

from awsglue_local.definition.document import Definition, Request
from awsglue_local.server.aws import ACCESS_KEY, DEFAULT_REGION


def client(service: str, endpoint: str, region: str = DEFAULT_REGION) -> Any:
    """A boto3 client of the local AWS server, whatever the environment says."""
    session: Any = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=region
    )
    return session.client(service, endpoint_url=endpoint)


def deploy(definition: Definition, endpoint: str, region: str = DEFAULT_REGION) -> None:
    """Creates everything in `definition`, or replaces what exists under the same name."""
    glue = client("glue", endpoint, region)
    for database in definition.databases:
        try:
            glue.create_database(DatabaseInput=_plain(database))
        except glue.exceptions.AlreadyExistsException:
            glue.update_database(Name=database["Name"], DatabaseInput=_plain(database))
    for connection in definition.connections:
        _put_connection(glue, _plain(connection))
    # The server replaces these on a second create; there is no UpdateJob or UpdateTrigger.
    for job in definition.jobs:
        glue.create_job(**_plain(job))
    for workflow in definition.workflows:
        glue.create_workflow(**_plain(workflow))
    for trigger in definition.triggers:
        request = _plain(trigger)
        if "Predicate" in request:
            # AWS lets one condition go without; the server does not.
            request["Predicate"] = {"Logical": "AND", **request["Predicate"]}
        glue.create_trigger(**request)


def _put_connection(glue: Any, request: dict[str, Any]) -> None:
    try:
        glue.create_connection(ConnectionInput=request)
    except glue.exceptions.AlreadyExistsException:
        glue.update_connection(Name=request["Name"], ConnectionInput=request)


def _plain(request: Request) -> dict[str, Any]:
    return dict(request)
