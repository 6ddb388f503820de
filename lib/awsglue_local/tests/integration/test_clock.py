"""The clock of the local AWS: schedules that fire, timeouts, windows of events."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsglue_local.access import client
from awsglue_local.server.aws import AwsServer
from glue_fixtures.glue_api import GlueApi, wait_until

SPEED = 300.0
"""Five minutes a second."""
EVERY_5_MINUTES = "cron(0/5 * * * ? *)"


@dataclass(frozen=True)
class FastServer:
    """An AWS server whose clock is fast, with the schedule on, and its log."""

    aws: AwsServer
    log: Path


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastServer]:
    """One server for these tests; what a test schedules fires until the test has stopped it."""
    log = tmp_path_factory.mktemp("clock") / "aws.log"
    with AwsServer(log=log, schedule=True, clock_speed=SPEED) as running:
        yield FastServer(running, log)


@pytest.fixture
def api(fast: FastServer) -> Iterator[GlueApi]:
    """Jobs and triggers of one test; its triggers are gone afterwards."""
    made = GlueApi(f"clock-{uuid.uuid4().hex[:8]}", fast.aws.endpoint)
    client("s3", fast.aws.endpoint).create_bucket(
        Bucket=made.bucket, CreateBucketConfiguration={"LocationConstraint": fast.aws.region}
    )
    yield made
    for name in made.client.list_triggers()["TriggerNames"]:
        made.client.delete_trigger(Name=name)


def switch(fast: FastServer, body: Any = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{fast.aws.endpoint}/_glue_local/schedule", data)
    with urllib.request.urlopen(request) as answer:
        shown: dict[str, Any] = json.load(answer)
        return shown


def workflow(api: GlueApi, kind: str, **fields: Any) -> str:
    """A workflow of one empty job, which a trigger of this kind starts."""
    flow = api.name("flow")
    api.client.create_workflow(Name=flow)
    api.trigger("start", kind, [api.job("a")], WorkflowName=flow, **fields)
    return flow


def runs(api: GlueApi, flow: str) -> list[dict[str, Any]]:
    """A workflow's runs, newest first."""
    found: list[dict[str, Any]] = api.client.get_workflow_runs(Name=flow)["Runs"]
    return found


def test_an_activated_schedule_fires_again_and_again(api: GlueApi) -> None:
    flow = workflow(api, "SCHEDULED", Schedule=EVERY_5_MINUTES, StartOnCreation=True)
    wait_until(lambda: len(runs(api, flow)) >= 3)
    newest, _, third = runs(api, flow)[:3]
    assert (newest["StartedOn"] - third["StartedOn"]).total_seconds() > 1.5
    trigger = api.name("start")
    api.client.stop_trigger(Name=trigger)
    assert api.client.get_trigger(Name=trigger)["Trigger"]["State"] == "DEACTIVATED"


def test_the_schedule_can_be_switched_off_and_on(fast: FastServer) -> None:
    assert switch(fast) == {"enabled": True, "speed": SPEED}
    assert switch(fast, {"enabled": False})["enabled"] is False
    assert switch(fast)["enabled"] is False
    assert switch(fast, {"enabled": True})["enabled"] is True
    with pytest.raises(urllib.error.HTTPError, match="400"):
        switch(fast, {"enabled": "maybe"})


def test_a_run_that_takes_longer_than_its_timeout_ends_with_timeout(api: GlueApi) -> None:
    script = "import subprocess, time; subprocess.Popen(['sleep', '300']); time.sleep(300)"
    job = api.job("long", script, Timeout=480, MaxRetries=1)
    run = api.wait(job, api.start(job, Timeout=2))
    assert (run["JobRunState"], run["Timeout"]) == ("TIMEOUT", 2)
    assert run["ErrorMessage"] == "Job run exceeded its timeout of 2 minute(s)"
    assert len(api.client.get_job_runs(JobName=job)["JobRuns"]) == 1


def test_a_run_that_takes_long_reaches_a_queue(api: GlueApi) -> None:
    job = api.job("long", "import time; time.sleep(300)")
    queue = api.service("sqs")
    url = queue.create_queue(QueueName=api.name("late"))["QueueUrl"]
    events = api.service("events")
    detail_type = "Glue Job Run Status"
    pattern = {"source": ["aws.glue"], "detail-type": [detail_type]}
    events.put_rule(Name=api.name("late"), EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:eu-west-2:123456789012:{api.name('late')}"
    events.put_targets(Rule=api.name("late"), Targets=[{"Id": "late", "Arn": arn}])
    run_id = api.start(job, NotificationProperty={"NotifyDelayAfter": 10})
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        messages = queue.receive_message(QueueUrl=url).get("Messages", [])
        found.extend(json.loads(message["Body"]) for message in messages)
        return bool(found)

    wait_until(arrived)
    api.client.batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    detail = found[0]["detail"]
    assert detail.pop("startedOn").endswith("Z")
    assert detail == {
        "jobName": job, "jobRunId": run_id, "state": "RUNNING", "severity": "INFO",
        "message": "Job is in RUNNING state", "notificationCondition": {"NotifyDelayAfter": 10.0},
    }  # fmt: skip


@pytest.mark.parametrize("expression", [EVERY_5_MINUTES, "rate(5 minutes)"])
def test_an_event_rule_with_a_schedule_fires_and_its_workflow_runs(
    api: GlueApi, expression: str
) -> None:
    flow = workflow(api, "EVENT", EventBatchingCondition={"BatchSize": 1})
    events = api.service("events")
    target = {"Id": "flow", "Arn": f"arn:aws:glue:eu-west-2:123456789012:workflow/{flow}"}
    target["RoleArn"] = "arn:aws:iam::123456789012:role/events"
    for name, state in (("on", "ENABLED"), ("off", "DISABLED")):
        rule = api.name(name)
        events.put_rule(Name=rule, ScheduleExpression=expression, State=state)
        events.put_targets(Rule=rule, Targets=[target])
    wait_until(lambda: len(runs(api, flow)) >= 2)
    events.disable_rule(Name=api.name("on"))


@pytest.mark.parametrize("expression", ["cron(1 2 3)", "cron(0 25 * * ? *)", "rate(0 minutes)"])
def test_an_event_rule_that_would_never_fire_is_refused(api: GlueApi, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*ScheduleExpression is not valid"):
        api.service("events").put_rule(Name="r", ScheduleExpression=expression)


def test_a_trigger_of_a_deleted_workflow_does_not_stop_the_clock(
    fast: FastServer, api: GlueApi
) -> None:
    flow = workflow(api, "SCHEDULED", Schedule=EVERY_5_MINUTES, StartOnCreation=True)
    api.client.delete_workflow(Name=flow)
    job = api.job("b")
    api.trigger("kept", "SCHEDULED", [job], Schedule=EVERY_5_MINUTES, StartOnCreation=True)
    wait_until(lambda: len(api.client.get_job_runs(JobName=job)["JobRuns"]) >= 3)
    trigger = api.name("start")
    assert f"trigger {trigger} did not fire: EntityNotFoundException" in fast.log.read_text()
