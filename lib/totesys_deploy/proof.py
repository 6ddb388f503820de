"""docs/proof.md: each resource of terraform/ and each promise, and how it is proven without AWS.

A test compares what is said to be applied locally with what Terraform really applied there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from totesys_deploy.artifacts import ROOT

TERRAFORM = ROOT / "terraform"
OPTIONAL_MODULES = {"network", "warehouse", "ci"}
"""Not part of the deployment that the jobs of the end-to-end tests run on."""
NEVER_MADE = {"module.monitoring.aws_budgets_budget.glue"}
"""moto can not read a budget's subscribers."""
OPTIONAL_RESOURCES = {
    "module.lake.aws_s3_bucket_object_lock_configuration.this",
    "module.monitoring.aws_budgets_budget.glue",
}
_RESOURCE = re.compile(r'^resource "(\w+)" "(\w+)"', re.M)
_NAMED = re.compile(r"\b(aws_\w+\.\w+)")


@dataclass(frozen=True)
class Resource:
    """One resource block. `address` as in the state, without the keys of count and for_each."""

    address: str
    module: str
    kind: str
    applied_locally: bool
    made_locally: bool
    asserted: bool

    @property
    def proven(self) -> str:
        """How, in the words of the page."""
        made = "local AWS" if self.applied_locally else "made and destroyed"
        ways = [made] * self.made_locally + ["mocked provider"] * self.asserted
        return ", ".join(ways)


@dataclass(frozen=True)
class Promise:
    """What is promised beyond single resources, and the test that fails when it is broken."""

    text: str
    way: str
    tests: tuple[str, ...]


E2E, LOCAL, MOCK, DOCUMENT = "jobs run on it", "local AWS", "mocked provider", "AWS's documents"
PROMISES = (
    Promise(
        "Apply, a second plan without a change, a changed setting, destroy",
        LOCAL,
        (
            "test_a_second_plan_changes_nothing_and_a_setting_only_itself",
            "test_destroy_leaves_nothing",
        ),
    ),
    Promise(
        "The same as the local deploy, field by field",
        LOCAL,
        ("test_terraform_makes_what_the_local_deploy_makes",),
    ),
    Promise(
        "Network, RDS, GitHub's role, Object Lock can be made and destroyed",
        "local AWS; moto shows some of their settings otherwise, so not planned again",
        ("test_every_optional_part_is_made_and_taken_away",),
    ),
    Promise("Apply starts no job", f"{LOCAL}, {MOCK}", ("test_apply_starts_no_job",)),
    Promise(
        "Rows arrive in the warehouse on what Terraform made",
        E2E,
        ("test_every_single_change_is_found_in_lake_and_warehouse",),
    ),
    Promise(
        "The policies allow every call that the jobs make",
        E2E,
        ("test_every_call_of_the_jobs_is_allowed_by_their_policies",),
    ),
    Promise(
        "The policies allow nothing that no job needs",
        E2E,
        ("test_no_policy_allows_a_call_that_no_job_makes",),
    ),
    Promise("What no job may do is denied", LOCAL, ("test_what_no_job_may_ever_do_is_denied",)),
    Promise(
        "What AWS Glue does for a job is allowed",
        f"{LOCAL}, by a list from {DOCUMENT}",
        ("test_what_glue_does_for_a_job_is_allowed",),
    ),
    Promise(
        "Secrets: each job its own, none in plan or state",
        LOCAL,
        (
            "test_a_job_reads_the_secrets_of_its_own_connections_only",
            "test_no_secret_is_in_plan_or_state",
        ),
    ),
    Promise(
        "A failure reaches a subscriber, once, on the last attempt",
        E2E,
        ("test_a_job_that_fails_alerts_once_with_a_message_for_people",),
    ),
    Promise(
        "A slow run reaches a subscriber",
        f"{LOCAL}, with an event from {DOCUMENT}",
        ("test_a_run_that_takes_too_long_alerts",),
    ),
    Promise(
        "A dead schedule breaches freshness, a row in quarantine alerts",
        f"{E2E}; alarms evaluated as {DOCUMENT} say",
        (
            "test_a_dead_schedule_breaches_the_freshness_alarm_and_a_live_one_does_not",
            "test_a_row_in_quarantine_alerts",
        ),
    ),
    Promise(
        "The zip of wheels installs without an index and moves no module of AWS Glue",
        "pip, in an environment with Glue's modules",
        ("test_pip_installs_the_bundle_without_an_index_and_moves_nothing",),
    ),
    Promise(
        "Both drivers check the server's certificate with the CA that they are given",
        "embedded PostgreSQL with TLS",
        ("test_both_drivers_check_the_certificate_with_the_given_ca",),
    ),
    Promise(
        "SQL for PostgreSQL 13 (source) and 15 (warehouse)",
        "what the servers were sent; both embedded versions",
        (
            "test_the_source_is_asked_nothing_newer_than_postgresql_13",
            "test_the_warehouse_is_asked_nothing_newer_than_postgresql_15",
        ),
    ),
    Promise(
        "E-mails, budget, GitHub's OIDC, KMS, the dashboard as AWS shows it",
        "valid; nobody has seen them run",
        (),
    ),
)


def resources() -> list[Resource]:
    """All resource blocks of the root's modules, in order."""
    found = []
    for module in sorted((TERRAFORM / "modules").iterdir()):
        asserted = _asserted(module)
        for path in sorted(module.glob("*.tf")):
            for kind, name in _RESOURCE.findall(path.read_text(encoding="utf-8")):
                address = f"module.{module.name}.{kind}.{name}"
                local = module.name not in OPTIONAL_MODULES and address not in OPTIONAL_RESOURCES
                made, named = address not in NEVER_MADE, f"{kind}.{name}" in asserted
                found.append(Resource(address, module.name, kind, local, made, named))
    return found


def address_in_code(address: str) -> str:
    """An address of the state without the keys of count and for_each."""
    return re.sub(r"\[.*?\]", "", address)


def _asserted(module: Path) -> set[str]:
    """Resources that an assertion of the module's own tests names."""
    texts = [path.read_text(encoding="utf-8") for path in module.glob("tests/*.tftest.hcl")]
    return {name for text in texts for name in _NAMED.findall(text)}


def document() -> str:
    """The text of docs/proof.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterable[str]:
    yield "# What is proven, and how"
    yield ""
    yield "<!-- Generated by `make docs` from terraform/ and totesys_deploy/proof.py. -->"
    yield ""
    yield "Nobody has applied this to AWS yet. *Local AWS*: made, planned again without"
    yield "a change, used by jobs and destroyed on the local AWS server. *Made and destroyed*: on"
    yield "the local AWS, no more. *Mocked provider*: asserted by a `*.tftest.hcl`."
    yield ""
    yield "| promise | proven by | tests |"
    yield "| --- | --- | --- |"
    for promise in PROMISES:
        tests = ", ".join(f"`{test}`" for test in promise.tests) or "none"
        yield f"| {promise.text} | {promise.way} | {tests} |"
    yield ""
    yield "## Resources"
    yield ""
    yield "| module | resource | proven by |"
    yield "| --- | --- | --- |"
    for each in resources():
        name = each.address.removeprefix(f"module.{each.module}.")
        yield f"| {each.module} | `{name}` | {each.proven} |"


def main() -> None:
    """Writes docs/proof.md."""
    (ROOT / "docs" / "proof.md").write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
