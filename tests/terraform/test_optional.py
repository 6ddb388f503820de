"""Every optional part - network, RDS, GitHub's role, Object Lock, working hours - is made by the
local AWS and taken away again. Without the budget, which moto can not read back.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from awsglue_local.server.aws import AwsServer
from fixtures.platform import terraform_is_missing
from totesys_deploy.artifacts import build_artifacts
from totesys_deploy.proof import address_in_code, resources
from totesys_deploy.terraform import Terraform

pytestmark = pytest.mark.skipif(
    bool(terraform_is_missing()), reason=f"Terraform was not tested: {terraform_is_missing()}"
)


@pytest.fixture
def terraform(tmp_path: Path) -> Iterator[Terraform]:
    """An AWS of its own: names of Glue's jobs are fixed."""
    build_artifacts(tmp_path / "dist")
    authority = tmp_path / "ca.pem"
    authority.write_text("a certificate")
    with AwsServer(log=tmp_path / "aws.log") as aws:
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
        made = Terraform(tmp_path, variables, aws.environment())
        made.init()
        yield made


def test_every_optional_part_is_made_and_taken_away(terraform: Terraform) -> None:
    terraform.apply()
    made = terraform.resources()
    never = {each.address for each in resources() if not each.made_locally}
    assert never == {"module.monitoring.aws_budgets_budget.glue"}
    assert {address_in_code(each) for each in made} == {
        each.address for each in resources() if each.made_locally
    }
    print(f"resources applied, all options: {len(made)} in {terraform.seconds['apply']:.1f} s")
    terraform.destroy()
    assert terraform.resources() == []
