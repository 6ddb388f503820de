"""Two ways to the same platform on a running stack: the local deploy, and Terraform.

Both read glue_jobs/workflows.yaml; a test compares what they make, field by field.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from awsglue_local.stack import Stack
from totesys_deploy.artifacts import BUNDLE, ROOT
from totesys_deploy.terraform import Terraform

PREFIX = "totesys"
BUCKETS = {f"{name}_bucket": f"{PREFIX}-{name}" for name in ("raw", "work", "processed", "code")}
CODE = "local"
"""The folder in the code bucket that a local deploy fills."""
ACCOUNT = "123456789012"
DAILY = "cron(30 3 * * ? *)"
NIGHTLY = "cron(37 3 * * ? *)"
UTC = "-Duser.timezone=UTC"


@dataclass(frozen=True)
class Login:
    """A database and who the jobs are there."""

    jdbc_url: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """What a deployment is given. `artifacts`: folder with the zip of wheels."""

    source: Login
    warehouse: Login
    artifacts: Path
    spark_settings: Mapping[str, str]
    ingest_schedule: str
    events: bool


class Deployment(Protocol):
    """Makes everything that the platform has on AWS."""

    def deploy(self, stack: Stack, plan: Plan) -> None: ...


class YamlDeployment:
    """By the requests in workflows.yaml, with boto3. No IAM: jobs may do everything."""

    def deploy(self, stack: Stack, plan: Plan) -> None:
        for name, login in (("totesys", plan.source), ("warehouse", plan.warehouse)):
            _put_secret(stack, f"{PREFIX}/{name}", login, create=True)
        s3 = stack.client("s3")
        for bucket in BUCKETS.values():
            location = {"LocationConstraint": stack.region}
            try:
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
            except s3.exceptions.BucketAlreadyOwnedByYou:
                continue
        upload(stack, plan.artifacts)
        text = (ROOT / "glue_jobs" / "workflows.yaml").read_text()
        roles = set(re.findall(r"\$\{(\w+)_role\}", text))
        given = {f"{name}_role": f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{name}" for name in roles}
        given |= self._parameters(stack, plan)
        stack.deploy(text, BUCKETS | given)

    def _parameters(self, stack: Stack, plan: Plan) -> dict[str, str]:
        folder = f"s3://{BUCKETS['code_bucket']}/{CODE}"
        settings = {
            "spark.hadoop.fs.s3a.endpoint.region": stack.region,
            "spark.sql.session.timeZone": "UTC",
            "spark.driver.extraJavaOptions": UTC,
            "spark.executor.extraJavaOptions": UTC,
            **plan.spark_settings,
        }
        return {
            "scripts": folder,
            "python_modules": f"{folder}/{BUNDLE}",
            "spark_conf": " --conf ".join(f"{name}={value}" for name, value in settings.items()),
            "source_jdbc_url": plan.source.jdbc_url,
            "source_secret_id": f"{PREFIX}/totesys",
            "source_enforce_ssl": "false",
            "warehouse_jdbc_url": plan.warehouse.jdbc_url,
            "warehouse_secret_id": f"{PREFIX}/warehouse",
            "warehouse_enforce_ssl": "false",
            "ingest_schedule": plan.ingest_schedule,
            "daily_transform_load_schedule": DAILY,
            "audit_schedule": NIGHTLY,
            "events_state": "ENABLED" if plan.events else "DISABLED",
            "workflow_arn": f"arn:aws:glue:{stack.region}:{ACCOUNT}:workflow",
        }


class TerraformDeployment:
    """By `terraform apply`, as on AWS: with IAM roles, bucket policies, alarms."""

    def __init__(self, more: Mapping[str, object] | None = None) -> None:
        self.terraform: Terraform
        self._more = dict(more or {})

    def deploy(self, stack: Stack, plan: Plan) -> None:
        folder = stack.state_dir / "terraform"
        shutil.rmtree(folder, ignore_errors=True)
        self.terraform = Terraform(
            folder, self.variables(stack, plan) | self._more, stack.aws.environment()
        )
        self.terraform.init()
        self.terraform.apply()
        for name, login in (("totesys", plan.source), ("warehouse", plan.warehouse)):
            _put_secret(stack, f"{PREFIX}/{name}", login, create=False)

    def variables(self, stack: Stack, plan: Plan) -> dict[str, object]:
        """terraform.tfvars of the local AWS."""
        return {
            "prefix": PREFIX,
            "region": stack.region,
            "artifacts": str(plan.artifacts),
            "source_database": {"jdbc_url": plan.source.jdbc_url, "enforce_ssl": False},
            "warehouse_database": {"jdbc_url": plan.warehouse.jdbc_url, "enforce_ssl": False},
            "ingest_schedule": plan.ingest_schedule,
            "daily_transform_load_schedule": DAILY,
            "audit_schedule": NIGHTLY,
            "events_enabled": plan.events,
            "allow_destroy": True,
            "monthly_budget_usd": None,
            "spark_settings": dict(plan.spark_settings),
        }


def upload(stack: Stack, artifacts: Path) -> None:
    """Puts the bundle in `artifacts` and the job scripts where YamlDeployment's jobs look."""
    for file in [artifacts / BUNDLE, *sorted((ROOT / "glue_jobs").glob("*.py"))]:
        stack.client("s3").upload_file(str(file), BUCKETS["code_bucket"], f"{CODE}/{file.name}")


def _put_secret(stack: Stack, name: str, login: Login, *, create: bool) -> None:
    manager = stack.client("secretsmanager")
    value = json.dumps({"username": login.user, "password": login.password})
    if create:
        try:
            manager.create_secret(Name=name, SecretString=value)
            return
        except manager.exceptions.ResourceExistsException:
            pass  # a stack that is deployed to again
    manager.put_secret_value(SecretId=name, SecretString=value)
