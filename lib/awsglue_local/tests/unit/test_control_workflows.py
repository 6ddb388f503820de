"""Triggers and workflow runs in the control plane."""

from datetime import UTC, datetime
from typing import Any

import pytest

from awsglue_local.errors import ApiError, LocalGlueError
from glue_fixtures.glue_plane import Glue


def after(job: str, state: str = "SUCCEEDED") -> dict[str, str]:
    return {"LogicalOperator": "EQUALS", "JobName": job, "State": state}


def trigger(
    glue: Glue, name: str, kind: str, jobs: str, *conditions: dict[str, str], **fields: Any
) -> None:
    """A trigger that starts each job named by a letter of `jobs`, in workflow "flow"."""
    request: dict[str, Any] = {"WorkflowName": "flow", **fields}
    if conditions:
        request |= {
            "Predicate": {"Logical": "AND", "Conditions": list(conditions)}
            | ({"Logical": fields["Logical"]} if "Logical" in fields else {}),
            "StartOnCreation": True,
        }
    request = {key: value for key, value in request.items() if value is not None}
    glue("CreateTrigger", Name=name, Type=kind, Actions=[{"JobName": j} for j in jobs], **request)


@pytest.fixture
def flow(glue: Glue) -> Glue:
    """Workflow flow: a, then b, then c."""
    glue("CreateWorkflow", Name="flow", DefaultRunProperties={"k": "default", "other": "x"})
    trigger(glue, "start", "ON_DEMAND", "a")
    trigger(glue, "then_b", "CONDITIONAL", "b", after("a"))
    trigger(glue, "then_c", "CONDITIONAL", "c", after("b"))
    return glue


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
    trigger(glue, "good", "CONDITIONAL", "b", after("d"))
    trigger(glue, "bad", "CONDITIONAL", "c", after("d", "FAILED"))
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
    trigger(glue, "start", "ON_DEMAND", "ab")
    trigger(glue, "all", "CONDITIONAL", "c", after("a"), after("b"))
    trigger(glue, "any", "CONDITIONAL", "d", after("a"), after("b"), Logical="ANY")
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
    trigger(glue, "start", "ON_DEMAND", "ab")
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
    trigger(glue, "start", "SCHEDULED", "a", Schedule="cron(0/5 * * * ? *)", StartOnCreation=True)
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


def test_schedules_fire_once_when_due_and_only_when_activated(glue: Glue) -> None:
    for name, on in (("on", True), ("off", False)):
        trigger(glue, name, "SCHEDULED", "a", WorkflowName=None,
                Schedule="cron(0/5 * * * ? *)", StartOnCreation=on)  # fmt: skip
    at = datetime(2026, 1, 1, 12, 4, 59, tzinfo=UTC)
    fire = glue.plane.triggers.fire_due
    assert fire(at, at) == []
    assert fire(at, at.replace(minute=17)) == ["on"]
    assert glue.going_on() == ["a"]
    assert glue("GetJobRuns", JobName="a")["JobRuns"][0]["TriggerName"] == "on"


def test_a_schedule_that_can_not_fire_does_not_keep_the_others_from_it(glue: Glue) -> None:
    glue("CreateWorkflow", Name="gone")
    for name, workflow in (("lost", "gone"), ("on", None)):
        trigger(glue, name, "SCHEDULED", "a", WorkflowName=workflow,
                Schedule="cron(0/5 * * * ? *)", StartOnCreation=True)  # fmt: skip
    glue("DeleteWorkflow", Name="gone")
    at = datetime(2026, 1, 1, 12, 4, 59, tzinfo=UTC)
    with pytest.raises(LocalGlueError, match=r"trigger lost did not fire.*Workflow gone not found"):
        glue.plane.triggers.fire_due(at, at.replace(minute=5))
    assert glue.going_on() == ["a"]


def test_conditional_triggers_outside_a_workflow_need_new_ends_to_fire_again(glue: Glue) -> None:
    trigger(glue, "go", "ON_DEMAND", "a", WorkflowName=None)
    trigger(glue, "then", "CONDITIONAL", "b", after("a"), WorkflowName=None)
    for _ in range(2):
        glue("StartTrigger", Name="go")
        glue.end("a")
        glue.end("b")
    assert (len(glue.states("a")), len(glue.states("b"))) == (2, 2)
    run_ = glue("GetJobRuns", JobName="b")["JobRuns"][0]
    assert [p["JobName"] for p in run_["PredecessorRuns"]] == ["a"]
    asked = {"JobName": "b", "RunId": run_["Id"]}
    assert "PredecessorRuns" not in glue("GetJobRun", **asked)["JobRun"]
    assert glue("GetJobRun", **asked, PredecessorsIncluded=True)["JobRun"] == run_


