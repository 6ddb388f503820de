"""What the local AWS relies on inside moto. A new version of moto fails here first.

moto keeps none of these stable. When one has changed: read the module of awsglue_local.server that
the entry names, adapt it, then correct the entry.
"""

import ast
import importlib
import importlib.metadata
import inspect
from pathlib import Path
from typing import Any

import pytest

import awsglue_local

RELIED_ON: list[tuple[str, str, str | None]] = [
    # server/process.py
    ("moto.moto_server.werkzeug_app:DomainDispatcherApplication",
     "__init__", "self create_app"),
    ("moto.moto_server.werkzeug_app:create_backend_app", "", "service"),
    ("moto.moto_server.werkzeug_app:MotoRequestHandler", "", None),
    # server/glue_operations.py, server/connections.py
    ("moto.glue.responses:GlueResponse", "parameters", None),
    ("moto.glue.responses:GlueResponse", "glue_backend", None),
    ("moto.glue.responses:GlueResponse", "_get_param", None),
    ("moto.glue.models:GlueBackend", "tag_resource", "self resource_arn tags"),
    ("moto.glue.models:GlueBackend", "get_tags", "self resource_id"),
    ("moto.glue.models:FakeConnection",
     "__init__", "self backend catalog_id connection_input tags"),
    ("moto.glue.models:FakeConnection", "as_dict", "self hide_password"),
    ("moto.core.responses:ActionResult", "__init__", "self result"),
    ("moto.core.responses:EmptyResult", "", None),
    ("moto.core.exceptions:JsonRESTError", "__init__", "self error_type message _ kwargs"),
    # server/job_logs.py, server/metrics.py
    ("moto.logs.models:LogsBackend", "create_log_group", "self log_group_name tags kwargs"),
    ("moto.logs.models:LogsBackend", "create_log_stream", "self log_group_name log_stream_name"),
    ("moto.logs.models:LogsBackend",
     "put_log_events", "self log_group_name log_stream_name log_events"),
    ("moto.cloudwatch.models:CloudWatchBackend", "put_metric_data", "self namespace metric_data"),
    # server/events.py
    ("moto.events.models:Rule", "send_to_targets", "self original_event transform_input"),
    ("moto.events.models:EventPattern", "matches_event", "self event"),
    ("moto.events.models:EventPattern", "load", "raw_pattern"),
    ("moto.events.models:EventPatternParser", "parse", "self"),
    ("moto.events.models:EventsBackend", "put_targets", "self name event_bus_arn targets"),
    ("moto.events.responses:EventsHandler", "test_event_pattern", None),
    ("moto.s3.notifications:_send_event_bridge_message", "", "account_id bucket event_name key"),
    ("moto.s3.notifications:_detail_type", "", "event_name"),
    ("moto.sns.models:SNSBackend", "publish", None),
    ("moto.sqs.models:SQSBackend", "send_message", None),
    ("moto.events.exceptions:InvalidEventPatternException", "__init__", "self reason"),
    ("moto.events.exceptions:ValidationException", "__init__", "self message"),
    # server/event_schedule.py, server/s3.py
    ("moto.events.models:EventsBackend",
     "put_rule", "self name description event_bus_arn event_pattern role_arn scheduled_expression "
     "state managed_by tags"),
    ("moto.events.responses:EventsHandler", "put_rule", None),
    ("moto.iam.access_control:PermissionResult", "NEUTRAL", None),
    ("moto.events.models:EventPattern", "get_pattern", "self"),
    ("moto.s3.responses:S3Response", "get_bucket_notification", "self"),
    ("moto.s3.models:S3Backend", "get_bucket_notification_configuration", "self bucket_name"),
    ("moto.s3.models:FakeBucket", "get_permission", "self action resource"),
]  # fmt: skip
"""Module and name, member, its parameters (None: that it is there is enough)."""
BACKENDS = ("moto.logs.models:logs_backends", "moto.cloudwatch.models:cloudwatch_backends",
            "moto.events.models:events_backends", "moto.sns.models:sns_backends",
            "moto.sqs.models:sqs_backends")  # fmt: skip


