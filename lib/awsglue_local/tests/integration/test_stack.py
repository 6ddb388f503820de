"""The local stack and its command line: up, attach, run, down; whole or not at all."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest

from awsglue_local import cli
from awsglue_local.databases.postgres import PostgresServer
from awsglue_local.errors import StackError
from awsglue_local.processes import alive, wait_for_end
from awsglue_local.stack import Stack

DEFINITION = """
Databases: [{Name: raw}]
Connections:
  - Name: source
    ConnectionType: JDBC
    ConnectionProperties:
      JDBC_CONNECTION_URL: ${source_jdbc_url}
      SECRET_ID: ${source_secret_id}
Jobs:
  - Name: hello
    Command: {Name: glueetl, ScriptLocation: "s3://${code_bucket}/hello.py"}
Workflows: [{Name: flow}]
Triggers:
  - {Name: start, WorkflowName: flow, Type: ON_DEMAND, Actions: [{JobName: hello}]}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "state", fsync=False)
    yield made
    made.down()


def pids(stack: Stack) -> list[int]:
    record = json.loads((stack.state_dir / "stack.json").read_text())
    parts = [record["aws"], *record["postgres"].values()]
    return [int(part["process"]["pid"]) for part in parts]


def test_up_makes_servers_buckets_secrets_and_definitions(stack: Stack) -> None:
    stack.up(DEFINITION, {"code_bucket": "code"}, {"source": 18})
    glue = stack.client("glue")
    connection = glue.get_connection(Name="source")["Connection"]
    url = stack.postgres["source"].jdbc_url("source")
    assert connection["ConnectionType"] == "JDBC"
    assert connection["ConnectionProperties"] == {
        "JDBC_CONNECTION_URL": url,
        "SECRET_ID": "local/postgres/source",
    }
    assert [bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]] == ["code"]
    assert glue.get_database(Name="raw")["Database"]["Name"] == "raw"
    password = stack.postgres["source"].password.encode()
    files = [path for path in stack.state_dir.rglob("*") if path.is_file()]
    assert [path for path in files if password in path.read_bytes()] == []


def test_up_again_keeps_data_and_deploys_the_newer_definition(stack: Stack) -> None:
    stack.up(DEFINITION, {"code_bucket": "code"}, {"source": 18})
    before = pids(stack)
    stack.client("s3").put_object(Bucket="code", Key="kept", Body=b"1")
    changed = DEFINITION.replace("Name: raw", "Name: other").replace("hello.py", "bye.py")
    assert not stack.aws.private("schedule")["enabled"]
    again = Stack(stack.state_dir).up(changed, {"code_bucket": "code"}, schedule=True)
    assert again.aws.private("schedule")["enabled"]
    assert pids(again) == before
    assert again.client("s3").list_objects_v2(Bucket="code")["KeyCount"] == 1
    command = again.client("glue").get_job(JobName="hello")["Job"]["Command"]
    assert command["ScriptLocation"] == "s3://code/bye.py"
    with pytest.raises(StackError, match=r"runs without PostgreSQL \['warehouse'\]"):
        Stack(stack.state_dir).up(postgres={"warehouse": 18})


def test_attach_finds_the_servers_with_their_passwords(stack: Stack) -> None:
    stack.up(postgres={"source": 18})
    attached = Stack(stack.state_dir).attach()
    psycopg.connect(attached.postgres["source"].conninfo("source")).close()
    assert attached.environment()["AWS_ENDPOINT_URL"] == stack.aws.endpoint


