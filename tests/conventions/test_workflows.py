"""glue_jobs/workflows.yaml and the job scripts say the same."""

import re

import pytest

from awsglue_local.definition.document import Definition, parse
from fixtures.job_settings import SETTINGS
from fixtures.tree import ROOT

FILE = ROOT / "glue_jobs" / "workflows.yaml"
READ_BY_GLUE = {
    "--job-bookmark-option",
    "--additional-python-modules",
    "--python-modules-installer-option",
    "--conf",
    "--enable-metrics",
    "--enable-continuous-cloudwatch-log",
}
"""AWS Glue acts on these itself; getResolvedOptions is not asked for them."""
START_TYPES = {"SCHEDULED", "EVENT", "ON_DEMAND"}


@pytest.fixture(scope="module")
def definition() -> Definition:
    text = FILE.read_text(encoding="utf-8")
    parameters = {name: f"given-{name}" for name in re.findall(r"\$\{(\w+)\}", text)}
    every, daily = "cron(0/15 * * * ? *)", "cron(30 3 * * ? *)"
    given = {
        "ingest_schedule": every,
        "daily_transform_load_schedule": daily,
        "events_state": "ENABLED",
    }
    given["audit_schedule"] = "cron(37 3 * * ? *)"
    given["scripts"] = "s3://code/release"
    return parse(text, parameters | given)


def test_every_workflow_has_one_start_trigger(definition: Definition) -> None:
    starts = [t["WorkflowName"] for t in definition.triggers if t["Type"] in START_TYPES]
    assert sorted(starts) == sorted(w["Name"] for w in definition.workflows)


def test_every_script_is_a_job_and_every_job_a_script(definition: Definition) -> None:
    locations = {job["Name"]: job["Command"]["ScriptLocation"] for job in definition.jobs}
    scripts = {path.stem: path.name for path in (ROOT / "glue_jobs").glob("*.py")}
    assert {name: location.rpartition("/")[2] for name, location in locations.items()} == scripts


def test_every_job_takes_its_modules_and_tells_its_seconds_alike(definition: Definition) -> None:
    for job in definition.jobs:
        given = job["DefaultArguments"]
        assert given["--additional-python-modules"] == "given-python_modules", job["Name"]
        assert given["--python-modules-installer-option"] == "--no-index", job["Name"]
        script = (ROOT / "glue_jobs" / f"{job['Name']}.py").read_text(encoding="utf-8")
        assert 'with run_seconds(args["JOB_NAME"]):' in script, job["Name"]


def test_job_arguments_are_those_the_scripts_read(definition: Definition) -> None:
    for job in definition.jobs:
        script = (ROOT / "glue_jobs" / f"{job['Name']}.py").read_text(encoding="utf-8")
        given = {name.removeprefix("--") for name in set(job["DefaultArguments"]) - READ_BY_GLUE}
        settings = SETTINGS[job["Name"]]
        assert f"{settings.__name__}.options(sys.argv)" in script, job["Name"]
        assert given == settings.required(), job["Name"]


def test_arguments_that_name_a_connection_or_a_database_name_one(definition: Definition) -> None:
    connections = {entry["Name"] for entry in definition.connections}
    databases = {entry["Name"] for entry in definition.databases}
    for job in definition.jobs:
        arguments = job["DefaultArguments"]
        named = {value for name, value in arguments.items() if name.endswith("_connection")}
        assert named == set(job.get("Connections", {}).get("Connections", [])) <= connections
        assert {v for n, v in arguments.items() if n.endswith("_database")} <= databases


def test_only_the_ingest_keeps_a_bookmark(definition: Definition) -> None:
    said = {
        job["Name"]: job["DefaultArguments"]["--job-bookmark-option"] for job in definition.jobs
    }
    assert {n for n, o in said.items() if o == "job-bookmark-enable"} == {"ingest_totesys"}
    assert set(said.values()) == {"job-bookmark-enable", "job-bookmark-disable"}
