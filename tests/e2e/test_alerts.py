"""What people are told, on the platform that Terraform makes: a job that fails or hangs, a dead
schedule, a proof that is too old, a row in quarantine.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from awsglue_local.server.event_input import target_input
from fixtures.alarms import state
from fixtures.platform import needs_terraform
from fixtures.rights import ACCOUNT, REGION
from fixtures.story import Story, run
from totesys_demo.platform import LocalPlatform

pytestmark = [pytest.mark.xdist_group("terraform-platform"), needs_terraform]
SOON = timedelta(seconds=30)


def alarm(platform: LocalPlatform, name: str) -> dict[str, Any]:
    """Return the alarm as CloudWatch describes it; it notifies the topic of the alerts."""
    cloudwatch = platform.stack.client("cloudwatch")
    (described,) = cloudwatch.describe_alarms(AlarmNames=[f"totesys-{name}"])["MetricAlarms"]
    assert described["AlarmActions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:totesys-alerts"]
    return dict(described)


@dataclass(frozen=True)
class LastRun:
    """The newest run of all jobs, of a row that can not be converted."""

    ended: datetime
    quarantine_before: str
    """State of the alarm before it."""


@pytest.fixture(scope="module")
def last_run(story: Story) -> Iterator[LastRun]:
    """Run all jobs on a row that can not be converted; afterwards the source is mended."""
    cloudwatch = story.platform.stack.client("cloudwatch")
    quarantine = alarm(story.platform, "quarantine")
    before = state(cloudwatch, quarantine, datetime.now(UTC) + SOON)
    change = "UPDATE purchase_order SET agreed_delivery_date = %s WHERE purchase_order_id = 2"
    read = "SELECT agreed_delivery_date FROM purchase_order WHERE purchase_order_id = 2"
    (right,) = story.source.execute(read).fetchone() or (None,)
    story.source.execute(change, ("soon",))
    run(story.platform)
    yield LastRun(datetime.now(UTC), before)
    story.source.execute(change, (right,))


def test_a_row_in_quarantine_alerts(story: Story, last_run: LastRun) -> None:
    cloudwatch = story.platform.stack.client("cloudwatch")
    quarantine = alarm(story.platform, "quarantine")
    assert last_run.quarantine_before == "OK"
    assert state(cloudwatch, quarantine, last_run.ended + SOON) == "ALARM"


def test_a_dead_schedule_breaches_the_freshness_alarm_and_a_live_one_does_not(
    story: Story, last_run: LastRun
) -> None:
    cloudwatch = story.platform.stack.client("cloudwatch")
    freshness, now = alarm(story.platform, "freshness"), last_run.ended
    assert freshness["Threshold"] == 30 * 60
    assert state(cloudwatch, freshness, now + SOON) == "OK"
    assert state(cloudwatch, freshness, now + timedelta(minutes=15)) == "OK"
    assert state(cloudwatch, freshness, now + timedelta(minutes=26)) == "ALARM"
    cloudwatch.put_metric_data(
        Namespace="totesys",
        MetricData=[
            {"MetricName": "WarehouseLag", "Value": 1801.0, "Timestamp": now + timedelta(minutes=m)}
            for m in (15, 30)
        ],
    )
    assert state(cloudwatch, freshness, now + timedelta(minutes=31)) == "ALARM"


@pytest.mark.parametrize(
    ("proof", "metric", "late"),
    [
        ("source", "MinutesSinceSourceVerified", 61.0),
        ("warehouse", "MinutesSinceWarehouseVerified", 2161.0),
    ],
)
def test_a_proof_that_is_too_old_or_not_told_breaches_its_alarm(
    story: Story, last_run: LastRun, proof: str, metric: str, late: float
) -> None:
    cloudwatch = story.platform.stack.client("cloudwatch")
    verified, now = alarm(story.platform, f"verified-{proof}"), last_run.ended
    assert state(cloudwatch, verified, now + timedelta(minutes=1)) == "OK"
    assert state(cloudwatch, verified, now + timedelta(minutes=65)) == "ALARM"
    value = {"MetricName": metric, "Value": late, "Timestamp": now + timedelta(minutes=90)}
    cloudwatch.put_metric_data(Namespace="totesys", MetricData=[value])
    assert state(cloudwatch, verified, now + timedelta(minutes=120)) == "ALARM"


@pytest.fixture
def mailbox(terraform_platform: LocalPlatform) -> Iterator[str]:
    """Yield the URL of a queue that gets every alert meanwhile."""
    sns = terraform_platform.stack.client("sns")
    sqs = terraform_platform.stack.client("sqs")
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:totesys-alerts"
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    yield queue
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=queue)


def test_a_job_that_fails_alerts_once_with_a_message_for_people(
    terraform_platform: LocalPlatform, mailbox: str
) -> None:
    sqs = terraform_platform.stack.client("sqs")
    glue = terraform_platform.stack.client("glue")
    started = glue.start_job_run(JobName="ingest_totesys", Arguments={"--compare": "everything"})
    last = f"{started['JobRunId']}_attempt_1"
    message = one_message(sqs, mailbox)
    assert message.startswith("AWS Glue job ingest_totesys ended FAILED at ")
    assert "SettingInvalid: --compare 'everything': use ranges, whole or scrub" in message
    assert f"#/job/ingest_totesys/run/{last}" in message
    assert glue.get_job_run(JobName="ingest_totesys", RunId=last)["JobRun"]["Attempt"] == 1
    assert sqs.receive_message(QueueUrl=mailbox, WaitTimeSeconds=1).get("Messages") is None


def one_message(sqs: Any, queue: str) -> str:
    """Wait for the next notification, take it out of the queue, return its text."""
    for _ in range(30):
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages")
        if messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=messages[0]["ReceiptHandle"])
            text = json.loads(messages[0]["Body"])["Message"]
            return str(json.loads(text) if text.startswith('"') else text)
    raise AssertionError("no alert arrived")


SLOW = {
    "jobName": "load_warehouse",
    "severity": "INFO",
    "notificationCondition": {"NotifyDelayAfter": 15.0},
    "state": "RUNNING",
    "jobRunId": "jr_1",
    "message": "JobRunId jr_1 is in RUNNING state",
    "startedOn": "2026-11-25T10:00:00Z",
}
"""As AWS shows it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/EventTypes.html"""


def test_a_run_that_takes_too_long_alerts(terraform_platform: LocalPlatform) -> None:
    """The event is AWS's own; the local AWS has no run that hangs for 15 minutes."""
    stack = terraform_platform.stack
    glue, events = stack.client("glue"), stack.client("events")
    minutes = {
        name: glue.get_job(JobName=name)["Job"]["NotificationProperty"]["NotifyDelayAfter"]
        for name in glue.list_jobs()["JobNames"]
    }
    usual = dict.fromkeys(("ingest_totesys", "transform_star", "load_warehouse"), 15)
    assert minutes == usual | {"audit_warehouse": 30, "rebuild_current": 60}
    pattern = events.describe_rule(Name="totesys-job-slow")["EventPattern"]
    (target,) = events.list_targets_by_rule(Rule="totesys-job-slow")["Targets"]
    event = {
        "id": "1", "account": ACCOUNT, "region": REGION, "time": "2026-11-25T10:15:00Z",
        "source": "aws.glue", "resources": [], "detail-type": "Glue Job Run Status", "detail": SLOW,
    }  # fmt: skip

    def alerts(given: dict[str, Any]) -> bool:
        answer = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(given))
        return bool(answer["Result"])

    assert alerts(event)
    assert not alerts(event | {"detail": SLOW | {"jobName": "of_somebody_else"}})
    assert not alerts(event | {"detail": SLOW | {"state": "STOPPING"}})
    text = json.loads(target_input(target, event))
    assert text.startswith(
        "AWS Glue job load_warehouse has been running for more than 15.0 minutes at 2026-11-25T10"
    )
    assert "#/job/load_warehouse/run/jr_1" in text
