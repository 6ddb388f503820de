"""A role that exists in IAM may do only what its policies allow, and every call is written down."""

import json
from typing import Any

import pytest

from awsglue_local.server.aws import AwsServer
from glue_fixtures.glue_api import GlueApi

PUT_AND_GET = """
    import boto3, sys
    bucket, key = sys.argv[sys.argv.index("--object") + 1].split("/")
    s3 = boto3.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=b"1", IfNoneMatch="*")
    print(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
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


def role(api: GlueApi) -> str:
    """The ARN of this test's role, whether IAM has it or not."""
    return f"arn:aws:iam::123456789012:role/{api.bucket}"


def allow(api: GlueApi, *actions: str) -> None:
    """This test's role may do `actions` with its bucket's objects, and nothing else."""
    iam = api.service("iam")
    if api.bucket not in {entry["RoleName"] for entry in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName=api.bucket, AssumeRolePolicyDocument="{}")
    objects = f"arn:aws:s3:::{api.bucket}/*"
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": objects}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=api.bucket, PolicyName="work", PolicyDocument=document)


def deny(api: GlueApi, action: str, key: str, **more: Any) -> None:
    """Nobody may do this with the objects of the bucket that `key` names."""
    resource = f"arn:aws:s3:::{api.bucket}/{key}"
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, **more}
    policy = json.dumps({"Statement": [statement]})
    api.service("s3").put_bucket_policy(Bucket=api.bucket, Policy=policy)


def put_and_get(api: GlueApi, job: str, key: str) -> dict[str, Any]:
    """The run that puts and gets one object, once it has ended."""
    run = api.start(job, Arguments={"--object": f"{api.bucket}/{key}"})
    return api.wait(job, run)


def calls(aws: AwsServer, api: GlueApi) -> dict[tuple[str, str], bool]:
    """What jobs of this test's role asked for, and whether they were allowed to."""
    own = [call for call in aws.private("calls")["calls"] if call["role"] == role(api)]
    return {(call["action"], call["resource"]): call["allowed"] for call in own}


def test_without_its_role_in_iam_a_job_may_do_everything_and_its_calls_are_known(
    aws: AwsServer, api: GlueApi
) -> None:
    job = api.job("a", PUT_AND_GET, Role=role(api))
    assert put_and_get(api, job, "new")["JobRunState"] == "SUCCEEDED"
    new = f"arn:aws:s3:::{api.bucket}/new"
    assert calls(aws, api) == {("s3:PutObject", new): True, ("s3:GetObject", new): True}


def test_what_no_policy_allows_is_refused_and_the_message_says_what_is_missing(
    aws: AwsServer, api: GlueApi
) -> None:
    allow(api, "s3:PutObject")
    job = api.job("a", PUT_AND_GET, Role=role(api))
    ended = put_and_get(api, job, "new")
    assert ended["JobRunState"] == "FAILED"
    assert "AccessDenied" in ended["ErrorMessage"]
    assert f"{role(api)} is not authorized to perform s3:GetObject" in ended["ErrorMessage"]
    assert calls(aws, api)[("s3:GetObject", f"arn:aws:s3:::{api.bucket}/new")] is False
    allow(api, "s3:PutObject", "s3:GetObject")
    assert put_and_get(api, job, "newer")["JobRunState"] == "SUCCEEDED"


def test_other_services_refuse_in_their_own_form(api: GlueApi) -> None:
    allow(api, "s3:GetObject")
    job = api.job("a", REFUSED, Role=role(api))
    ended = api.wait(job, api.start(job))
    assert (ended["JobRunState"], ended.get("ErrorMessage")) == ("SUCCEEDED", None)


def test_a_bucket_policy_holds_for_every_caller(api: GlueApi) -> None:
    deny(api, "s3:PutObject", "*", Condition={"Null": {"s3:if-none-match": "true"}})
    s3 = api.service("s3")
    s3.put_object(Bucket=api.bucket, Key="a", Body=b"1", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match=r"AccessDenied.*resource policy"):
        s3.put_object(Bucket=api.bucket, Key="a", Body=b"2")
    assert s3.get_object(Bucket=api.bucket, Key="a")["Body"].read() == b"1"


def test_many_objects_are_deleted_only_if_each_may_be(api: GlueApi) -> None:
    for key in ("kept", "free"):
        api.upload(key, b"1")
    deny(api, "s3:DeleteObject", "kept")
    s3 = api.service("s3")
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_objects(Bucket=api.bucket, Delete={"Objects": [{"Key": "free"}, {"Key": "kept"}]})
    contents = s3.list_objects_v2(Bucket=api.bucket)["Contents"]
    assert {entry["Key"] for entry in contents} == {"kept", "free"}
