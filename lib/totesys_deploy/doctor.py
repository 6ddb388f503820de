"""`make doctor ENV=name`: whether this machine and this account are ready for a deployment.

Every check says what it saw, and what to do when it is not well. Nothing is changed anywhere.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from totesys_deploy.artifacts import ROOT

SECONDS = 5.0
OLDEST_TERRAFORM = (1, 10)
NEEDED = (
    "s3:CreateBucket", "s3:PutBucketPolicy", "glue:CreateJob", "glue:CreateTrigger",
    "iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole", "events:PutRule", "sns:CreateTopic",
    "cloudwatch:PutMetricAlarm", "secretsmanager:CreateSecret", "kms:CreateKey",
)  # fmt: skip
"""One action of each service that a deployment makes something in."""
MARK = {True: "ok  ", False: "FAIL", None: "look"}
_JDBC = re.compile(r"jdbc:postgresql://(\[[^\]]+\]|[^:/?\"]+)(?::(\d+))?/")


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is well (None: it can not be known from here), what
    was seen or what to do."""

    name: str
    well: bool | None
    says: str


def examine(environment: Path, state_bucket: str, aws: Callable[[str], Any]) -> Iterator[Finding]:
    """All checks in order. `environment` is its .tfvars, `aws` makes a client of a service."""
    yield terraform()
    yield tfvars(environment)
    yield region(aws)
    identity = caller(aws)
    yield identity
    if identity.well:
        yield state(aws, state_bucket)
        yield rights(aws)
    if environment.is_file():
        for host, port in databases(environment.read_text()):
            yield reachable(host, port)


def terraform() -> Finding:
    """Terraform is there and new enough."""
    program = shutil.which("terraform")
    if program is None:
        return Finding("terraform", False, "not on PATH: install Terraform 1.10 or newer")
    told = subprocess.run([program, "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Terraform v(\d+)\.(\d+)", told)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    shown = ".".join(map(str, version))
    if version < OLDEST_TERRAFORM:
        return Finding("terraform", False, f"{shown} is too old: install 1.10 or newer")
    return Finding("terraform", True, shown)


def tfvars(environment: Path) -> Finding:
    """The variables of the environment are there."""
    if environment.is_file():
        return Finding("variables", True, environment.name)
    says = f"copy terraform/terraform.tfvars.example to {environment} and fill it in"
    return Finding("variables", False, says)


def region(aws: Callable[[str], Any]) -> Finding:
    """A region is set."""
    try:
        return Finding("region", True, aws("sts").meta.region_name)
    except BotoCoreError:
        return Finding("region", False, "none: set AWS_REGION to the region of the deployment")


def caller(aws: Callable[[str], Any]) -> Finding:
    """Credentials work."""
    try:
        return Finding("credentials", True, aws("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        says = f"{error}: sign in, or set AWS_PROFILE"
        return Finding("credentials", False, says)


def state(aws: Callable[[str], Any], bucket: str) -> Finding:
    """The bucket of the state can be used."""
    if not bucket:
        says = "set STATE_BUCKET to the bucket that terraform/bootstrap made"
        return Finding("state bucket", False, says)
    try:
        aws("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        says = f"{bucket}: {error.response['Error']['Code']}; terraform/bootstrap makes it"
        return Finding("state bucket", False, says)
    return Finding("state bucket", True, bucket)


def rights(aws: Callable[[str], Any]) -> Finding:
    """The caller may make what a deployment makes, as far as IAM tells by simulation."""
    arn = aws("sts").get_caller_identity()["Arn"]
    role = re.sub(r":sts:(.*):assumed-role/([^/]+)/.*", r":iam:\1:role/\2", arn)
    if role.endswith(":root"):
        return Finding("rights", True, "the root user may do everything; use a role instead")
    try:
        answer = aws("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=list(NEEDED)
        )
    except ClientError as error:
        says = f"can not be simulated ({error.response['Error']['Code']}); a plan will tell"
        return Finding("rights", None, says)
    denied = [
        result["EvalActionName"]
        for result in answer["EvaluationResults"]
        if result["EvalDecision"] != "allowed"
    ]
    if denied:
        return Finding("rights", False, f"{role} may not {', '.join(denied)}: ask for them")
    return Finding("rights", True, f"{len(NEEDED)} actions allowed")


def databases(text: str) -> list[tuple[str, int]]:
    """Host and port of each JDBC URL in a .tfvars, comments left out."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(("#", "//")))
    found = _JDBC.findall("\n".join(lines))
    return [(host.strip("[]"), int(port or 5432)) for host, port in found]


def reachable(host: str, port: int) -> Finding:
    """A server answers from this machine, which is not where the jobs run."""
    name = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), SECONDS):
            return Finding(name, True, "answers from here")
    except OSError as error:
        says = f"does not answer from here ({error}): no fault if only the jobs' network reaches it"
        return Finding(name, None, says)


def main() -> int:
    """Prints all findings; 1 when one is not well."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if not name:
        print("give ENV=name, the name of a file in terraform/environments", file=sys.stderr)
        return 2
    environment = ROOT / "terraform" / "environments" / f"{name}.tfvars"
    well = True
    for finding in examine(environment, os.environ.get("STATE_BUCKET", ""), boto3.client):
        print(f"{MARK[finding.well]}  {finding.name:<14}  {finding.says}")
        well = well and finding.well is not False
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
