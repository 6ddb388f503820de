"""What the commands on runs, bookmarks and schedules do; each takes a running stack."""

import contextlib
import json
import os
import subprocess  # nosec B404
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from awsglue_local.client import graph, logs
from awsglue_local.client.find import Found, all_runs, one_run
from awsglue_local.client.runs import FINAL, JobRun, job_run, run_job
from awsglue_local.definition.cron import next_fire
from awsglue_local.errors import LocalGlueError, RunError, StackError
from awsglue_local.stack import Stack

Print = Callable[[str], None]
_FIRINGS = 3
_ENDED = (*FINAL, "COMPLETED")


def run(
    stack: Stack, workflow: str, properties: Mapping[str, str], say: Print, complain: Print
) -> bool:
    """Runs a workflow; whether all its jobs succeeded. What did not is told to `complain`."""
    finished = stack.run(workflow, properties=properties, progress=say)
    if finished.error_message:
        complain(f"{workflow}: {finished.status}: {finished.error_message}")
    _explain(finished.outcomes.values(), complain)
    return finished.succeeded


def run_one_job(
    stack: Stack, job: str, arguments: Mapping[str, str], say: Print, complain: Print
) -> bool:
    """Runs a job; whether its last attempt succeeded."""
    glue = stack.client("glue")
    attempts = run_job(glue, job, arguments, progress=say, state_dir=stack.state_dir)
    _explain(attempts[-1:], complain)
    return attempts[-1].state == "SUCCEEDED"


def debug_job(stack: Stack, job: str, arguments: Mapping[str, str]) -> None:
    """Runs a job in this process: breakpoints work, and its exception is ours."""
    from awsglue_local.job.here import run_here

    glue = stack.client("glue")
    try:
        definition = glue.get_job(JobName=job)["Job"]
    except glue.exceptions.EntityNotFoundException as error:
        known = ", ".join(glue.list_jobs()["JobNames"])
        raise RunError(f"there is no job {job}; deployed are {known or 'none'}") from error
    run_here(
        definition,
        arguments,
        endpoint=stack.aws.endpoint,
        region=stack.region,
        state_dir=stack.state_dir,
    )


def list_runs(stack: Stack, name: str | None, count: int, as_json: bool, say: Print) -> None:
    """The newest runs, as a table or as a JSON object a line."""
    rows = [_row(found) for found in all_runs(stack.client("glue"), name)[:count]]
    if as_json:
        for row in rows:
            say(json.dumps(row))
    elif rows:
        cells = [[str(value or "") for value in row.values()] for row in rows]
        table(list(rows[0]), cells, say)
    else:
        say("nothing has run yet; `glue-local run WORKFLOW` or `glue-local run-job JOB` starts")


def show_logs(stack: Stack, run_id: str, follow: bool, say: Print) -> None:
    """What a job run, or every job run of a workflow run, has written."""
    glue, cloudwatch = stack.client("glue"), stack.client("logs")
    found = one_run(glue, run_id)
    if follow:

        def state() -> bool:
            return one_run(glue, found.run_id).state in _ENDED

        def run_ids() -> Sequence[str]:
            return [run.run_id for run in _job_runs(one_run(glue, found.run_id))]

        for line in logs.follow(cloudwatch, run_ids, state):
            say(line)
        return
    runs = _job_runs(found)
    for job in runs:
        if len(runs) > 1:
            say(f"== {job.job} {job.run_id}: {job.state}")
        for line in logs.lines(cloudwatch, job.run_id):
            say(line)


def stop(stack: Stack, run_id: str, say: Print) -> None:
    """Asks a run to stop."""
    glue = stack.client("glue")
    found = one_run(glue, run_id)
    if found.state in _ENDED:
        raise RunError(f"{found.kind} run {found.run_id} is {found.state} already")
    if found.kind == "workflow":
        glue.stop_workflow_run(Name=found.name, RunId=found.run_id)
    else:
        glue.batch_stop_job_run(JobName=found.name, JobRunIds=[found.run_id])
    say(f"stopping {found.name} {found.run_id}")


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


