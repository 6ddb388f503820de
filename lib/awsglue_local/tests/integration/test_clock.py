"""The clock of the local AWS: schedules that fire, timeouts, windows of events."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from awsglue_local.access import client
from awsglue_local.server.aws import AwsServer
from glue_fixtures.glue_api import GlueApi, wait_until

SPEED = 300.0
"""Five minutes a second."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AwsServer]:
    """A fast AWS server with the schedule on."""
    with AwsServer(log=tmp_path / "aws.log", schedule=True, clock_speed=SPEED) as running:
        client("s3", running.endpoint).create_bucket(
            Bucket="code", CreateBucketConfiguration={"LocationConstraint": running.region}
        )
        yield running


def job(server: AwsServer, name: str, script: str, **fields: Any) -> GlueApi:
    client("s3", server.endpoint).put_object(Bucket="code", Key=name, Body=script.encode())
    api = GlueApi("code", client("glue", server.endpoint))
    command = {"Name": "glueetl", "ScriptLocation": f"s3://code/{name}"}
    api.client.create_job(Name=name, Role="role", Command=command, **fields)
    return api


def switch(server: AwsServer, body: Any = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.endpoint}/_glue_local/schedule", data)
    with urllib.request.urlopen(request) as answer:
        shown: dict[str, Any] = json.load(answer)
        return shown


def test_an_activated_schedule_fires_again_and_again(
    server: AwsServer,
) -> None:
    api = job(server, "a", "")
    api.client.create_workflow(Name="flow")
    api.client.create_trigger(
        Name="every_5_minutes",
        Type="SCHEDULED",
        WorkflowName="flow",
        Schedule="cron(0/5 * * * ? *)",
        StartOnCreation=True,
        Actions=[{"JobName": "a"}],
    )
    wait_until(lambda: len(api.client.get_workflow_runs(Name="flow")["Runs"]) >= 3)
    runs = api.client.get_workflow_runs(Name="flow")["Runs"]
    seconds = (runs[0]["StartedOn"] - runs[2]["StartedOn"]).total_seconds()
    assert seconds > 1.5
    api.client.stop_trigger(Name="every_5_minutes")
    assert api.client.get_trigger(Name="every_5_minutes")["Trigger"]["State"] == "DEACTIVATED"


def test_the_schedule_can_be_switched_off_and_on(server: AwsServer) -> None:
    assert switch(server) == {"enabled": True, "speed": SPEED}
    assert switch(server, {"enabled": False})["enabled"] is False
    assert switch(server)["enabled"] is False
    assert switch(server, {"enabled": True})["enabled"] is True
    with pytest.raises(urllib.error.HTTPError, match="400"):
        switch(server, {"enabled": "maybe"})


def test_a_run_that_takes_longer_than_its_timeout_ends_with_timeout(server: AwsServer) -> None:
    script = "import subprocess, time; subprocess.Popen(['sleep', '300']); time.sleep(300)"
    api = job(server, "long", script, Timeout=480, MaxRetries=1)
    run = api.wait("long", api.start("long", Timeout=2))
    assert (run["JobRunState"], run["Timeout"]) == ("TIMEOUT", 2)
    assert run["ErrorMessage"] == "Job run exceeded its timeout of 2 minute(s)"
    assert len(api.client.get_job_runs(JobName="long")["JobRuns"]) == 1


def test_a_run_that_takes_long_reaches_a_queue(server: AwsServer) -> None:
    api = job(server, "long", "import time; time.sleep(300)")
    queue = client("sqs", server.endpoint)
    url = queue.create_queue(QueueName="late")["QueueUrl"]
    events = client("events", server.endpoint)
    pattern = {"source": ["aws.glue"], "detail-type": ["Glue Job Run Status"]}
    events.put_rule(Name="late", EventPattern=json.dumps(pattern))
    target = {"Id": "q", "Arn": f"arn:aws:sqs:{server.region}:123456789012:late"}
    events.put_targets(Rule="late", Targets=[target])
    run_id = api.start("long", NotificationProperty={"NotifyDelayAfter": 10})
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        messages = queue.receive_message(QueueUrl=url).get("Messages", [])
        found.extend(json.loads(message["Body"]) for message in messages)
        return bool(found)

    wait_until(arrived)
    detail = found[0]["detail"]
    assert detail.pop("startedOn").endswith("Z")
    assert detail == {
        "jobName": "long", "jobRunId": run_id, "state": "RUNNING", "severity": "INFO",
        "message": "Job is in RUNNING state", "notificationCondition": {"NotifyDelayAfter": 10.0},
    }  # fmt: skip


@pytest.mark.parametrize("expression", ["cron(0/5 * * * ? *)", "rate(5 minutes)"])
def test_an_event_rule_with_a_schedule_fires_and_its_workflow_runs(
    server: AwsServer, expression: str
) -> None:
    api = job(server, "a", "")
    api.client.create_workflow(Name="flow")
    api.client.create_trigger(
        Name="daily",
        Type="EVENT",
        WorkflowName="flow",
        EventBatchingCondition={"BatchSize": 1},
        Actions=[{"JobName": "a"}],
    )
    events = client("events", server.endpoint)
    target = {"Id": "flow", "Arn": "arn:aws:glue:eu-west-2:123456789012:workflow/flow"}
    target["RoleArn"] = "arn:aws:iam::123456789012:role/events"
    for name, state in (("on", "ENABLED"), ("off", "DISABLED")):
        events.put_rule(Name=name, ScheduleExpression=expression, State=state)
        events.put_targets(Rule=name, Targets=[target])
    wait_until(lambda: len(api.client.get_workflow_runs(Name="flow")["Runs"]) >= 2)
    events.disable_rule(Name="on")


@pytest.mark.parametrize("expression", ["cron(1 2 3)", "cron(0 25 * * ? *)", "rate(0 minutes)"])
def test_an_event_rule_that_would_never_fire_is_refused(server: AwsServer, expression: str) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*ScheduleExpression is not valid"):
        client("events", server.endpoint).put_rule(Name="r", ScheduleExpression=expression)


def test_a_trigger_of_a_deleted_workflow_does_not_stop_the_clock(
    server: AwsServer, tmp_path: Path
) -> None:
    api = job(server, "a", "")
    api.client.create_workflow(Name="gone")
    for name, workflow in (("lost", {"WorkflowName": "gone"}), ("kept", {})):
        api.client.create_trigger(
            Name=name, Type="SCHEDULED", Schedule="cron(0/5 * * * ? *)", StartOnCreation=True,
            Actions=[{"JobName": "a"}], **workflow,  # type: ignore[arg-type]
        )  # fmt: skip
    api.client.delete_workflow(Name="gone")
    wait_until(lambda: len(api.client.get_job_runs(JobName="a")["JobRuns"]) >= 3)
    told = (tmp_path / "aws.log").read_text()
    assert "trigger lost did not fire: EntityNotFoundException" in told
