"""terraform apply against the local AWS: no drift, the same as the local deploy, least privilege,
alerts, and nothing left after destroy.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from awsglue_local.server.event_input import target_input
from fixtures.platform import terraform_is_missing
from fixtures.rights import ACCOUNT, BY_GLUE, NEVER, REGION, ROLES, allowed
from totesys_demo.deployments import Deployment, TerraformDeployment
from totesys_demo.platform import LocalPlatform
from totesys_deploy.proof import address_in_code, resources

pytestmark = pytest.mark.skipif(
    bool(terraform_is_missing()), reason=f"Terraform was not tested: {terraform_is_missing()}"
)
STAMPS = {"CreatedOn", "LastModifiedOn", "CreateTime", "CreationTime", "LastUpdatedTime", "Arn"}
EXCEPTIONS = {
    "SecurityConfiguration": "KMS keys exist in Terraform only",
    "ScriptLocation": "Terraform names the folder by its content",
    "--additional-python-modules": "the same",
    "DefaultRunProperties": "the provider sends an empty map",
}


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return TerraformDeployment({"alert_emails": ["data@example.org"]})


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, artifacts: Path) -> Iterator[LocalPlatform]:
    """The same platform by the local deploy."""
    deployed = LocalPlatform(tmp_path_factory.mktemp("local") / "state")
    deployed.up(artifacts)
    yield deployed
    deployed.down()


def described(platform: LocalPlatform) -> dict[str, dict[str, Any]]:
    """Everything in AWS Glue and EventBridge that the jobs need, by kind and name."""
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
    named["connections"].pop("totesys_owner")
    return {**named, "rules": rules}


def fields(value: Any, path: str = "") -> dict[str, Any]:
    """Every leaf by its path, without stamps and empty values."""
    if isinstance(value, dict):
        parts = ((f"{path}.{name}", part) for name, part in value.items() if name not in STAMPS)
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
    platform: LocalPlatform, deployment: TerraformDeployment
) -> None:
    applied = deployment.terraform.resources()
    assert {address_in_code(address) for address in applied} == {
        resource.address for resource in resources() if resource.applied_locally
    }
    print(f"resources applied: {len(applied)} in {deployment.terraform.seconds['apply']:.1f} s")


def test_apply_starts_no_job(platform: LocalPlatform) -> None:
    glue = platform.stack.client("glue")
    for job in glue.list_jobs()["JobNames"]:
        assert glue.get_job_runs(JobName=job)["JobRuns"] == [], job
    for workflow in glue.list_workflows()["Workflows"]:
        assert glue.get_workflow_runs(Name=workflow)["Runs"] == [], workflow


def test_a_second_plan_changes_nothing_and_a_setting_only_itself(
    platform: LocalPlatform, deployment: TerraformDeployment
) -> None:
    terraform = deployment.terraform
    assert terraform.drift() == ""
    before = json.loads((terraform.folder / "terraform.tfvars.json").read_text())
    terraform.set(before | {"ingest_schedule": "cron(0/30 * * * ? *)", "freshness_minutes": 60})
    terraform.apply()
    trigger = platform.stack.client("glue").get_trigger(Name="every_15_minutes")["Trigger"]
    assert (trigger["Schedule"], trigger["State"]) == ("cron(0/30 * * * ? *)", "ACTIVATED")
    terraform.set(before)
    terraform.apply()
    assert terraform.drift() == ""


def test_a_job_that_fails_alerts_once_with_a_message_for_people(platform: LocalPlatform) -> None:
    sns, sqs = platform.stack.client("sns"), platform.stack.client("sqs")
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:totesys-alerts"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    glue = platform.stack.client("glue")
    run = glue.start_job_run(JobName="ingest_totesys", Arguments={"--compare": "everything"})
    last = f"{run['JobRunId']}_attempt_1"
    message = one_message(sqs, queue)
    assert message.startswith("AWS Glue job ingest_totesys ended FAILED at ")
    assert "SettingInvalid: --compare 'everything': use ranges, whole or scrub" in message
    assert f"#/job/ingest_totesys/run/{last}" in message
    assert glue.get_job_run(JobName="ingest_totesys", RunId=last)["JobRun"]["Attempt"] == 1
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages") is None


SLOW = {
    "jobName": "load_warehouse",
    "severity": "INFO",
    "notificationCondition": {"NotifyDelayAfter": 15.0},
    "state": "RUNNING",
    "jobRunId": "jr_1",
    "message": "JobRunId jr_1 is in RUNNING state",
    "startedOn": "2026-11-25T10:00:00Z",
}
"""As AWS shows it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/events/EventTypes.html"""


def test_a_run_that_takes_too_long_alerts(platform: LocalPlatform) -> None:
    """The event is AWS's own; the local AWS has no run that hangs for 15 minutes."""
    glue, events = platform.stack.client("glue"), platform.stack.client("events")
    minutes = {
        name: glue.get_job(JobName=name)["Job"]["NotificationProperty"]["NotifyDelayAfter"]
        for name in glue.list_jobs()["JobNames"]
    }
    usual = dict.fromkeys(("ingest_totesys", "transform_star", "load_warehouse"), 15)
    assert minutes == usual | {"audit_warehouse": 30, "rebuild_current": 60}
    pattern = events.describe_rule(Name="totesys-job-slow")["EventPattern"]
    (target,) = events.list_targets_by_rule(Rule="totesys-job-slow")["Targets"]
    event = {
        "id": "1", "account": ACCOUNT, "region": REGION, "time": "2026-11-25T10:15:00Z",
        "source": "aws.glue", "resources": [], "detail-type": "Glue Job Run Status", "detail": SLOW,
    }  # fmt: skip

    def alerts(given: dict[str, Any]) -> bool:
        answer = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(given))
        return bool(answer["Result"])

    assert alerts(event)
    assert not alerts(event | {"detail": SLOW | {"jobName": "of_somebody_else"}})
    assert not alerts(event | {"detail": SLOW | {"state": "STOPPING"}})
    text = json.loads(target_input(target, event))
    assert text.startswith(
        "AWS Glue job load_warehouse has been running for more than 15.0 minutes at 2026-11-25T10"
    )
    assert "#/job/load_warehouse/run/jr_1" in text


