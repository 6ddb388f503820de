"""Workflows and triggers through AWS's API, with jobs that really run."""

import json
from typing import Any

import boto3
import pytest

from glue_fixtures.glue_api import GlueApi, wait_until

pytestmark = [pytest.mark.conformance, pytest.mark.aws_only]


def when(job: str, state: str = "SUCCEEDED") -> dict[str, Any]:
    condition = {"LogicalOperator": "EQUALS", "JobName": job, "State": state}
    return {"Predicate": {"Conditions": [condition]}, "StartOnCreation": True}


@pytest.fixture
def flow(api: GlueApi) -> str:
    """A workflow: extract; then load when it succeeded, alarm when it failed."""
    flow = api.name("flow")
    api.client.create_workflow(Name=flow)
    extract = api.job("extract", "import sys; assert '--break' not in sys.argv, 'row 5'")
    api.trigger("start", "ON_DEMAND", [extract], WorkflowName=flow)
    load = api.job("load")
    api.trigger("good", "CONDITIONAL", [load], WorkflowName=flow, **when(extract))
    alarm = api.job("alarm")
    api.trigger("bad", "CONDITIONAL", [alarm], WorkflowName=flow, **when(extract, "FAILED"))
    return flow


def states(run: dict[str, Any]) -> dict[str, list[str]]:
    return {
        node["Name"].rpartition("-")[2]: [r["JobRunState"] for r in node["JobDetails"]["JobRuns"]]
        for node in run["Graph"]["Nodes"]
        if node["Type"] == "JOB"
    }


def test_conditional_triggers_start_what_follows(api: GlueApi, flow: str) -> None:
    run = api.wait_workflow(flow, api.client.start_workflow_run(Name=flow)["RunId"])
    assert run["Status"] == "COMPLETED"
    assert states(run) == {"extract": ["SUCCEEDED"], "load": ["SUCCEEDED"], "alarm": []}
    assert run["Statistics"]["SucceededActions"] == 2
    [load] = [n for n in run["Graph"]["Nodes"] if n["Name"].endswith("-load")]
    [job_run] = load["JobDetails"]["JobRuns"]
    assert job_run["TriggerName"] == api.name("good")
    assert [p["JobName"] for p in job_run["PredecessorRuns"]] == [api.name("extract")]


def test_a_failed_job_starts_its_own_trigger_and_can_be_resumed(api: GlueApi, flow: str) -> None:
    trigger = {"Actions": [{"JobName": api.name("extract"), "Arguments": {"--break": "1"}}]}
    api.client.update_trigger(Name=api.name("start"), TriggerUpdate=trigger)
    first = api.wait_workflow(flow, api.client.start_workflow_run(Name=flow)["RunId"])
    assert (first["Status"], first["Statistics"]["FailedActions"]) == ("COMPLETED", 1)
    assert states(first) == {"extract": ["FAILED"], "load": [], "alarm": ["SUCCEEDED"]}

    body = b"print('mended')"
    boto3.client("s3").put_object(Bucket=api.bucket, Key="extract.py", Body=body)
    [node] = [n["UniqueId"] for n in first["Graph"]["Nodes"] if n["Name"] == api.name("extract")]
    resumed = api.client.resume_workflow_run(
        Name=flow, RunId=first["WorkflowRunId"], NodeIds=[node]
    )
    assert resumed["NodeIds"] == [node]
    second = api.wait_workflow(flow, resumed["RunId"])
    assert second["PreviousRunId"] == first["WorkflowRunId"]
    assert states(second) == {"extract": ["SUCCEEDED"], "load": ["SUCCEEDED"], "alarm": []}


