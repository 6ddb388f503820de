"""Ctrl-C and SIGTERM while `glue-local` works: what it began is ended, and nothing is left."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import awsglue_local
from awsglue_local import cli
from awsglue_local.processes import alive
from awsglue_local.stack import Stack
from glue_fixtures.glue_api import wait_until

DEFINITION = """
Jobs: [{Name: long, Command: {Name: glueetl, ScriptLocation: "s3://${code_bucket}/long.py"}}]
Workflows: [{Name: flow}]
Triggers:
  - {Name: start, WorkflowName: flow, Type: ON_DEMAND, Actions: [{JobName: long}]}
"""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("cli") / "state").up(DEFINITION, {"code_bucket": "code"})
    script = b"import time\nprint('begun', flush=True)\ntime.sleep(300)"
    made.client("s3").put_object(Bucket="code", Key="long.py", Body=script)
    yield made
    made.down()


@contextmanager
def command(state_dir: Path, *words: str) -> "Iterator[subprocess.Popen[str]]":
    """A process of its own: a signal must reach the command alone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "awsglue_local.cli", *words, "--state", str(state_dir)],
        env=os.environ | {"PYTHONPATH": str(Path(awsglue_local.__file__).resolve().parents[1])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # A test run in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def interrupted(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """The exit code after the signal, and what the command said to it."""
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def newest(stack: Stack) -> dict[str, Any]:
    runs = stack.client("glue").get_job_runs(JobName="long")["JobRuns"]
    return dict(runs[0]) if runs else {"JobRunState": "none", "Id": "none"}


@pytest.mark.parametrize(
    ("words", "number"),
    zip([("run-job", "long"), ("run", "flow")], SIGNALS, strict=True),
    ids=["run-job", "run"],
)
def test_the_run_that_was_started_is_stopped(
    stack: Stack, words: tuple[str, ...], number: signal.Signals
) -> None:
    before = newest(stack)["Id"]
    with command(stack.state_dir, *words) as process:
        wait_until(lambda: newest(stack)["Id"] != before)
        wait_until(lambda: newest(stack)["JobRunState"] == "RUNNING")
        assert interrupted(process, number) == (130, "glue-local: stopped\n")
    assert newest(stack)["JobRunState"] == "STOPPED"


def test_a_run_that_is_only_watched_goes_on(stack: Stack) -> None:
    run_id = stack.client("glue").start_job_run(JobName="long")["JobRunId"]
    with command(stack.state_dir, "logs", run_id, "--follow") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert interrupted(process, signal.SIGINT)[0] == 130
    assert newest(stack)["JobRunState"] == "RUNNING"
    assert cli.main(["stop", run_id, "--state", str(stack.state_dir)]) == 0
    wait_until(lambda: newest(stack)["JobRunState"] == "STOPPED")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_start_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    state = tmp_path / "state"
    with command(state, "up", "--postgres", "one", "--postgres", "two") as process:
        wait_until((state / "stack.json").exists)
        pid = json.loads((state / "stack.json").read_text())["aws"]["process"]["pid"]
        assert alive(pid)
        assert interrupted(process, number) == (130, "glue-local: stopped\n")
    assert not alive(pid)
    assert [path.name for path in state.rglob("*")] == ["stack.lock"]