def draw(stack: Stack, workflow: str, run_id: str | None, output: Path, say: Print) -> None:
    """Writes the picture of a workflow, with what became of a run: its last, if none is named."""
    if output.suffix != ".svg":
        raise LocalGlueError(f"{output}: a picture is written as .svg; any browser shows it")
    glue = stack.client("glue")
    try:
        shown = glue.get_workflow(Name=workflow, IncludeGraph=True)["Workflow"]
    except glue.exceptions.EntityNotFoundException as error:
        known = ", ".join(glue.list_workflows()["Workflows"])
        raise RunError(f"there is no workflow {workflow}; there are: {known or 'none'}") from error
    last = one_run(glue, run_id).shown if run_id else shown.get("LastRun")
    subtitle = shown.get("Description", "")
    if last:
        run_id = last["WorkflowRunId"][:15]
        subtitle = f"run {run_id}… · {last['Status']} · {_time(last['StartedOn'])} UTC"
    output.write_text(graph.svg(workflow, (last or shown)["Graph"], subtitle), encoding="utf-8")
    say(f"{workflow}: {output}")


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


def show_schedule(stack: Stack, say: Print) -> None:
    """The SCHEDULED triggers, when they fire next, and whether the clock is on."""
    enabled = stack.aws.private("schedule")["enabled"]
    triggers = [
        trigger
        for page in stack.client("glue").get_paginator("get_triggers").paginate()
        for trigger in page["Triggers"]
        if trigger["Type"] == "SCHEDULED"
    ]
    rows = [
        [
            trigger["Name"],
            trigger.get("WorkflowName", ""),
            trigger["State"],
            trigger["Schedule"],
            ", ".join(_next(trigger["Schedule"])),
        ]
        for trigger in triggers
    ]
    if rows:
        table(["trigger", "workflow", "state", "schedule", "next (UTC)"], rows, say)
    else:
        say("no trigger has a schedule")
    if not enabled:
        say("the clock is off, nothing fires by itself: `glue-local schedule on`")


def switch_schedule(stack: Stack, wanted: bool, say: Print) -> None:
    """Lets SCHEDULED triggers fire by the clock, or not."""
    stack.aws.private("schedule", {"enabled": wanted})
    say(f"the clock is {'on' if wanted else 'off'}")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], say: Print) -> None:
    """Columns as wide as their longest cell."""
    whole = [list(headings), *map(list, rows)]
    widths = [max(len(row[place]) for row in whole) for place in range(len(headings))]
    for row in whole:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(found: Found) -> dict[str, Any]:
    shown = found.shown
    ended = shown.get("CompletedOn") or datetime.now(shown["StartedOn"].tzinfo)
    message = shown.get("ErrorMessage")
    state = found.state
    if found.kind == "workflow" and state == "COMPLETED":
        counts = shown["Statistics"]
        bad = sum(counts[f"{kind}Actions"] for kind in ("Failed", "Timeout", "Stopped", "Errored"))
        message = f"{bad} job(s) did not succeed" if bad else None
    return {
        "kind": found.kind,
        "name": found.name,
        "run": found.run_id[:15] if found.kind == "workflow" else _short_id(found.run_id),
        "state": state,
        "attempt": str(shown["Attempt"]) if found.kind == "job" else "",
        "started": _time(shown["StartedOn"]),
        "seconds": f"{(ended - shown['StartedOn']).total_seconds():.1f}",
        "error": message,
    }


def _short_id(run_id: str) -> str:
    first, attempt, number = run_id.partition("_attempt_")
    return f"{first[:15]}{attempt}{number}"


def _job_runs(found: Found) -> list[JobRun]:
    if found.kind == "job":
        return [job_run(found.shown)]
    nodes = found.shown["Graph"]["Nodes"]
    shown = [run for node in nodes for run in node.get("JobDetails", {}).get("JobRuns", ())]
    return sorted((job_run(entry) for entry in shown), key=lambda entry: entry.started_on)


def _explain(outcomes: Iterable[JobRun], say: Print) -> None:
    for outcome in outcomes:
        if outcome.state != "SUCCEEDED":
            say(f"{outcome.job} {outcome.state}: {outcome.error_message}\n  log: {outcome.log}")


def _bookmark(stack: Stack, operation: str, job: str, run_id: str | None) -> dict[str, Any]:
    glue = stack.client("glue")
    request = {"JobName": job} | ({"RunId": run_id} if run_id else {})
    try:
        entry: dict[str, Any] = getattr(glue, operation)(**request)["JobBookmarkEntry"]
    except glue.exceptions.EntityNotFoundException as error:
        raise RunError(str(error.response["Error"]["Message"])) from error
    return entry | {"JobBookmark": json.loads(entry["JobBookmark"])}


def _next(schedule: str) -> list[str]:
    moments: list[str] = []
    at: datetime | None = datetime.now(UTC)
    while at is not None and len(moments) < _FIRINGS:
        at = next_fire(schedule, at)
        if at is not None:
            moments.append(at.strftime("%m-%d %H:%M"))
    return moments


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