def test_an_event_trigger_waits_for_its_batch(glue: Glue) -> None:
    glue("CreateWorkflow", Name="flow")
    trigger(glue, "start", "EVENT", "a", EventBatchingCondition={"BatchSize": 2, "BatchWindow": 60})
    event = glue.plane.workflow_runs.event
    event("flow", "id1")
    assert glue.going_on() == []
    event("flow", "id2")
    [started] = glue("GetWorkflowRuns", Name="flow")["Runs"]
    assert started["WorkflowRunProperties"] == {"aws:eventIds": "[id1, id2]"}
    assert started["StartingEventBatchCondition"] == {"BatchSize": 2, "BatchWindow": 60}
    [(seconds, over)] = glue.timers
    assert seconds == 60
    over()
    assert len(glue("GetWorkflowRuns", Name="flow")["Runs"]) == 1


def test_an_event_trigger_fires_when_its_window_is_over(glue: Glue) -> None:
    glue("CreateWorkflow", Name="flow")
    trigger(glue, "start", "EVENT", "a", EventBatchingCondition={"BatchSize": 5, "BatchWindow": 60})
    glue.plane.workflow_runs.event("flow", "id1")
    [(_, over)] = glue.timers
    over()
    [started] = glue("GetWorkflowRuns", Name="flow")["Runs"]
    assert started["StartingEventBatchCondition"]["BatchSize"] == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Name": "start"}, "AlreadyExistsException"),
        (
            {"Type": "SCHEDULED", "Schedule": "cron(0/5 * * * ? *)", "Predicate": None},
            "has the start trigger start",
        ),
        ({"Actions": []}, "Actions must name"),
        ({"Actions": [{"JobName": "no"}]}, "EntityNotFoundException"),
        ({"Actions": [{"CrawlerName": "c"}]}, "only jobs can be started locally"),
        (
            {"Predicate": {"Conditions": [{"CrawlerName": "c", "CrawlState": "SUCCEEDED"}]}},
            "only jobs can be watched locally",
        ),
        ({"WorkflowName": "no"}, "EntityNotFoundException"),
        ({"Predicate": None}, "Predicate cannot be null"),
        ({"Predicate": {"Conditions": [after("a"), after("b")]}}, "Logical must be AND or ANY"),
        ({"Predicate": {"Conditions": [after("a", "ERROR")]}}, "'ERROR' is none of"),
        ({"Type": "SCHEDULED", "Schedule": "rate(5 minutes)", "Predicate": None}, "not cron"),
        ({"Type": "ON_DEMAND", "Predicate": None, "StartOnCreation": True}, "not supported"),
        (
            {"Type": "EVENT", "Predicate": None, "EventBatchingCondition": {"BatchSize": 101}},
            "outside 1 to 100",
        ),
    ],
)
def test_a_broken_trigger_is_refused(flow: Glue, fields: dict[str, Any], expected: str) -> None:
    good = {
        "Name": "new",
        "Type": "CONDITIONAL",
        "WorkflowName": "flow",
        "Predicate": {"Conditions": [after("a")]},
        "Actions": [{"JobName": "b"}],
    }
    with pytest.raises(ApiError, match=expected):
        flow("CreateTrigger", **{**good, **fields})


def test_an_update_replaces_the_trigger_but_neither_type_nor_state(flow: Glue) -> None:
    update = {"Predicate": {"Conditions": [after("a", "FAILED")]}, "Actions": [{"JobName": "c"}]}
    changed = flow("UpdateTrigger", Name="then_b", TriggerUpdate=update)["Trigger"]
    assert (changed["Type"], changed["State"]) == ("CONDITIONAL", "ACTIVATED")
    assert changed["Actions"] == [{"JobName": "c"}]
    assert flow("GetTrigger", Name="then_b")["Trigger"] == changed
    assert flow("ListTriggers", DependentJobName="c")["TriggerNames"] == ["then_b", "then_c"]
