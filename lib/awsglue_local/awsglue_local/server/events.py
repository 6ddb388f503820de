"""EventBridge in the local AWS: events of S3, Glue and PutEvents reach Glue workflows, SNS and SQS.

moto sends S3's events to rules, but with fields of its own making, to disabled rules too, and to no
Glue workflow or SNS topic. Delivery is in one thread, in the order of the events, as it is outside
of the request on AWS.
"""

import json
import queue
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any

from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import (
    EventPattern,
    EventPatternParser,
    EventsBackend,
    Rule,
    events_backends,
)
from moto.events.responses import EventsHandler
from moto.s3 import notifications
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from awsglue_local.definition.patterns import check_pattern
from awsglue_local.errors import ApiError
from awsglue_local.server.event_input import target_input

Event = Mapping[str, Any]
StartWorkflow = Callable[[str, str, Event], None]
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
_DELIVERED_BY_MOTO = ("logs", "events")
_pending: "queue.SimpleQueue[tuple[Rule, dict[str, Any]]]" = queue.SimpleQueue()


def install(start_workflow: StartWorkflow) -> None:
    """Puts our delivery into moto, in this process. `start_workflow` takes region, workflow
    and event; an ApiError of it means that the event is lost, as on AWS.
    """
    by_moto = Rule.send_to_targets
    put_targets = EventsBackend.put_targets
    parse = EventPatternParser.parse
    seams: list[tuple[Any, str, Any]] = [
        (Rule, "send_to_targets", lambda rule, event, transform_input=True: _take(rule, event)),
        (EventsBackend, "put_targets", _checking(put_targets)),
        (EventPatternParser, "parse", _strict(parse)),
        (EventsHandler, "test_event_pattern", _test_event_pattern),
        (notifications, "_send_event_bridge_message", _send_s3_event),
    ]
    for owner, name, replacement in seams:
        setattr(owner, name, replacement)
    arguments = (start_workflow, by_moto)
    threading.Thread(target=_deliver_all, args=arguments, daemon=True, name="events").start()


def publish(
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: list[str],
    account: str,
    region: str,
) -> None:
    """Sends an event of an AWS service to the rules of the default bus; returns at once."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": _timestamp(datetime.now(UTC)),
        "region": region,
        "resources": resources,
        "detail": dict(detail),
    }
    backend = events_backends[account][region]
    for rule in list(backend.event_buses["default"].rules.values()):
        rule.send_to_targets(event)  # type: ignore[arg-type]


def send(rule: Rule, event: Event) -> None:
    """The targets of `rule` get the event soon, whatever its pattern."""
    _pending.put((rule, dict(event)))


def _take(rule: Rule, event: Event) -> None:
    """An enabled rule whose pattern matches: its targets get the event soon."""
    pattern: Any = rule.event_pattern
    has_pattern = bool(pattern.get_pattern())  # one with a schedule only would match everything
    if rule.state == "ENABLED" and has_pattern and pattern.matches_event(event):
        shown = dict(event)
        if not isinstance(shown.get("time"), str):
            shown["time"] = _timestamp(datetime.fromtimestamp(float(shown["time"]), UTC))
        send(rule, shown)


def _deliver_all(start_workflow: StartWorkflow, by_moto: Callable[..., None]) -> None:
    while True:
        rule, event = _pending.get()
        for target in list(rule.targets):
            try:
                _deliver(rule, target, event, start_workflow, by_moto)
            except Exception as error:
                # AWS drops what it can not deliver (FailedInvocations); here the log says so.
                print(
                    f"EventBridge: event {event['id']} of rule {rule.name} was not delivered to "
                    f"{target['Arn']}: {error}",
                    file=sys.stderr,
                    flush=True,
                )


def _deliver(
    rule: Rule,
    target: Mapping[str, Any],
    event: dict[str, Any],
    start_workflow: StartWorkflow,
    by_moto: Callable[..., None],
) -> None:
    _, _, service, region, account, resource = target["Arn"].split(":", 5)
    if service == "glue":
        start_workflow(region, resource.removeprefix("workflow/"), event)
    elif service == "sns":
        sns_backends[account][region].publish(target_input(target, event), arn=target["Arn"])
    elif service == "sqs":
        group = target.get("SqsParameters", {}).get("MessageGroupId")
        sqs_backends[account][region].send_message(
            resource,
            target_input(target, event),
            group_id=group,
            deduplication_id=event["id"] if group else None,
        )
    else:
        alone = copy(rule)
        alone.targets = [dict(target)]
        by_moto(alone, event | {"time": datetime.fromisoformat(event["time"]).timestamp()})


def _checking(put_targets: Callable[..., None]) -> Callable[..., None]:
    def checked(
        self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        for target in targets:
            parts = str(target.get("Arn", "")).split(":", 5)
            service = parts[2] if len(parts) == 6 else ""
            workflow = service == "glue" and parts[5].startswith("workflow/")
            if not workflow and service not in ("sns", "sqs", *_DELIVERED_BY_MOTO):
                raise ValidationException(
                    f"Target {target.get('Id')}: {target.get('Arn')} can not be a target locally; "
                    "Glue workflows, SNS topics, SQS queues, log groups and event buses can"
                )
        put_targets(self, name, event_bus_arn, targets)

    return checked


def _strict(parse: Callable[[EventPatternParser], Any]) -> Callable[[EventPatternParser], Any]:
    def checked(self: EventPatternParser) -> Any:
        if self.pattern:
            try:
                check_pattern(self.pattern)
            except ApiError as error:
                raise InvalidEventPatternException(reason=error.message) from error
        return parse(self)

    return checked


def _test_event_pattern(self: EventsHandler) -> tuple[str, dict[str, Any]]:
    pattern = EventPattern.load(self._get_param("EventPattern"))
    matches = pattern.matches_event(json.loads(self._get_param("Event")))
    return json.dumps({"Result": matches}), self.response_headers


def _send_s3_event(account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
    """S3's event as AWS sends it.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    kind = event_name.value.removeprefix("s3:")
    stored = {
        "key": key.name,
        "size": key.size,
        "etag": key.etag.replace('"', ""),
        "sequencer": f"{int(datetime.now(UTC).timestamp() * 1_000_000):016X}",
    }
    if key.version_id:
        stored["version-id"] = key.version_id
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": stored,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": account_id,
        "source-ip-address": "127.0.0.1",
    }
    if kind in _REASONS:
        detail["reason"] = _REASONS[kind]
    detail_type = notifications._detail_type(event_name)
    publish("aws.s3", detail_type, detail, [bucket.arn], account_id, bucket.region_name)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
