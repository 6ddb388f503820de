"""Events of S3, Glue and PutEvents at Glue workflows, SNS and SQS."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from glue_fixtures.glue_api import GlueApi, wait_until

ACCOUNT = "123456789012"


@pytest.fixture
def queue(api: GlueApi) -> str:
    url: str = boto3.client("sqs").create_queue(QueueName=api.name("queue"))["QueueUrl"]
    return url


def arn(service: str, api: GlueApi, resource: str) -> str:
    return f"arn:aws:{service}:{api.client.meta.region_name}:{ACCOUNT}:{resource}"


def rule(api: GlueApi, pattern: dict[str, Any], *targets: str, **fields: Any) -> None:
    events = boto3.client("events")
    events.put_rule(Name=api.name("rule"), EventPattern=json.dumps(pattern), **fields)
    events.put_targets(
        Rule=api.name("rule"),
        Targets=[{"Id": str(n), "Arn": target} for n, target in enumerate(targets)],
    )


def notify(api: GlueApi) -> None:
    boto3.client("s3").put_bucket_notification_configuration(
        Bucket=api.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def messages(queue: str, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def all_there() -> bool:
        answer = boto3.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        found.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
        return len(found) >= count

    wait_until(all_there)
    return found


def created(api: GlueApi, prefix: str) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [api.bucket]}, "object": {"key": [{"prefix": prefix}]}},
    }


def test_an_object_reaches_a_queue_in_awss_form(api: GlueApi, queue: str) -> None:
    notify(api)
    rule(api, created(api, "in/"), arn("sqs", api, api.name("queue")))
    s3 = boto3.client("s3")
    s3.put_object(Bucket=api.bucket, Key="out/a", Body=b"no")
    s3.put_object(Bucket=api.bucket, Key="in/a b", Body=b"four")
    [event] = messages(queue, 1)
    assert event["detail"]["bucket"] == {"name": api.bucket}
    stored = event["detail"]["object"]
    assert (stored["key"], stored["size"], len(stored["etag"])) == ("in/a b", 4, 32)
    assert event["detail"]["reason"] == "PutObject"
    assert event["resources"] == [f"arn:aws:s3:::{api.bucket}"]


def test_events_arrive_in_the_order_of_the_objects(api: GlueApi, queue: str) -> None:
    notify(api)
    rule(api, created(api, ""), arn("sqs", api, api.name("queue")))
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        boto3.client("s3").put_object(Bucket=api.bucket, Key=key, Body=b"")
    found = messages(queue, len(keys))
    assert sorted(event["detail"]["object"]["key"] for event in found) == sorted(keys)
    order = sorted(found, key=lambda event: str(event["detail"]["object"]["sequencer"]))
    assert [event["detail"]["object"]["key"] for event in order] == keys


def test_neither_a_disabled_rule_nor_a_bucket_without_notifications_sends(
    api: GlueApi, queue: str
) -> None:
    target = arn("sqs", api, api.name("queue"))
    rule(api, created(api, "in/"), target)
    s3 = boto3.client("s3")
    s3.put_object(Bucket=api.bucket, Key="in/1", Body=b"")  # not yet notifying
    notify(api)
    boto3.client("events").disable_rule(Name=api.name("rule"))
    s3.put_object(Bucket=api.bucket, Key="in/2", Body=b"")
    boto3.client("events").enable_rule(Name=api.name("rule"))
    s3.put_object(Bucket=api.bucket, Key="in/3", Body=b"")
    [event] = messages(queue, 1)
    assert event["detail"]["object"]["key"] == "in/3"


def test_objects_start_a_workflow_in_batches(api: GlueApi) -> None:
    notify(api)
    flow = api.name("flow")
    api.client.create_workflow(Name=flow)
    batching = {"BatchSize": 2, "BatchWindow": 60}
    api.trigger(
        "start", "EVENT", [api.job("a")], WorkflowName=flow, EventBatchingCondition=batching
    )
    rule(api, created(api, "in/"), arn("glue", api, f"workflow/{flow}"))
    for number in range(4):
        boto3.client("s3").put_object(Bucket=api.bucket, Key=f"in/{number}", Body=b"")
    wait_until(lambda: len(api.client.get_workflow_runs(Name=flow)["Runs"]) == 2)
    for run in api.client.get_workflow_runs(Name=flow)["Runs"]:
        ended = api.wait_workflow(flow, run["WorkflowRunId"])
        assert ended["StartingEventBatchCondition"] == batching
        ids = ended["WorkflowRunProperties"]["aws:eventIds"]
        assert ids.startswith("[")
        assert len(ids[1:-1].split(", ")) == 2


def test_a_failed_job_reaches_a_topic_and_its_subscribers(api: GlueApi, queue: str) -> None:
    sns = boto3.client("sns")
    topic = sns.create_topic(Name=api.name("alerts"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", api, api.name("queue")))
    job = api.job("broken", "raise ValueError('row 5')")
    pattern = {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {"state": ["FAILED", "TIMEOUT"], "jobName": [{"prefix": api.bucket}]},
    }
    rule(api, pattern, topic)
    api.wait(api.job("good"), api.start(api.name("good")))
    run_id = api.start(job)
    [message] = messages(queue, 1)
    detail = json.loads(message["Message"])["detail"]
    assert detail == {
        "jobName": job,
        "severity": "ERROR",
        "state": "FAILED",
        "jobRunId": run_id,
        "message": "ValueError: row 5",
    }


def test_put_events_reach_the_same_targets(api: GlueApi, queue: str) -> None:
    rule(api, {"source": [api.bucket]}, arn("sqs", api, api.name("queue")))
    entry = {"Source": api.bucket, "DetailType": "hello", "Detail": json.dumps({"a": 1})}
    boto3.client("events").put_events(Entries=[entry])
    [event] = messages(queue, 1)
    assert (event["detail-type"], event["detail"]) == ("hello", {"a": 1})


def test_an_event_for_a_workflow_without_event_trigger_is_lost_and_nothing_breaks(
    api: GlueApi, queue: str
) -> None:
    flow = api.name("flow")
    api.client.create_workflow(Name=flow)
    rule(
        api,
        {"source": [api.bucket]},
        arn("glue", api, f"workflow/{flow}"),
        arn("sqs", api, api.name("queue")),
    )
    entry = {"Source": api.bucket, "DetailType": "hello", "Detail": "{}"}
    boto3.client("events").put_events(Entries=[entry])
    assert len(messages(queue, 1)) == 1
    assert api.client.get_workflow_runs(Name=flow)["Runs"] == []


def test_what_can_not_be_a_target_is_refused(api: GlueApi) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*can not be a target locally"):
        rule(api, {"source": ["x"]}, arn("lambda", api, "function:f"))


@pytest.mark.parametrize("pattern", ['{"source": "x"}', '{"source": [{"like": "x"}]}', "{"])
def test_a_malformed_pattern_is_refused(api: GlueApi, pattern: str) -> None:
    with pytest.raises(ClientError, match="InvalidEventPatternException"):
        boto3.client("events").put_rule(Name=api.name("rule"), EventPattern=pattern)


def test_a_pattern_can_be_tried(api: GlueApi) -> None:
    event = {
        "id": "1", "detail-type": "t", "source": "s", "account": ACCOUNT,
        "time": "2026-11-24T12:00:00Z", "region": "r", "resources": [], "detail": {"n": 5},
    }  # fmt: skip
    test = boto3.client("events").test_event_pattern
    for numbers, expected in (([">", 4], True), (["<", 4], False)):
        pattern = json.dumps({"detail": {"n": [{"numeric": numbers}]}})
        assert test(EventPattern=pattern, Event=json.dumps(event))["Result"] is expected
