"""A role that exists in IAM may do only what its policies allow, and every call is written down."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awsglue_local.access import client
from awsglue_local.server.aws import AwsServer
from glue_fixtures.glue_api import GlueApi

ROLE = "arn:aws:iam::123456789012:role/job"
SCRIPT = """
import boto3
s3 = boto3.client("s3")
s3.put_object(Bucket="lake", Key="new", Body=b"1", IfNoneMatch="*")
print(s3.get_object(Bucket="lake", Key="new")["Body"].read())
"""


REFUSED = """
import boto3
from botocore.exceptions import ClientError

for service, call, arguments in (
    ("glue", "get_database", {"Name": "raw"}),
    ("cloudwatch", "put_metric_data", {"Namespace": "a", "MetricData": []}),
    ("sns", "list_topics", {}),
):
    try:
        getattr(boto3.client(service), call)(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"].startswith("AccessDenied"), (service, str(error))
    else:
        raise AssertionError(f"{service} was not refused")
boto3.client("sts").get_caller_identity()  # nobody can be denied this
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AwsServer]:
    with AwsServer(log=tmp_path / "aws.log") as running:
        for bucket in ("code", "lake"):
            client("s3", running.endpoint).create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": running.region}
            )
        yield running


def run(server: AwsServer, script: str) -> dict[str, Any]:
    client("s3", server.endpoint).put_object(Bucket="code", Key="a", Body=script.encode())
    api = GlueApi("code", client("glue", server.endpoint))
    command = {"Name": "glueetl", "ScriptLocation": "s3://code/a"}
    if not api.client.list_jobs()["JobNames"]:
        api.client.create_job(Name="a", Role=ROLE, Command=command)
    return api.wait("a", api.start("a"))


def allow(server: AwsServer, *actions: str) -> None:
    iam = client("iam", server.endpoint)
    if not iam.list_roles()["Roles"]:
        iam.create_role(RoleName="job", AssumeRolePolicyDocument="{}")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:s3:::lake/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="job", PolicyName="work", PolicyDocument=document)


def called(server: AwsServer) -> dict[tuple[str, str], bool]:
    calls = server.private("calls")["calls"]
    assert {call["role"] for call in calls} == {ROLE}
    return {(call["action"], call["resource"]): call["allowed"] for call in calls}


def test_without_its_role_in_iam_a_job_may_do_everything_and_its_calls_are_known(
    server: AwsServer,
) -> None:
    assert run(server, SCRIPT)["JobRunState"] == "SUCCEEDED"
    assert called(server) == {
        ("s3:PutObject", "arn:aws:s3:::lake/new"): True,
        ("s3:GetObject", "arn:aws:s3:::lake/new"): True,
    }


def test_what_no_policy_allows_is_refused_and_the_message_says_what_is_missing(
    server: AwsServer,
) -> None:
    allow(server, "s3:PutObject")
    ended = run(server, SCRIPT)
    assert ended["JobRunState"] == "FAILED"
    assert "AccessDenied" in ended["ErrorMessage"]
    assert f"{ROLE} is not authorized to perform s3:GetObject" in ended["ErrorMessage"]
    assert called(server)[("s3:GetObject", "arn:aws:s3:::lake/new")] is False
    allow(server, "s3:PutObject", "s3:GetObject")
    assert run(server, SCRIPT.replace('"new"', '"newer"'))["JobRunState"] == "SUCCEEDED"


def test_other_services_refuse_in_their_own_form(server: AwsServer) -> None:
    allow(server, "s3:GetObject")
    ended = run(server, REFUSED)
    assert (ended["JobRunState"], ended.get("ErrorMessage")) == ("SUCCEEDED", None)


def test_a_bucket_policy_holds_for_every_caller(server: AwsServer) -> None:
    s3 = client("s3", server.endpoint)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::lake/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    s3.put_bucket_policy(Bucket="lake", Policy=json.dumps({"Statement": [deny]}))
    s3.put_object(Bucket="lake", Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match=r"AccessDenied.*resource policy"):
        s3.put_object(Bucket="lake", Key="a", Body=b"2")
    assert s3.get_object(Bucket="lake", Key="a")["Body"].read() == b"1"


def test_many_objects_are_deleted_only_if_each_may_be(server: AwsServer) -> None:
    s3 = client("s3", server.endpoint)
    for key in ("kept", "free"):
        s3.put_object(Bucket="lake", Key=key, Body=b"1")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": "arn:aws:s3:::lake/kept",
    }
    s3.put_bucket_policy(Bucket="lake", Policy=json.dumps({"Statement": [deny]}))
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "free"}, {"Key": "kept"}]})
    assert {each["Key"] for each in s3.list_objects_v2(Bucket="lake")["Contents"]} == {
        "kept",
        "free",
    }
