"""What the policies that Terraform made allow, decided as AWS decides."""

import json
from typing import Any

from awsglue_local.server.iam_policy import Call, decide
from totesys_demo.platform import LocalPlatform

ACCOUNT, REGION = "123456789012", "eu-west-2"


def policies(platform: LocalPlatform, role: str) -> list[dict[str, Any]]:
    iam = platform.stack.client("iam")
    names = iam.list_role_policies(RoleName=f"totesys-{role}")["PolicyNames"]
    return [
        iam.get_role_policy(RoleName=f"totesys-{role}", PolicyName=name)["PolicyDocument"]
        for name in names
    ]


def work_actions(platform: LocalPlatform, role: str) -> set[str]:
    """Every action that the policy for a job's own code allows."""
    document = platform.stack.client("iam").get_role_policy(
        RoleName=f"totesys-{role}", PolicyName="work"
    )["PolicyDocument"]
    return {action for statement in document["Statement"] for action in statement["Action"]}


def bucket_policy(platform: LocalPlatform, resource: str) -> dict[str, Any] | None:
    if not resource.startswith("arn:aws:s3:::"):
        return None
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    found: dict[str, Any] = json.loads(
        platform.stack.client("s3").get_bucket_policy(Bucket=name)["Policy"]
    )
    return found


def allowed(platform: LocalPlatform, role: str, action: str, resource: str, **context: str) -> bool:
    arn = f"arn:aws:iam::{ACCOUNT}:role/totesys-{role}"
    keys = {"aws:SecureTransport": "true", "aws:PrincipalArn": arn}
    call = Call(arn, action, resource, keys | {k.replace("__", ":"): v for k, v in context.items()})
    return decide(call, policies(platform, role), bucket_policy(platform, resource)).allowed


RAW, PROCESSED, CODE = (f"arn:aws:s3:::totesys-{name}" for name in ("raw", "processed", "code"))
GLUE, LOGS = (f"arn:aws:{service}:{REGION}:{ACCOUNT}" for service in ("glue", "logs"))
ROLES = ("ingest", "transform", "load", "audit", "rebuild")
NEVER = [
    ("ingest", "s3:PutObject", f"{PROCESSED}/_commits/00000001.json"),
    ("ingest", "s3:GetObject", f"{PROCESSED}/dim_staff/key_range=00000/a.parquet"),
    ("ingest", "s3:DeleteObject", f"{RAW}/_commits/00000001.json"),
    ("ingest", "s3:DeleteObjectVersion", f"{RAW}/_commits/00000001.json"),
    ("ingest", "s3:PutObject", f"{RAW}/_commits/00000001.json"),  # without If-None-Match
    ("ingest", "s3:PutLifecycleConfiguration", RAW),
    ("ingest", "s3:PutObject", f"{CODE}/releases/x/ingest_totesys.py"),
    ("ingest", "glue:UpdateTable", f"{GLUE}:table/totesys_star/dim_staff"),
    ("ingest", "glue:GetConnection", f"{GLUE}:connection/warehouse"),
    ("transform", "glue:GetConnection", f"{GLUE}:connection/totesys"),
    ("transform", "s3:PutObject", f"{RAW}/_commits/00000001.json"),
    ("transform", "s3:DeleteObject", f"{PROCESSED}/_commits/00000001.json"),
    ("transform", "ec2:CreateNetworkInterface", "arn:aws:ec2:eu-west-2:123456789012:subnet/any"),
    ("load", "s3:PutObject", f"{PROCESSED}/x"),
    ("load", "s3:GetObject", f"{RAW}/_commits/00000001.json"),
    ("rebuild", "s3:PutObject", f"{RAW}/changes/staff/x.parquet"),
    ("rebuild", "s3:PutObject", f"{PROCESSED}/_commits/00000001.json"),
    ("rebuild", "s3:DeleteObject", f"{RAW}/_commits/00000001.json"),
    ("rebuild", "glue:GetConnection", f"{GLUE}:connection/warehouse"),
    ("audit", "s3:PutObject", f"{PROCESSED}/_commits/00000001.json"),
    ("audit", "s3:PutObject", f"{RAW}/_verified/x.json"),
    ("audit", "s3:DeleteObject", f"{PROCESSED}/_audited/x.json"),
    ("audit", "glue:GetConnection", f"{GLUE}:connection/totesys"),
    ("audit", "glue:BatchUpdatePartition", f"{GLUE}:table/totesys_star/dim_staff"),
    ("load", "glue:UpdateJob", f"{GLUE}:job/load_warehouse"),
    *((role, "iam:PassRole", "*") for role in ROLES),
    *((role, "cloudwatch:PutMetricData", "*") for role in ROLES),
]
BY_GLUE = [
    ("s3:GetObject", f"{CODE}/releases/0123456789ab/ingest_totesys.py", {}),
    ("s3:ListBucket", CODE, {}),
    ("logs:CreateLogGroup", f"{LOGS}:log-group:/aws-glue/jobs/totesys-jobs/logs-v2", {}),
    ("logs:CreateLogStream", f"{LOGS}:log-group:/aws-glue/jobs/output:log-stream:jr_1", {}),
    ("logs:PutLogEvents", f"{LOGS}:log-group:/aws-glue/jobs/error:log-stream:jr_1", {}),
    ("logs:AssociateKmsKey", f"{LOGS}:log-group:/aws-glue/jobs/output", {}),
    ("cloudwatch:PutMetricData", "*", {"cloudwatch__namespace": "Glue"}),
]
"""What AWS Glue calls in a job's name; source: page create-service-policy of its guide."""