@pytest.mark.parametrize("victim", [0, 1], ids=["aws", "postgres"])
def test_a_half_dead_stack_is_reset_as_a_whole(stack: Stack, victim: int) -> None:
    stack.up(parameters={"raw_bucket": "raw"}, postgres={"source": 18})
    before = pids(stack)
    (stack.state_dir / "bookmarks").mkdir()
    (stack.state_dir / "bookmarks" / "job.json").write_text("{}")
    with psycopg.connect(stack.postgres["source"].conninfo("source")) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    os.kill(before[victim], signal.SIGKILL)
    assert wait_for_end(before[victim])
    with pytest.raises(StackError, match="no whole stack"):
        Stack(stack.state_dir).attach()
    fresh = Stack(stack.state_dir, fsync=False).up(postgres={"source": 18})
    assert not set(pids(fresh)) & set(before)
    assert not [pid for pid in before if alive(pid)]
    assert fresh.client("s3").list_buckets()["Buckets"] == []
    assert not (stack.state_dir / "bookmarks").exists()
    with psycopg.connect(fresh.postgres["source"].conninfo("source")) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_two_stacks_live_side_by_side_and_down_leaves_nothing(tmp_path: Path) -> None:
    one, two = (Stack(tmp_path / name, fsync=False) for name in ("one", "two"))
    try:
        one.up(parameters={"a_bucket": "same"}, postgres={"source": 18})
        two.up(parameters={"a_bucket": "same"}, postgres={"source": 18})
        processes = pids(one)
        assert not set(processes) & set(pids(two))
        one.down()
        assert [pid for pid in processes if alive(pid)] == []
        assert not one.state_dir.exists()
        Stack(two.state_dir).attach()
    finally:
        one.down()
        two.down()


def test_down_leaves_foreign_files_and_may_be_repeated(stack: Stack) -> None:
    stack.up()
    (stack.state_dir / "notes.txt").write_text("mine")
    stack.down()
    stack.down()
    assert [path.name for path in stack.state_dir.iterdir()] == ["notes.txt"]


def test_a_start_that_fails_leaves_no_process(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    create = PostgresServer.create_database

    def fail_for_the_second(server: PostgresServer, name: str) -> None:
        started.append(server.pid or 0)
        if name == "warehouse":
            raise StackError("no")
        create(server, name)

    monkeypatch.setattr(PostgresServer, "create_database", fail_for_the_second)
    with pytest.raises(StackError, match="no"):
        stack.up(postgres={"source": 18, "warehouse": 16})
    assert len(started) == 2
    assert [pid for pid in started if alive(pid)] == []


def test_the_command_line_runs_a_workflow_from_up_to_down(tmp_path: Path) -> None:
    (tmp_path / "workflows.yaml").write_text(DEFINITION)
    state = ("--state", str(tmp_path / "state"))

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(Path("lib/awsglue_local").resolve())}
        return subprocess.run(
            [sys.executable, "-m", "awsglue_local.cli", *arguments, *state],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip

    up = command(
        "up", "--file", str(tmp_path / "workflows.yaml"), "--parameter", "code_bucket=code",
        "--postgres", "source=16",
    )  # fmt: skip
    try:
        assert up.returncode == 0, up.stderr
        exports = dict(
            line.removeprefix("export ").split("=", 1)
            for line in command("env").stdout.splitlines()
        )
        s3 = boto3.client("s3", endpoint_url=exports["AWS_ENDPOINT_URL"])
        s3.put_object(Bucket="code", Key="hello.py", Body=b"print('hi')")
        good = command("run", "flow")
        assert (good.returncode, good.stderr) == (0, "")
        assert "hello: SUCCEEDED" in good.stdout
        s3.put_object(Bucket="code", Key="hello.py", Body=b"raise KeyError('x')")
        bad = command("run", "flow")
        assert bad.returncode == 1
        assert "hello FAILED: KeyError: 'x'\n  log: " in bad.stderr
        assert "KeyError" in Path(bad.stderr.rpartition("log: ")[2].strip()).read_text()
        assert command("run", "nowhere").returncode == 2
    finally:
        down = command("down")
    assert (down.returncode, down.stderr) == (0, "")
    assert not (tmp_path / "state").exists()


def test_without_a_stack_the_command_line_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["env", "--state", str(tmp_path)]) == 2
    assert "run `glue-local up`" in capsys.readouterr().err
    assert cli.main(["down", "--state", str(tmp_path / "none")]) == 0
