"""Jobs and their runs in the control plane: limits, waiting, retries, stops, AWS's errors."""

from typing import Any

import pytest

from awsglue_local.errors import ApiError
from glue_fixtures.glue_plane import Glue


def code(glue: Glue, operation: str, **request: Any) -> str:
    with pytest.raises(ApiError) as caught:
        glue(operation, **request)
    return caught.value.code


def test_a_run_starts_runs_and_ends(glue: Glue) -> None:
    run_id = glue.start("a")
    assert glue.states("a") == ["STARTING"]
    glue.end("a")
    run = glue("GetJobRun", JobName="a", RunId=run_id)["JobRun"]
    assert (run["JobRunState"], run["Attempt"], run["GlueVersion"], run["Timeout"]) == (
        "SUCCEEDED", 0, "5.1", 480,
    )  # fmt: skip
    assert run["StartedOn"] <= run["CompletedOn"]
    assert "ErrorMessage" not in run
    assert glue.events == [("a", "SUCCEEDED")]


def test_arguments_of_the_run_win_over_defaults_but_not_over_the_fixed(glue: Glue) -> None:
    glue.job(
        "d", DefaultArguments={"--x": "1", "--y": "1"}, NonOverridableArguments={"--z": "fixed"}
    )
    run_id = glue.start("d", Arguments={"--y": "2", "--z": "2"})
    assert glue.executor.arguments[run_id] == {
        "--job-bookmark-option": "job-bookmark-disable", "--x": "1", "--y": "2", "--z": "fixed",
    }  # fmt: skip


def test_a_full_job_refuses_another_run(glue: Glue) -> None:
    glue.start("a")
    assert code(glue, "StartJobRun", JobName="a") == "ConcurrentRunsExceededException"
    assert glue.states("a") == ["STARTING"]


def test_with_queuing_runs_wait_and_start_in_their_order(glue: Glue) -> None:
    glue.job("q", JobRunQueuingEnabled=True)
    ids = [glue.start("q") for _ in range(3)]
    assert glue.states("q") == ["STARTING", "WAITING", "WAITING"]
    glue.end("q")
    assert glue.states("q") == ["SUCCEEDED", "STARTING", "WAITING"]
    assert [run.id for run in glue.executor.started] == ids[:2]


def test_the_runs_own_choice_of_queuing_wins(glue: Glue) -> None:
    glue.start("a")
    glue.start("a", JobRunQueuingEnabled=True)
    assert glue.states("a") == ["STARTING", "WAITING"]


def test_two_runs_go_on_where_the_job_allows_two(glue: Glue) -> None:
    glue.job("two", ExecutionProperty={"MaxConcurrentRuns": 2})
    glue.start("two")
    glue.start("two")
    assert code(glue, "StartJobRun", JobName="two") == "ConcurrentRunsExceededException"


def test_a_failed_attempt_is_retried_under_its_own_id(glue: Glue) -> None:
    glue.job("r", MaxRetries=2)
    first = glue.start("r")
    glue.end("r", "FAILED", "ValueError: row 5")
    glue.end("r", "FAILED", "ValueError: row 5")
    last = glue.end("r")
    assert (last.id, last.attempt) == (f"{first}_attempt_2", 2)
    assert glue.states("r") == ["FAILED", "FAILED", "SUCCEEDED"]
    attempt = glue("GetJobRun", JobName="r", RunId=f"{first}_attempt_1")["JobRun"]
    assert (attempt["Attempt"], attempt["PreviousRunId"]) == (1, first)
    assert attempt["ErrorMessage"] == "ValueError: row 5"


def test_a_flex_job_runs_like_any_other(glue: Glue) -> None:
    glue.job("flex", ExecutionClass="FLEX")
    run_id = glue.start("flex")
    assert glue.states("flex") == ["STARTING"]
    glue.end("flex")
    run = glue("GetJobRun", JobName="flex", RunId=run_id)["JobRun"]
    assert (run["JobRunState"], run["ExecutionClass"]) == ("SUCCEEDED", "FLEX")


@pytest.mark.parametrize("state", ["TIMEOUT", "STOPPED"])
def test_what_did_not_fail_is_not_retried(glue: Glue, state: str) -> None:
    glue.job("r", MaxRetries=1)
    glue.start("r")
    glue.end("r", state)
    assert glue.states("r") == [state]


def test_a_stopped_run_is_stopping_until_its_process_has_ended(glue: Glue) -> None:
    glue.job("r", MaxRetries=1)
    run_id = glue.start("r")
    answer = glue("BatchStopJobRun", JobName="r", JobRunIds=[run_id, "jr_no"])
    assert answer["SuccessfulSubmissions"] == [{"JobName": "r", "JobRunId": run_id}]
    assert [e["ErrorDetail"]["ErrorCode"] for e in answer["Errors"]] == ["EntityNotFoundException"]
    assert glue.states("r") == ["STOPPING"]
    assert glue.executor.stopped == [run_id]
    glue.end("r", "STOPPED")
    assert glue.states("r") == ["STOPPED"]


