"""Commands on what a stack holds: files, databases, job bookmarks, recorded calls."""

import contextlib
import json
import os
import subprocess  # nosec B404
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from awsglue_local.commands.texts import Print, table
from awsglue_local.errors import LocalGlueError, RunError, StackError
from awsglue_local.stack import Stack


def upload(stack: Stack, file: Path, location: str, say: Print) -> None:
    """Puts a file into a bucket, which is made if it does not exist."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.startswith("s3://") or not bucket:
        raise LocalGlueError(f"{location} is not s3://BUCKET/KEY")
    if not file.is_file():
        raise LocalGlueError(f"there is no file {file}")
    s3 = stack.client("s3")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": stack.region}
        )
    target = key + file.name if key == "" or key.endswith("/") else key
    s3.upload_file(str(file), bucket, target)
    say(f"{file} -> s3://{bucket}/{target}")


def psql(stack: Stack, name: str, arguments: Sequence[str]) -> int:
    """psql as the owner of an embedded database; its exit code."""
    server = stack.postgres.get(name)
    if server is None:
        known = ", ".join(stack.postgres) or "none; `glue-local up --postgres NAME` makes one"
        raise StackError(f"no embedded PostgreSQL is named {name}; there are: {known}")
    environment = os.environ | {
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password,
        "PGDATABASE": name,
    }
    command = [str(server.psql), *arguments]
    return subprocess.run(command, env=environment, check=False).returncode  # nosec B603


def show_bookmark(stack: Stack, job: str, run_id: str | None, say: Print) -> None:
    """A job's bookmark, its states readable."""
    say(json.dumps(_bookmark(stack, "get_job_bookmark", job, run_id), indent=2))


def reset_bookmark(stack: Stack, job: str, run_id: str | None, say: Print) -> None:
    """Forgets a job's bookmark, or goes back to what a run left."""
    _bookmark(stack, "reset_job_bookmark", job, run_id)
    where = f"what run {run_id} left" if run_id else "nothing read yet"
    say(f"{job}: the bookmark is back to {where}; what the job has written is not undone")


def show_calls(stack: Stack, job: str | None, say: Print) -> None:
    """Every distinct action and resource that jobs asked of AWS's API: what their roles need."""
    roles = None
    if job is not None:
        roles = {stack.client("glue").get_job(JobName=job)["Job"]["Role"]}
    rows = [
        [
            str(call["role"]).rpartition("/")[2],
            call["action"],
            call["resource"],
            str(call["count"]),
            "allowed" if call["allowed"] else "DENIED",
        ]
        for call in stack.calls()
        if roles is None or call["role"] in roles
    ]
    table(["role", "action", "resource", "calls", "by policy"], rows, say)


def _bookmark(stack: Stack, operation: str, job: str, run_id: str | None) -> dict[str, Any]:
    glue = stack.client("glue")
    request = {"JobName": job} | ({"RunId": run_id} if run_id else {})
    try:
        entry: dict[str, Any] = getattr(glue, operation)(**request)["JobBookmarkEntry"]
    except glue.exceptions.EntityNotFoundException as error:
        raise RunError(str(error.response["Error"]["Message"])) from error
    return entry | {"JobBookmark": json.loads(entry["JobBookmark"])}
