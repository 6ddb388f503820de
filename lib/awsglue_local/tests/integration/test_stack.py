"""The local stack: up, attach, down; whole or not at all."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

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
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with one PostgreSQL, which every test leaves running."""
    made = Stack(tmp_path_factory.mktemp("running") / "state", fsync=False)
    yield made.up(DEFINITION, {"code_bucket": "code"}, {"source": 18})
    made.down()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack of this test alone, not yet up."""
    made = Stack(tmp_path / "state", fsync=False)
    yield made
    made.down()


def pids(stack: Stack) -> dict[str, int]:
    """The processes of a stack's parts, by name; the AWS server's is aws."""
    record = json.loads((stack.state_dir / "stack.json").read_text())
    parts = {"aws": record["aws"], **record["postgres"]}
    return {name: int(part["process"]["pid"]) for name, part in parts.items()}


def test_up_makes_servers_buckets_secrets_and_definitions(running: Stack) -> None:
    glue = running.client("glue")
    connection = glue.get_connection(Name="source")["Connection"]
    url = running.postgres["source"].jdbc_url("source")
    assert connection["ConnectionType"] == "JDBC"
    assert connection["ConnectionProperties"] == {
        "JDBC_CONNECTION_URL": url,
        "SECRET_ID": "local/postgres/source",
    }
    assert [entry["Name"] for entry in running.client("s3").list_buckets()["Buckets"]] == ["code"]
    assert glue.get_database(Name="raw")["Database"]["Name"] == "raw"
    password = running.postgres["source"].password.encode()
    files = [path for path in running.state_dir.rglob("*") if path.is_file()]
    assert [path for path in files if password in path.read_bytes()] == []


def test_up_again_keeps_data_and_deploys_the_newer_definition(running: Stack) -> None:
    before = pids(running)
    running.client("s3").put_object(Bucket="code", Key="kept", Body=b"1")
    changed = DEFINITION.replace("Name: raw", "Name: other").replace("hello.py", "bye.py")
    assert not running.aws.private("schedule")["enabled"]
    again = Stack(running.state_dir).up(changed, {"code_bucket": "code"}, schedule=True)
    assert again.aws.private("schedule")["enabled"]
    assert pids(again) == before
    assert again.client("s3").list_objects_v2(Bucket="code")["KeyCount"] == 1
    command = again.client("glue").get_job(JobName="hello")["Job"]["Command"]
    assert command["ScriptLocation"] == "s3://code/bye.py"
    with pytest.raises(StackError, match=r"runs without PostgreSQL \['warehouse'\]"):
        Stack(running.state_dir).up(postgres={"warehouse": 18})


def test_attach_finds_the_servers_with_their_passwords(running: Stack) -> None:
    attached = Stack(running.state_dir).attach()
    psycopg.connect(attached.postgres["source"].conninfo("source")).close()
    assert attached.environment()["AWS_ENDPOINT_URL"] == running.aws.endpoint


def test_two_stacks_live_side_by_side_and_down_leaves_nothing(running: Stack, stack: Stack) -> None:
    stack.up(parameters={"code_bucket": "code"}, postgres={"source": 16})
    processes = pids(stack).values()
    assert not set(processes) & set(pids(running).values())
    stack.down()
    assert [pid for pid in processes if alive(pid)] == []
    assert not stack.state_dir.exists()
    Stack(running.state_dir).attach()


def test_a_half_dead_stack_is_reset_as_a_whole(stack: Stack) -> None:
    stack.up(parameters={"raw_bucket": "raw"}, postgres={"source": 18})
    for victim in ("aws", "source"):
        before = pids(stack)
        stack.client("s3").create_bucket(
            Bucket="kept", CreateBucketConfiguration={"LocationConstraint": stack.region}
        )
        (stack.state_dir / "bookmarks").mkdir()
        (stack.state_dir / "bookmarks" / "job.json").write_text("{}")
        with psycopg.connect(stack.postgres["source"].conninfo("source")) as connection:
            connection.execute("CREATE TABLE kept (id int)")
        os.kill(before[victim], signal.SIGKILL)
        assert wait_for_end(before[victim])
        with pytest.raises(StackError, match="no whole stack"):
            Stack(stack.state_dir).attach()
        stack = Stack(stack.state_dir, fsync=False).up(postgres={"source": 18})
        assert not set(pids(stack).values()) & set(before.values())
        assert not [pid for pid in before.values() if alive(pid)]
        assert stack.client("s3").list_buckets()["Buckets"] == []
        assert not (stack.state_dir / "bookmarks").exists()
        with psycopg.connect(stack.postgres["source"].conninfo("source")) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


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