def test_a_waiting_run_stops_at_once(glue: Glue) -> None:
    glue.job("q", JobRunQueuingEnabled=True)
    glue.start("q")
    waiting = glue.start("q")
    glue("BatchStopJobRun", JobName="q", JobRunIds=[waiting])
    assert glue.states("q") == ["STARTING", "STOPPED"]
    glue.end("q")
    assert glue.states("q") == ["SUCCEEDED", "STOPPED"]


def test_a_run_that_waits_for_a_deleted_job_is_an_error_and_its_workflow_ends(glue: Glue) -> None:
    glue.job("q", JobRunQueuingEnabled=True)
    glue("CreateWorkflow", Name="flow")
    actions = [{"JobName": "q"}]
    glue("CreateTrigger", Name="go", Type="ON_DEMAND", WorkflowName="flow", Actions=actions)
    glue.start("q")
    run_id = glue("StartWorkflowRun", Name="flow")["RunId"]
    glue("DeleteJob", JobName="q")
    run = glue("GetWorkflowRun", Name="flow", RunId=run_id)["Run"]
    assert (run["Status"], run["Statistics"]["ErroredActions"]) == ("COMPLETED", 1)
    glue.job("q")
    glue.end("q")
    assert glue.going_on() == []


def test_a_failed_run_of_a_deleted_job_is_not_retried(glue: Glue) -> None:
    glue.job("r", MaxRetries=1)
    glue.start("r")
    glue("DeleteJob", JobName="r")
    glue.end("r", "FAILED")
    assert glue.going_on() == []
    assert code(glue, "GetJobRuns", JobName="r") == "EntityNotFoundException"


def test_a_late_run_is_announced_once_in_each_state(glue: Glue) -> None:
    glue.job("slow", NotificationProperty={"NotifyDelayAfter": 3})
    glue.start("slow")
    glue.end("slow")
    run_id = glue.start("slow", NotificationProperty={"NotifyDelayAfter": 2})
    (_, ended), (seconds, late) = glue.timers
    assert seconds == 120
    ended()
    assert glue.events == [("slow", "SUCCEEDED")]
    late()
    run = glue.executor.started[-1]
    for _ in range(2):
        glue.plane.dispatch.running(run)
    glue("BatchStopJobRun", JobName="slow", JobRunIds=[run_id])
    glue.end("slow", "STOPPED")
    states = ["SUCCEEDED", "STARTING", "RUNNING", "STOPPING", "STOPPED"]
    assert glue.events == [("slow", state) for state in states]


def test_what_has_ended_can_not_be_stopped(glue: Glue) -> None:
    run_id = glue.start("a")
    glue.end("a")
    [error] = glue("BatchStopJobRun", JobName="a", JobRunIds=[run_id])["Errors"]
    assert error["ErrorDetail"]["ErrorCode"] == "InvalidInputException"


def test_a_run_can_be_repeated_with_its_arguments(glue: Glue) -> None:
    first = glue.start("a", Arguments={"--day": "1"})
    glue.end("a", "FAILED")
    again = glue.start("a", JobRunId=first)
    assert glue.executor.arguments[again]["--day"] == "1"
    run = glue("GetJobRun", JobName="a", RunId=again)["JobRun"]
    assert run["PreviousRunId"] == first


def test_an_update_replaces_the_whole_job_and_running_ones_keep_theirs(glue: Glue) -> None:
    glue.job("u", DefaultArguments={"--x": "1"}, MaxRetries=1)
    glue.start("u")
    command = {"Name": "glueetl", "ScriptLocation": "s3://code/new.py"}
    glue("UpdateJob", JobName="u", JobUpdate={"Role": "role", "Command": command})
    job = glue("GetJob", JobName="u")["Job"]
    assert (job["Command"], job["MaxRetries"], "DefaultArguments" in job) == (command, 0, False)
    glue.end("u", "FAILED")
    assert glue.states("u") == ["FAILED", "STARTING"]  # the retry of the job as it was


def test_jobs_come_in_pages(glue: Glue) -> None:
    first = glue("ListJobs", MaxResults=2)
    rest = glue("ListJobs", MaxResults=2, NextToken=first["NextToken"])
    assert (first["JobNames"], rest["JobNames"]) == (["a", "b"], ["c"])
    assert "NextToken" not in rest


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("CreateJob", {"Name": "a"}, "AlreadyExistsException"),
        ("GetJob", {"JobName": "no"}, "EntityNotFoundException"),
        ("StartJobRun", {"JobName": "no"}, "EntityNotFoundException"),
        ("GetJobRun", {"JobName": "a", "RunId": "jr_no"}, "EntityNotFoundException"),
        ("UpdateJob", {"JobName": "no", "JobUpdate": {}}, "EntityNotFoundException"),
        ("CreateJob", {"Name": "x", "Command": {"Name": "pythonshell"}}, "InvalidInputException"),
        ("GetJobs", {"NextToken": "soon"}, "InvalidInputException"),
    ],
)
def test_errors_have_awss_codes(
    glue: Glue, operation: str, request_: dict[str, Any], expected: str
) -> None:
    assert code(glue, operation, **request_) == expected


def test_deleting_a_job_twice_is_no_error(glue: Glue) -> None:
    glue("DeleteJob", JobName="a")
    assert glue("DeleteJob", JobName="a") == {"JobName": "a"}
    assert code(glue, "GetJobRuns", JobName="a") == "EntityNotFoundException"
