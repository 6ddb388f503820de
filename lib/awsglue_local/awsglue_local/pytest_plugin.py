"""pytest fixtures: a local stack for a test run, and jobs in one line.

def test_my_job(glue_job):
    run = glue_job("my_job.py", {"--day": "1"})
    assert run.state == "SUCCEEDED", run.log_text
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from awsglue_local.stack import Stack

CODE_BUCKET = "glue-job-scripts"


@dataclass(frozen=True)
class JobResult:
    """A job's last attempt, and all of them; `log_text` is its output and errors together."""

    name: str
    run_id: str
    state: str
    error_message: str | None
    attempts: int
    log_text: str


GlueJob = Callable[..., JobResult]


@pytest.fixture(scope="session")
def glue_stack(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Stack]":
    """A running stack without PostgreSQL (use its `up` for more), gone at the end."""
    from awsglue_local.stack import Stack

    stack = Stack(tmp_path_factory.mktemp("glue") / "state")
    stack.up(parameters={"code_bucket": CODE_BUCKET})
    yield stack
    stack.down()


@pytest.fixture
def glue_job(glue_stack: "Stack") -> GlueJob:
    """Runs a script as a job of its own name, by StartJobRun, to the end of its last attempt.

    glue_job(script, arguments={}, **fields): `script` is a path, or the text itself; `fields` are
    CreateJob's (MaxRetries, DefaultArguments, ...).
    """

    def run(
        script: str | Path, arguments: Mapping[str, str] | None = None, **fields: Any
    ) -> JobResult:
        from awsglue_local.client.logs import lines
        from awsglue_local.client.runs import run_job

        text = Path(script).read_text() if _is_file(script) else str(script)
        name = f"job-{uuid.uuid4().hex[:12]}"
        key = f"{name}.py"
        glue_stack.client("s3").put_object(Bucket=CODE_BUCKET, Key=key, Body=text.encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{CODE_BUCKET}/{key}"}
        glue = glue_stack.client("glue")
        glue.create_job(**{"Name": name, "Role": "local", "Command": command, **fields})
        attempts = run_job(glue, name, arguments)
        last = attempts[-1]
        written = lines(glue_stack.client("logs"), last.run_id)
        return JobResult(
            name, last.run_id, last.state, last.error_message, len(attempts), "\n".join(written)
        )

    return run


def _is_file(script: str | Path) -> bool:
    return isinstance(script, Path) or ("\n" not in script and Path(script).suffix == ".py")