def one_message(sqs: Any, queue: str) -> str:
    """The text of the next notification, waited for; it leaves the queue."""
    for _ in range(30):
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2).get("Messages")
        if found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=found[0]["ReceiptHandle"])
            text = json.loads(found[0]["Body"])["Message"]
            return str(json.loads(text) if text.startswith('"') else text)
    raise AssertionError("no alert came")


@pytest.mark.parametrize(("role", "action", "resource"), NEVER)
def test_what_no_job_may_ever_do_is_denied(
    platform: LocalPlatform, role: str, action: str, resource: str
) -> None:
    assert not allowed(platform, role, action, resource)


@pytest.mark.parametrize("role", ROLES)
def test_what_glue_does_for_a_job_is_allowed(platform: LocalPlatform, role: str) -> None:
    for action, resource, context in BY_GLUE:
        assert allowed(platform, role, action, resource, **context), action


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
    platform: LocalPlatform, role: str, reads: set[str]
) -> None:
    secrets = platform.stack.client("secretsmanager")
    for name in ("totesys", "warehouse"):
        arn = secrets.describe_secret(SecretId=f"totesys/{name}")["ARN"]
        assert allowed(platform, role, "secretsmanager:GetSecretValue", arn) == (name in reads)


def test_no_secret_is_in_plan_or_state(
    platform: LocalPlatform, deployment: TerraformDeployment
) -> None:
    """Whole texts: the state as it lies there, and a plan that reads and makes everything."""
    terraform = deployment.terraform
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


def test_destroy_leaves_nothing(platform: LocalPlatform, deployment: TerraformDeployment) -> None:
    """Last in this file: it takes the platform away."""
    deployment.terraform.destroy()
    assert deployment.terraform.resources() == []
    assert platform.stack.client("s3").list_buckets()["Buckets"] == []
    left = described_after(platform)
    assert left == {"jobs": [], "triggers": [], "workflows": [], "roles": [], "topics": []}


def described_after(platform: LocalPlatform) -> dict[str, Any]:
    glue = platform.stack.client("glue")
    return {
        "jobs": glue.get_jobs()["Jobs"],
        "triggers": glue.get_triggers()["Triggers"],
        "workflows": glue.list_workflows()["Workflows"],
        "roles": platform.stack.client("iam").list_roles()["Roles"],
        "topics": platform.stack.client("sns").list_topics()["Topics"],
    }
