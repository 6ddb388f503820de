"""Triggers in the control plane: when each kind fires, and what AWS refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from awsglue_local.errors import ApiError, LocalGlueError
from glue_fixtures.glue_plane import Glue, after


def test_schedules_fire_once_when_due_and_only_when_activated(glue: Glue) -> None:
    for name, on in (("on", True), ("off", False)):
        glue.trigger(name, "SCHEDULED", "a", WorkflowName=None,
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
        glue.trigger(name, "SCHEDULED", "a", WorkflowName=workflow,
                Schedule="cron(0/5 * * * ? *)", StartOnCreation=True)  # fmt: skip
    glue("DeleteWorkflow", Name="gone")
    at = datetime(2026, 1, 1, 12, 4, 59, tzinfo=UTC)
    with pytest.raises(LocalGlueError, match=r"trigger lost did not fire.*Workflow gone not found"):
        glue.plane.triggers.fire_due(at, at.replace(minute=5))
    assert glue.going_on() == ["a"]


def test_conditional_triggers_outside_a_workflow_need_new_ends_to_fire_again(glue: Glue) -> None:
    glue.trigger("go", "ON_DEMAND", "a", WorkflowName=None)
    glue.trigger("then", "CONDITIONAL", "b", after("a"), WorkflowName=None)
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
    glue.trigger("start", "EVENT", "a", EventBatchingCondition={"BatchSize": 2, "BatchWindow": 60})
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
    glue.trigger("start", "EVENT", "a", EventBatchingCondition={"BatchSize": 5, "BatchWindow": 60})
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
