"""terraform apply against the local AWS: no drift, the same as the local deploy, least privilege.

On the platform that the story of tests/e2e runs on: jobs may have run there or not.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.platform import FEW_ROWS, needs_terraform
from fixtures.rights import BY_GLUE, NEVER, ROLES, Rights, rights
from tools.docs.proof import address_in_code, resources
from totesys_demo.databases import ExistingDatabase
from totesys_demo.deployments import TerraformDeployment
from totesys_demo.platform import LocalPlatform
from totesys_deploy.terraform import Terraform

pytestmark = [pytest.mark.xdist_group("terraform-platform"), needs_terraform]
STAMPS = {"CreatedOn", "LastModifiedOn", "CreateTime", "CreationTime", "LastUpdatedTime", "Arn"}
HISTORY = {"LastRun"}
"""Of a workflow that has run."""
EXCEPTIONS = {
    "SecurityConfiguration": "KMS keys exist in Terraform only",
    "ScriptLocation": "Terraform names the folder by its content",
    "--additional-python-modules": "the same",
    "DefaultRunProperties": "the provider sends an empty map",
}


@pytest.fixture(scope="module")
def terraform(terraform_deployment: TerraformDeployment, platform: LocalPlatform) -> Terraform:
    """Return Terraform where it has made the platform."""
    return terraform_deployment.terraform


@pytest.fixture(scope="module")
def platform(terraform_platform: LocalPlatform) -> LocalPlatform:
    """Return the shared platform."""
    return terraform_platform


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> Iterator[LocalPlatform]:
    """Yield the same platform by the local deploy, without databases: no job runs there."""
    nowhere = ExistingDatabase("jdbc:postgresql://127.0.0.1:9/none", "nobody", "")
    deployed = LocalPlatform(
        tmp_path_factory.mktemp("local") / "state",
        source=nowhere,
        warehouse=nowhere,
        spark_settings=FEW_ROWS,
    )
    deployed.up(artifacts)
    yield deployed
    deployed.down()


def described(platform: LocalPlatform) -> dict[str, dict[str, Any]]:
    """Return everything in AWS Glue and EventBridge that the jobs need, by kind and name."""
    glue, events = platform.stack.client("glue"), platform.stack.client("events")
    rules = {
        rule["Name"]: {
            **rule,
            "EventPattern": json.loads(rule.get("EventPattern") or "{}"),
            "Targets": events.list_targets_by_rule(Rule=rule["Name"])["Targets"],
        }
        for rule in events.list_rules()["Rules"]
        if rule["Name"].startswith("totesys_")
    }
    lists = {
        "databases": glue.get_databases()["DatabaseList"],
        "connections": glue.get_connections()["ConnectionList"],
        "jobs": glue.get_jobs()["Jobs"],
        "triggers": glue.get_triggers()["Triggers"],
        "workflows": [
            glue.get_workflow(Name=name)["Workflow"] for name in glue.list_workflows()["Workflows"]
        ],
    }
    named = {kind: {entry["Name"]: entry for entry in found} for kind, found in lists.items()}
    named["connections"].pop("totesys_owner", None)  # of the simulated source only
    return {**named, "rules": rules}


def fields(value: Any, path: str = "") -> dict[str, Any]:
    """Return every leaf by its path, without stamps and empty values."""
    if isinstance(value, dict):
        ignored = STAMPS | HISTORY
        parts = ((f"{path}.{name}", part) for name, part in value.items() if name not in ignored)
    elif isinstance(value, list):
        parts = ((f"{path}[{number}]", part) for number, part in enumerate(value))
    else:
        return {} if value in (None, "") else {path: value}
    return {key: leaf for where, part in parts for key, leaf in fields(part, where).items()}


def test_terraform_makes_what_the_local_deploy_makes(
    platform: LocalPlatform, local: LocalPlatform
) -> None:
    by_terraform, by_yaml = fields(described(platform)), fields(described(local))
    own = {"JDBC_CONNECTION_URL"}  # each stack has PostgreSQL servers of its own

    def compared(found: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in found.items() if k.rpartition(".")[2] not in {*EXCEPTIONS, *own}}

    def excepted(found: dict[str, Any]) -> set[str]:
        return {k.rpartition(".")[2] for k in found} & set(EXCEPTIONS)

    assert compared(by_terraform) == compared(by_yaml)
    assert len(compared(by_yaml)) > 100
    print(f"fields compared: {len(compared(by_yaml))}")
    different = {k for k in by_terraform | by_yaml if by_terraform.get(k) != by_yaml.get(k)}
    assert {k.rpartition(".")[2] for k in different} <= excepted(by_terraform | by_yaml) | own


def test_what_the_proof_page_says_is_applied_was_applied(
    platform: LocalPlatform, terraform: Terraform
) -> None:
    applied = terraform.resources()
    assert {address_in_code(address) for address in applied} == {
        resource.address for resource in resources() if resource.applied_locally
    }
    print(f"resources applied: {len(applied)} in {terraform.seconds['apply']:.1f} s")


def test_a_second_plan_changes_nothing_and_a_setting_only_itself(
    platform: LocalPlatform, terraform: Terraform
) -> None:
    assert terraform.drift() == ""
    before = json.loads((terraform.folder / "terraform.tfvars.json").read_text())
    terraform.set(before | {"ingest_schedule": "cron(0/30 * * * ? *)", "freshness_minutes": 60})
    try:
        terraform.apply()
        trigger = platform.stack.client("glue").get_trigger(Name="ingest_schedule")["Trigger"]
        assert (trigger["Schedule"], trigger["State"]) == ("cron(0/30 * * * ? *)", "ACTIVATED")
    finally:
        terraform.set(before)
        terraform.apply()
    assert terraform.drift() == ""


@pytest.fixture(scope="module")
def all_rights(platform: LocalPlatform) -> Rights:
    return rights(platform)


@pytest.mark.parametrize(("role", "action", "resource"), NEVER)
def test_what_no_job_may_ever_do_is_denied(
    all_rights: Rights, role: str, action: str, resource: str
) -> None:
    assert not all_rights.allow(role, action, resource)


@pytest.mark.parametrize("role", ROLES)
def test_what_glue_does_for_a_job_is_allowed(all_rights: Rights, role: str) -> None:
    for action, resource, context in BY_GLUE:
        assert all_rights.allow(role, action, resource, **context), action


@pytest.mark.parametrize(
    ("role", "reads"),
    [
        ("ingest", {"totesys"}),
        ("transform", set()),
        ("load", {"warehouse"}),
        ("audit", {"warehouse"}),
    ],
)
def test_a_job_reads_the_secrets_of_its_own_connections_only(
    platform: LocalPlatform, all_rights: Rights, role: str, reads: set[str]
) -> None:
    secrets = platform.stack.client("secretsmanager")
    for name in ("totesys", "warehouse"):
        arn = secrets.describe_secret(SecretId=f"totesys/{name}")["ARN"]
        assert all_rights.allow(role, "secretsmanager:GetSecretValue", arn) == (name in reads)


def test_no_secret_is_in_plan_or_state(platform: LocalPlatform, terraform: Terraform) -> None:
    """Whole texts: the state as it lies there, and a plan that reads and makes everything."""
    state = (terraform.folder / "terraform.tfstate").read_text()
    again = '-replace=module.jobs.aws_glue_connection.this["totesys"]'
    terraform.run("plan", "-input=false", "-out=again", again)
    plan = terraform.run("show", "-json", "again")
    assert "JDBC_CONNECTION_URL" in plan
    secrets = platform.stack.client("secretsmanager")
    for name in ("totesys", "warehouse"):
        login = json.loads(secrets.get_secret_value(SecretId=f"totesys/{name}")["SecretString"])
        assert login["password"] not in state + plan
    assert "totesys/warehouse" in state
