"""EventBridge rules with a ScheduleExpression, by the clock of the local AWS.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule, events_backends

from awsglue_local.definition.cron import next_fire, parse
from awsglue_local.errors import DefinitionError
from awsglue_local.server.events import send

_RATE = re.compile(r"rate\((?P<number>[1-9]\d*) (?P<unit>minute|hour|day)s?\)")
_began: dict[tuple[str, str], datetime] = {}
"""ARN and expression of a rule with rate(...) -> when the clock first saw it."""


def install() -> None:
    """Lets PutRule refuse an expression that would never fire; in this process."""
    EventsBackend.put_rule = _checking(EventsBackend.put_rule)  # type: ignore[method-assign]


def fire_due(since: datetime, until: datetime) -> list[str]:
    """Sends a Scheduled Event for every enabled rule that is due in (since, until]; their names.

    Several missed times are one event. A rate counts from when the clock first sees the rule.
    """
    due = []
    for account, region, rule in _rules():
        if rule.state != "ENABLED" or not rule.scheduled_expression:
            continue
        moment = _next(rule.arn, rule.scheduled_expression, since)
        if moment is not None and moment <= until:
            due.append(rule.name)
            send(rule, _event(account, region, rule, moment))
    return due


def _next(arn: str, expression: str, since: datetime) -> datetime | None:
    period = _period(expression)
    if period is None:
        return next_fire(expression, since)
    began = _began.setdefault((arn, expression), since)
    return began + ((since - began) // period + 1) * period


def _period(expression: str) -> timedelta | None:
    """The period of rate(...), None for anything else."""
    found = _RATE.fullmatch(expression)
    return timedelta(**{f"{found['unit']}s": int(found["number"])}) if found else None


def _checking(put_rule: Callable[..., Rule]) -> Callable[..., Rule]:
    def checked(self: EventsBackend, *args: Any, **fields: Any) -> Rule:
        expression = fields.get("scheduled_expression")
        if expression and _period(expression) is None:
            try:
                parse("ScheduleExpression", expression)
            except DefinitionError as error:
                raise ValidationException("Parameter ScheduleExpression is not valid.") from error
        return put_rule(self, *args, **fields)

    return checked


def _rules() -> Iterator[tuple[str, str, Rule]]:
    for account, regions in list(events_backends.items()):
        for region, backend in list(regions.items()):
            for rule in list(backend.event_buses["default"].rules.values()):
                yield account, region, rule


def _event(account: str, region: str, rule: Rule, moment: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [rule.arn],
        "detail": {},
    }
