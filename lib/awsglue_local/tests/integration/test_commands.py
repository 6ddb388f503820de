"""`glue-local` as a person types it, against a running stack."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from awsglue_local import cli
from awsglue_local.stack import Stack
from glue_fixtures.glue_api import wait_until

DEFINITION = """
Jobs:
  - Name: hello
    Command: {Name: glueetl, ScriptLocation: "s3://${code_bucket}/hello.py"}
    DefaultArguments: {--job-bookmark-option: job-bookmark-enable}
  - {Name: long, Command: {Name: glueetl, ScriptLocation: "s3://${code_bucket}/long.py"}}
Workflows: [{Name: flow, Description: two jobs}, {Name: nightly}]
Triggers:
  - {Name: start, WorkflowName: flow, Type: ON_DEMAND, Actions: [{JobName: hello}]}
  - Name: at_night
    WorkflowName: nightly
    Type: SCHEDULED
    Schedule: cron(15 2 * * ? *)
    StartOnCreation: true
    Actions: [{JobName: long}]
"""
HELLO = """
import sys
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
args = getResolvedOptions(sys.argv, ["JOB_NAME"])
job = Job(None)
job.init(args["JOB_NAME"], args)
print("hello", *sys.argv[sys.argv.index("--day") + 1:][:1] if "--day" in sys.argv else "")
print("careful", file=sys.stderr)
assert "--break" not in sys.argv, "row 5"
job.commit()
"""
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("cli") / "state").up(DEFINITION, {"code_bucket": "code"})
    s3 = made.client("s3")
    s3.put_object(Bucket="code", Key="hello.py", Body=HELLO.encode())
    s3.put_object(Bucket="code", Key="long.py", Body=b"import time; time.sleep(300)")
    yield made
    made.down()


@pytest.fixture
def command(stack: Stack, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main([*words, "--state", str(stack.state_dir)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def newest(stack: Stack, job: str) -> dict[str, Any]:
    runs = stack.client("glue").get_job_runs(JobName=job)["JobRuns"]
    return dict(runs[0])


def test_a_job_is_run_with_arguments_and_followed(stack: Stack, command: Command) -> None:
    code, out, err = command("run-job", "hello", "--argument", "day=1")
    assert (code, err) == (0, "")
    assert re.fullmatch(
        r"hello: running \(attempt 1\)\nhello: SUCCEEDED after [\d.]+ s\n", out
    ) or out.startswith("hello: SUCCEEDED")
    run_id = newest(stack, "hello")["Id"]
    assert command("logs", run_id[:12])[1] == "hello 1\ncareful\n"


def test_a_job_that_fails_is_explained_with_its_log(stack: Stack, command: Command) -> None:
    code, _, err = command("run-job", "hello", "--argument", "break=1")
    assert code == 1
    log = stack.state_dir / "logs" / "hello" / f"{newest(stack, 'hello')['Id']}.log"
    assert err == f"hello FAILED: AssertionError: row 5\n  log: {log}\n"
    assert "careful" in log.read_text()


def test_a_workflow_with_a_failed_job_is_explained_with_the_jobs_log(
    stack: Stack, command: Command
) -> None:
    s3 = stack.client("s3")
    s3.put_object(Bucket="code", Key="hello.py", Body=b"raise KeyError('x')")
    try:
        code, _, err = command("run", "flow")
    finally:
        s3.put_object(Bucket="code", Key="hello.py", Body=HELLO.encode())
    assert code == 1
    assert "hello FAILED: KeyError: 'x'\n  log: " in err
    assert "KeyError" in Path(err.rpartition("log: ")[2].strip()).read_text()


def test_a_workflow_runs_and_its_runs_are_listed(stack: Stack, command: Command) -> None:
    assert command("run", "flow", "--property", "k=v")[0] == 0
    _, out, _ = command("runs", "flow")
    heading, row, *_ = out.splitlines()
    assert " ".join(heading.split()) == "kind name run state attempt started seconds error"
    assert row.split()[:2] == ["workflow", "flow"]
    assert "COMPLETED" in row
    entries = [
        json.loads(line) for line in command("runs", "--json", "--count", "2")[1].splitlines()
    ]
    assert {(e["kind"], e["state"]) for e in entries} == {
        ("workflow", "COMPLETED"), ("job", "SUCCEEDED"),
    }  # fmt: skip
    run = next(e["run"] for e in entries if e["kind"] == "workflow")
    assert command("logs", run)[1].startswith("hello")


def test_logs_are_followed_until_the_end(stack: Stack, command: Command) -> None:
    glue = stack.client("glue")
    run_id = glue.start_job_run(JobName="hello")["JobRunId"]
    code, out, _ = command("logs", run_id, "--follow")
    assert code == 0
    assert sorted(out.splitlines()) == ["careful", "hello"]


def test_a_run_can_be_stopped(stack: Stack, command: Command) -> None:
    glue = stack.client("glue")
    run_id = glue.start_job_run(JobName="long")["JobRunId"]
    wait_until(lambda: newest(stack, "long")["JobRunState"] == "RUNNING")
    assert command("stop", run_id)[0] == 0
    wait_until(lambda: newest(stack, "long")["JobRunState"] == "STOPPED")
    code, _, err = command("stop", run_id)
    assert code == 2
    assert err == f"glue-local: job run {run_id} is STOPPED already\n"


def test_a_job_runs_in_this_process_for_the_debugger(
    stack: Stack, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    import os
    import sys

    before = (dict(os.environ), list(sys.argv), list(sys.path))
    code, out, _ = command("run-job", "hello", "--debug", "--argument", "day=here")
    assert (code, out) == (0, "hello here\n")
    assert (dict(os.environ), list(sys.argv), list(sys.path)) == before
    with pytest.raises(AssertionError, match="row 5"):
        command("run-job", "hello", "--debug", "--argument", "break=1")


def test_the_bookmark_is_shown_and_reset(command: Command) -> None:
    assert command("run-job", "hello")[0] == 0
    shown = json.loads(command("bookmark", "show", "hello")[1])
    assert (shown["JobName"], shown["JobBookmark"]) == ("hello", {})
    assert shown["Run"] >= 1
    assert "back to nothing read yet" in command("bookmark", "reset", "hello")[1]
    assert json.loads(command("bookmark", "show", "hello")[1])["Run"] == 0
    code, _, err = command("bookmark", "show", "long")
    assert code == 2
    assert "job long has no bookmark" in err


def test_the_schedule_is_shown_and_switched(command: Command) -> None:
    _, out, _ = command("schedule")
    assert re.search(
        r"at_night +nightly +ACTIVATED +cron\(15 2 \* \* \? \*\) +\d\d-\d\d 02:15,", out
    )
    assert out.endswith("nothing fires by itself: `glue-local schedule on`\n")
    assert command("schedule", "on")[1] == "the clock is on\n"
    assert "nothing fires by itself" not in command("schedule")[1]
    command("schedule", "off")


def test_the_graph_is_drawn(command: Command, tmp_path: Path) -> None:
    command("run", "flow")
    picture = tmp_path / "flow.svg"
    assert command("graph", "flow", "--output", str(picture))[0] == 0
    text = picture.read_text(encoding="utf-8")
    assert "SUCCEEDED" in text
    assert "start" in text
    assert command("graph", "flow", "--output", str(tmp_path / "flow.bmp"))[0] == 2


def test_a_definition_is_deployed_again(stack: Stack, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text(DEFINITION.replace("two jobs", "${text}").replace("(15 2", "(45 2"))
    assert command("deploy", str(file), "--parameter", "text=changed")[0] == 0
    glue = stack.client("glue")
    assert glue.get_workflow(Name="flow")["Workflow"]["Description"] == "changed"
    assert glue.get_trigger(Name="at_night")["Trigger"]["Schedule"] == "cron(45 2 * * ? *)"
    file.write_text("Jobs: [")
    code, _, err = command("deploy", str(file))
    assert code == 2
    assert "line 1, column 8: the file is no YAML" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "nothing"], "there is no workflow nothing; deployed are flow, nightly"),
        (["run-job", "nothing"], "there is no job nothing; deployed are hello, long"),
        (["run-job", "nothing", "--debug"], "there is no job nothing; deployed are hello, long"),
        (["logs", "jr_nothing"], "there is no run jr_nothing; `glue-local runs` lists them"),
        (["runs", "nothing"], "neither a workflow nor a job is named nothing"),
        (["graph", "nothing"], "there is no workflow nothing; there are: flow, nightly"),
        (["deploy", "nothing.yaml"], "nothing.yaml can not be read"),
    ],
)
def test_what_can_not_be_done_says_what_to_do(
    command: Command, words: list[str], message: str
) -> None:
    code, _, err = command(*words)
    assert code == 2
    assert message in err


def test_the_environment_is_what_any_client_needs(stack: Stack, command: Command) -> None:
    lines = command("env")[1].splitlines()
    exports = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert exports == stack.environment()
    assert exports["AWS_ENDPOINT_URL"] == stack.aws.endpoint


@pytest.mark.parametrize("words", ["runs", "env"])
def test_without_a_stack_commands_name_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    state = ("--state", str(tmp_path / "none"))
    assert cli.main([words, *state]) == 2
    assert "run `glue-local up`" in capsys.readouterr().err
    assert cli.main(["down", *state]) == 0


def test_a_version_of_postgresql_that_there_is_not_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ("--state", str(tmp_path / "state"))
    assert cli.main(["up", "--postgres", "source=13", *state]) == 2
    assert "choose one of [16, 18]" in capsys.readouterr().err
    assert cli.main(["runs", *state]) == 2