def test_jobs_of_a_workflow_know_its_run_and_share_its_properties(api: GlueApi) -> None:
    flow = api.name("flow")
    api.client.create_workflow(Name=flow, DefaultRunProperties={"day": "1", "kept": "yes"})
    script = """
        import json, sys, boto3
        from awsglue.utils import getResolvedOptions
        args = getResolvedOptions(sys.argv, ["WORKFLOW_NAME", "WORKFLOW_RUN_ID"])
        run = {"Name": args["WORKFLOW_NAME"], "RunId": args["WORKFLOW_RUN_ID"]}
        glue = boto3.client("glue")
        found = glue.get_workflow_run_properties(**run)["RunProperties"]
        glue.put_workflow_run_properties(**run, RunProperties={"seen": json.dumps(found)})
    """
    api.trigger("start", "ON_DEMAND", [api.job("a", script)], WorkflowName=flow)
    run_id = api.client.start_workflow_run(Name=flow, RunProperties={"day": "2"})["RunId"]
    run = api.wait_workflow(flow, run_id)
    assert states(run) == {"a": ["SUCCEEDED"]}
    properties = run["WorkflowRunProperties"]
    assert json.loads(properties.pop("seen")) == properties == {"day": "2", "kept": "yes"}


def test_a_stopped_workflow_run_ends_its_jobs(api: GlueApi) -> None:
    flow = api.name("flow")
    api.client.create_workflow(Name=flow, MaxConcurrentRuns=1)
    job = api.job("long", "import time; print('on', flush=True); time.sleep(300)")
    api.trigger("start", "ON_DEMAND", [job], WorkflowName=flow)
    run_id = api.client.start_workflow_run(Name=flow)["RunId"]
    wait_until(
        lambda: api.client.get_job_runs(JobName=job)["JobRuns"][0]["JobRunState"] == "RUNNING"
    )
    with pytest.raises(api.client.exceptions.ConcurrentRunsExceededException):
        api.client.start_workflow_run(Name=flow)
    api.client.stop_workflow_run(Name=flow, RunId=run_id)
    run = api.wait_workflow(flow, run_id)
    assert (run["Status"], states(run)) == ("STOPPED", {"long": ["STOPPED"]})
    with pytest.raises(api.client.exceptions.IllegalWorkflowStateException):
        api.client.stop_workflow_run(Name=flow, RunId=run_id)


def test_an_on_demand_trigger_starts_its_jobs_when_started(api: GlueApi) -> None:
    job = api.job("a")
    name = api.trigger("go", "ON_DEMAND", [job])
    api.client.start_trigger(Name=name)
    [run] = api.client.get_job_runs(JobName=job)["JobRuns"]
    assert api.wait(job, run["Id"])["TriggerName"] == name
    assert api.client.get_trigger(Name=name)["Trigger"]["State"] == "CREATED"


def test_what_exists_is_not_overwritten(api: GlueApi, flow: str) -> None:
    errors = api.client.exceptions
    with pytest.raises(errors.AlreadyExistsException):
        api.job("extract")
    with pytest.raises(errors.AlreadyExistsException):
        api.client.create_workflow(Name=flow)
    with pytest.raises(errors.AlreadyExistsException):
        api.trigger("start", "ON_DEMAND", [api.name("load")])
    with pytest.raises(errors.InvalidInputException, match="has the start trigger"):
        api.trigger("second", "ON_DEMAND", [api.name("load")], WorkflowName=flow)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("start_crawler", {"Name": "c"}),
        (
            "create_session",
            {"Id": "s", "Role": f"arn:aws:iam::{1:012}:role/r", "Command": {"Name": "glueetl"}},
        ),
    ],
)
def test_what_does_not_run_here_is_refused_not_pretended(
    api: GlueApi, operation: str, request_: dict[str, Any]
) -> None:
    refused = api.client.exceptions.InvalidInputException
    with pytest.raises(refused, match="do not run locally"):
        getattr(api.client, operation)(**request_)


def test_tags_of_jobs_and_workflows_are_kept(api: GlueApi) -> None:
    job = api.job("tagged", Tags={"team": api.bucket})
    api.job("other")
    assert api.client.list_jobs(Tags={"team": api.bucket})["JobNames"] == [job]
    arn = f"arn:aws:glue:{api.client.meta.region_name}:123456789012:job/{job}"
    assert api.client.get_tags(ResourceArn=arn)["Tags"] == {"team": api.bucket}
