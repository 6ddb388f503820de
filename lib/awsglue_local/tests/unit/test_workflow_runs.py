"""Workflow runs in the control plane: what follows what, when a run has ended, stops, resumes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from awsglue_local.errors import ApiError
from glue_fixtures.glue_plane import Glue, after


def begin(glue: Glue, **fields: Any) -> str:
    run_id: str = glue("StartWorkflowRun", Name="flow", **fields)["RunId"]
    return run_id


def run(glue: Glue, run_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = glue("GetWorkflowRun", Name="flow", RunId=run_id, IncludeGraph=True)
    return shown["Run"]  # type: ignore[no-any-return]


def counts(glue: Glue, run_id: str) -> dict[str, int]:
    return {key: n for key, n in run(glue, run_id)["Statistics"].items() if n}


def test_jobs_follow_one_another_and_the_run_completes(flow: Glue) -> None:
    run_id = begin(flow)
    for job in ("a", "b", "c"):
        assert flow.going_on() == [job]
        assert run(flow, run_id)["Status"] == "RUNNING"
        flow.end(job)
    assert run(flow, run_id)["Status"] == "COMPLETED"
    assert counts(flow, run_id) == {"TotalActions": 3, "SucceededActions": 3}


def test_a_run_with_a_failed_job_is_completed_all_the_same(flow: Glue) -> None:
    run_id = begin(flow)
    flow.end("a", "FAILED")
    assert run(flow, run_id)["Status"] == "COMPLETED"
    assert counts(flow, run_id) == {"TotalActions": 3, "FailedActions": 1}


def test_the_graph_has_a_node_per_trigger_and_job_and_the_edges_between(flow: Glue) -> None:
    run_id = begin(flow)
    graph = run(flow, run_id)["Graph"]
    names = {node["UniqueId"]: node["Name"] for node in graph["Nodes"]}
    edges = [(names[e["SourceId"]], names[e["DestinationId"]]) for e in graph["Edges"]]
    assert sorted(edges) == [
        ("a", "then_b"), ("b", "then_c"), ("start", "a"), ("then_b", "b"), ("then_c", "c"),
    ]  # fmt: skip
    [job] = [node for node in graph["Nodes"] if node["Name"] == "a"]
    assert [r["JobRunState"] for r in job["JobDetails"]["JobRuns"]] == ["STARTING"]
    definition = flow("GetWorkflow", Name="flow", IncludeGraph=True)["Workflow"]
    assert {node["UniqueId"] for node in definition["Graph"]["Nodes"]} == set(names)
    assert definition["LastRun"]["WorkflowRunId"] == run_id


def test_a_retry_decides_not_its_failed_attempt(glue: Glue) -> None:
    glue.job("d", MaxRetries=1)
    glue("CreateWorkflow", Name="flow")
    glue("CreateTrigger", Name="start", Type="ON_DEMAND", WorkflowName="flow",
         Actions=[{"JobName": "d"}])  # fmt: skip
    glue.trigger("good", "CONDITIONAL", "b", after("d"))
    glue.trigger("bad", "CONDITIONAL", "c", after("d", "FAILED"))
    run_id = begin(glue)
    glue.end("d", "FAILED")
    assert glue.going_on() == ["d"]
    glue.end("d")
    assert glue.going_on() == ["b"]
    glue.end("b")
    assert counts(glue, run_id) == {"TotalActions": 3, "SucceededActions": 2}


def test_and_waits_for_all_any_for_the_first(glue: Glue) -> None:
    glue.job("d")
    glue("CreateWorkflow", Name="flow")
    glue.trigger("start", "ON_DEMAND", "ab")
    glue.trigger("all", "CONDITIONAL", "c", after("a"), after("b"))
    glue.trigger("any", "CONDITIONAL", "d", after("a"), after("b"), Logical="ANY")
    run_id = begin(glue)
    glue.end("a")
    assert glue.going_on() == ["b", "d"]
    glue.end("b")
    assert glue.going_on() == ["d", "c"]
    glue.end("c")
    glue.end("d")
    runs = {job: len(glue.states(job)) for job in "abcd"}
    assert runs == dict.fromkeys("abcd", 1)
    assert run(glue, run_id)["Status"] == "COMPLETED"


def test_a_trigger_that_is_not_activated_does_not_fire(flow: Glue) -> None:
    flow("StopTrigger", Name="then_b")
    run_id = begin(flow)
    flow.end("a")
    assert run(flow, run_id)["Status"] == "COMPLETED"
    assert flow.going_on() == []


def test_a_run_goes_by_the_triggers_it_started_with(flow: Glue) -> None:
    begin(flow)
    flow("DeleteTrigger", Name="then_b")
    flow.end("a")
    assert flow.going_on() == ["b"]


def test_a_job_started_by_hand_fires_nothing(flow: Glue) -> None:
    flow.start("a")
    flow.end("a")
    assert flow.going_on() == []


def test_a_job_that_is_gone_is_an_error_and_the_run_completes(flow: Glue) -> None:
    run_id = begin(flow)
    flow("DeleteJob", JobName="b")
    flow.end("a")
    assert run(flow, run_id)["Status"] == "COMPLETED"
    assert counts(flow, run_id) == {
        "TotalActions": 3, "SucceededActions": 1, "ErroredActions": 1,
    }  # fmt: skip


def test_a_full_job_fails_in_the_workflow_and_its_first_action_is_not_the_end(
    glue: Glue,
) -> None:
    glue("CreateWorkflow", Name="flow")
    glue.trigger("start", "ON_DEMAND", "ab")
    glue.start("a")
    run_id = begin(glue)
    assert counts(glue, run_id) == {"TotalActions": 2, "FailedActions": 1, "RunningActions": 1}
    assert run(glue, run_id)["Status"] == "RUNNING"
    assert glue.states("a") == ["STARTING", "FAILED"]


def test_run_properties_are_the_defaults_and_the_given_and_are_merged(flow: Glue) -> None:
    run_id = begin(flow, RunProperties={"k": "given"})
    flow("PutWorkflowRunProperties", Name="flow", RunId=run_id, RunProperties={"more": "1"})
    kept = flow("GetWorkflowRunProperties", Name="flow", RunId=run_id)["RunProperties"]
    assert kept == {"k": "given", "other": "x", "more": "1"}


def test_stopping_a_run_stops_its_jobs_and_fires_nothing_more(flow: Glue) -> None:
    run_id = begin(flow)
    flow("StopWorkflowRun", Name="flow", RunId=run_id)
    assert run(flow, run_id)["Status"] == "STOPPING"
    flow.end("a", "STOPPED")
    assert run(flow, run_id)["Status"] == "STOPPED"
    with pytest.raises(ApiError, match="IllegalWorkflowStateException"):
        flow("StopWorkflowRun", Name="flow", RunId=run_id)


def test_a_full_workflow_is_refused_or_recorded(glue: Glue) -> None:
    glue("CreateWorkflow", Name="flow", MaxConcurrentRuns=1)
    glue.trigger("start", "SCHEDULED", "a", Schedule="cron(0/5 * * * ? *)", StartOnCreation=True)
    begin(glue)
    with pytest.raises(ApiError, match="Concurrent runs exceeded for workflow: flow"):
        begin(glue)
    at = datetime(2026, 1, 1, 12, 4, tzinfo=UTC)
    assert glue.plane.triggers.fire_due(at, at.replace(minute=5)) == ["start"]
    newest = glue("GetWorkflowRuns", Name="flow")["Runs"][0]
    assert newest["Status"] == "ERROR"
    assert newest["ErrorMessage"] == "Concurrent runs exceeded for workflow: flow."


def test_a_resumed_run_repeats_the_chosen_jobs_and_what_follows(flow: Glue) -> None:
    run_id = begin(flow)
    flow.end("a")
    flow.end("b", "FAILED")
    nodes = {node["Name"]: node["UniqueId"] for node in run(flow, run_id)["Graph"]["Nodes"]}
    answer = flow("ResumeWorkflowRun", Name="flow", RunId=run_id, NodeIds=[nodes["b"]])
    assert flow.going_on() == ["b"]
    flow.end("b")
    flow.end("c")
    resumed = run(flow, answer["RunId"])
    assert (resumed["Status"], resumed["PreviousRunId"]) == ("COMPLETED", run_id)
    assert resumed["Statistics"]["SucceededActions"] == 3
    assert len(flow.states("a")) == 1


def test_only_attempted_jobs_of_a_completed_run_can_be_resumed(flow: Glue) -> None:
    run_id = begin(flow)
    nodes = {node["Name"]: node["UniqueId"] for node in run(flow, run_id)["Graph"]["Nodes"]}
    with pytest.raises(ApiError, match="IllegalWorkflowStateException"):
        flow("ResumeWorkflowRun", Name="flow", RunId=run_id, NodeIds=[nodes["a"]])
    flow.end("a", "FAILED")
    for node in (nodes["start"], nodes["b"], "wnode_no"):
        with pytest.raises(ApiError, match="InvalidInputException"):
            flow("ResumeWorkflowRun", Name="flow", RunId=run_id, NodeIds=[node])