def found(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def test_moto_is_the_version_that_was_looked_at() -> None:
    assert importlib.metadata.version("moto") == "5.2.5"


@pytest.mark.parametrize(
    ("path", "member", "parameters"), RELIED_ON, ids=[f"{p}.{m}" for p, m, _ in RELIED_ON]
)
def test_what_is_relied_on_is_there(path: str, member: str, parameters: str | None) -> None:
    thing = found(path)
    part = getattr(thing, member) if member else thing
    if parameters is not None:
        assert " ".join(inspect.signature(part).parameters) == parameters


@pytest.mark.parametrize("path", BACKENDS)
def test_backends_are_found_by_account_and_region(path: str) -> None:
    assert found(path)["123456789012"]["eu-west-2"] is not None


def test_operations_are_methods_with_the_names_of_the_api() -> None:
    from awsglue_local.server.glue_operations import method_name

    responses = found("moto.glue.responses:GlueResponse")
    for operation in ("CreateJob", "StartJobRun", "GetWorkflowRun", "PutWorkflowRunProperties"):
        assert callable(getattr(responses, method_name(operation))), operation


def test_s3_tells_notifications_of_objects_by_the_module() -> None:
    """The replaced function is looked up in the module at every call, not bound at import."""
    source = inspect.getsource(found("moto.s3.notifications:send_event"))
    assert "_send_event_bridge_message(account_id, bucket, event_name, key)" in source
    events = found("moto.s3.notifications:S3NotificationEvent")
    assert events.OBJECT_CREATED_PUT_EVENT.value == "s3:ObjectCreated:Put"


def test_the_default_bus_is_there_and_rules_have_state_and_targets() -> None:
    backend = found("moto.events.models:events_backends")["123456789012"]["eu-west-2"]
    assert backend.event_buses["default"].rules == {}
    rule = found("moto.events.models:Rule")(
        "r", "1", "eu-west-2", None, None, None, None, "default", None
    )
    assert (rule.state, rule.targets) == ("ENABLED", [])


def test_iam_and_secrets_are_found_as_the_policies_need_them() -> None:
    """server/iam.py reads these attributes."""
    iam = found("moto.iam.models:iam_backends")["123456789012"]["aws"]
    role = iam.create_role("job", "{}", "/", None, "", [], "3600")
    statement = '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}'
    iam.put_role_policy("job", "work", f'{{"Version": "2012-10-17", "Statement": {statement}}}')
    assert [each.name for each in iam.roles.values()] == ["job"]
    assert list(role.policies) == ["work"]
    assert list(role.managed_policies) == []
    secrets = found("moto.secretsmanager.models:secretsmanager_backends")
    store = secrets["123456789012"]["eu-west-2"]
    store.create_secret("shop/load", "{}", None, "", [], None, None, [], False)
    assert [each.name for each in store.secrets.values()] == ["shop/load"]
    assert found("moto.s3.models:s3_backends")["123456789012"]["aws"].buckets == {}


def test_everything_that_is_imported_of_moto_is_named_here() -> None:
    """Where a name stands is not enough: the entry tells what of it is relied on."""
    named = inspect.getsource(importlib.import_module(__name__))
    folder = Path(awsglue_local.__file__).parent
    imported = {
        (path.name, node.module, alias.name)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moto")
        for alias in node.names
    }
    missing = {
        entry
        for entry in imported
        if f"{entry[1]}:{entry[2]}" not in named and f"{entry[1]}.{entry[2]}:" not in named
    }
    assert len(imported) > 20
    assert missing == set()


def test_jobs_and_rules_belong_to_motos_account() -> None:
    assert found("moto.core.models:DEFAULT_ACCOUNT_ID") == "123456789012"
