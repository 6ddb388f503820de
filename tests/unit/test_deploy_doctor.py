"""What `make doctor` finds, on a machine and an account that are made up."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from totesys_deploy import doctor
from totesys_deploy.doctor import Finding, databases, examine, reachable

TFVARS = """
source_database = { jdbc_url = "jdbc:postgresql://db.example.org:5433/totesys?sslmode=require" }
# warehouse_database = { jdbc_url = "jdbc:postgresql://old.example.org/warehouse" }
warehouse_database = { jdbc_url = "jdbc:postgresql://[::1]/warehouse" }
"""
Aws = Callable[[str], Any]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        yield boto3.client


def test_hosts_and_ports_come_from_the_variables_without_comments() -> None:
    assert databases(TFVARS) == [("db.example.org", 5433), ("::1", 5432)]


def test_an_account_without_anything_is_told_what_to_do(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not doctor.terraform().well
    assert "install Terraform" in doctor.terraform().says
    assert "copy terraform/terraform.tfvars.example" in doctor.tfvars(tmp_path / "dev.tfvars").says
    assert "set STATE_BUCKET" in doctor.state(aws, "").says
    assert doctor.caller(aws).well
    assert doctor.region(aws) == Finding("region", True, "eu-west-2")


def test_all_checks_come_in_order(tmp_path: Path) -> None:
    variables = tmp_path / "dev.tfvars"
    variables.write_text('source_database = { jdbc_url = "jdbc:postgresql://127.0.0.1:1/t" }')
    names = [finding.name for finding in examine(variables, "acme", Simulation(""))]
    assert names == [
        "terraform",
        "variables",
        "region",
        "credentials",
        "state bucket",
        "rights",
        "127.0.0.1:1",
    ]


def test_a_state_bucket_that_is_there_or_not(aws: Aws) -> None:
    aws("s3").create_bucket(
        Bucket="acme", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    assert doctor.state(aws, "acme").well
    missing = doctor.state(aws, "other")
    assert not missing.well
    assert "terraform/bootstrap makes it" in missing.says


class Simulation:
    """An IAM that allows everything but `denied`."""

    def __init__(self, denied: str) -> None:
        self.denied = denied
        self.asked: dict[str, Any] = {}
        self.meta = SimpleNamespace(region_name="eu-west-2")

    def __call__(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/deployer/me"}

    def head_bucket(self, **request: Any) -> None:
        """There is every bucket."""

    def simulate_principal_policy(self, **request: Any) -> dict[str, Any]:
        self.asked = request
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": name,
                    "EvalDecision": "implicitDeny" if name == self.denied else "allowed",
                }
                for name in request["ActionNames"]
            ]
        }


def test_a_right_that_is_missing_is_named_with_the_role() -> None:
    account = Simulation("iam:PassRole")
    finding = doctor.rights(account)
    assert finding == Finding(
        "rights",
        False,
        "arn:aws:iam::123456789012:role/deployer may not iam:PassRole: ask for them",
    )
    assert doctor.rights(Simulation("")).well


def test_a_database_that_does_not_answer_from_here_is_no_fault() -> None:
    finding = reachable("127.0.0.1", 1)
    assert finding.well is None
    assert "does not answer from here" in finding.says
