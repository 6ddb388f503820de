"""Every optional part - network, RDS, GitHub's role, Object Lock, working hours - is made by the
local AWS and taken away again. Without the budget, which moto can not read back.

The tests are one story on an AWS of its own and run in order: apply, then destroy.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from awsglue_local.access import client
from awsglue_local.server.aws import AwsServer
from fixtures.platform import needs_terraform
from tools.docs.proof import address_in_code, resources
from totesys_deploy.terraform import Terraform

pytestmark = [pytest.mark.xdist_group("terraform-optional"), needs_terraform]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsServer]:
    """Yield an AWS of its own, without databases: names of Glue's jobs are fixed."""
    with AwsServer(log=tmp_path_factory.mktemp("aws") / "aws.log") as server:
        yield server


@pytest.fixture(scope="module")
def applied(aws: AwsServer, artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Return Terraform after its first apply."""
    folder = tmp_path_factory.mktemp("optional")
    shutil.copytree(artifacts, folder / "dist")
    authority = folder / "ca.pem"
    authority.write_text("a certificate")
    variables = {
        "prefix": "acme",
        "region": aws.region,
        "source_database": {
            "jdbc_url": "jdbc:postgresql://db.example.org:5432/totesys?sslmode=verify-full"
        },
        "certificates": {"totesys": str(authority), "warehouse": str(authority)},
        "network": {"availability_zones": [f"{aws.region}a", f"{aws.region}b"]},
        "github": {"repository": "acme/totesys", "state_bucket": "acme-state"},
        "object_lock_days": 30,
        "working_hours": {"from": 7, "to": 19},
        "alert_emails": ["data@example.org"],
        "monthly_budget_usd": None,
        "allow_destroy": True,
    }
    terraform = Terraform(folder, variables, aws.environment())
    terraform.init()
    terraform.apply()
    return terraform


def test_every_optional_part_is_made(applied: Terraform) -> None:
    never = {each.address for each in resources() if not each.made_locally}
    assert never == {"module.monitoring.aws_budgets_budget.glue"}
    made = applied.resources()
    assert {address_in_code(each) for each in made} == {
        each.address for each in resources() if each.made_locally
    }
    print(f"resources applied, all options: {len(made)} in {applied.seconds['apply']:.1f} s")


def test_apply_starts_no_job(applied: Terraform, aws: AwsServer) -> None:
    glue = client("glue", aws.endpoint, aws.region)
    jobs, workflows = glue.list_jobs()["JobNames"], glue.list_workflows()["Workflows"]
    assert (len(jobs), len(workflows)) == (5, 3)
    for job in jobs:
        assert glue.get_job_runs(JobName=job)["JobRuns"] == [], job
    for workflow in workflows:
        assert glue.get_workflow_runs(Name=workflow)["Runs"] == [], workflow


def test_destroy_leaves_nothing(applied: Terraform, aws: AwsServer) -> None:
    """Last in this file. A bucket without Object Lock and the catalogue hold what jobs leave."""
    glue, s3, iam, sns = (
        client(name, aws.endpoint, aws.region) for name in ("glue", "s3", "iam", "sns")
    )
    for body in (b"one version", b"another"):
        s3.put_object(Bucket="acme-work", Key="current/staff.parquet", Body=body)
    glue.create_table(DatabaseName="totesys_star", TableInput={"Name": "dim_staff"})
    applied.destroy()
    assert applied.resources() == []
    left = {
        "buckets": s3.list_buckets()["Buckets"],
        "databases": glue.get_databases()["DatabaseList"],
        "jobs": glue.get_jobs()["Jobs"],
        "triggers": glue.get_triggers()["Triggers"],
        "workflows": glue.list_workflows()["Workflows"],
        "roles": iam.list_roles()["Roles"],
        "topics": sns.list_topics()["Topics"],
    }
    assert left == {kind: [] for kind in left}
