"""EventBridge rules with a ScheduleExpression, by the clock of the local AWS.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.events.models import Rule, events_backends

from awsglue_local.definition.cron import next_fire
from awsglue_local.server.events import send


def fire_due(since: datetime, until: datetime) -> list[str]:
    """Sends a Scheduled Event for every enabled rule that is due in (since, until]; their names.

    cron(...) only: a rule with rate(...) never fires here.
    """
    due = []
    for account, region, rule in _rules():
        schedule = rule.scheduled_expression or ""
        if rule.state != "ENABLED" or not schedule.startswith("cron("):
            continue
        moment = next_fire(schedule, since)
        if moment is not None and moment <= until:
            due.append(rule.name)
            send(rule, _event(account, region, rule, moment))
    return due


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
