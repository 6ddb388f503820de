"""Commands that start, list, follow and stop runs; each takes a running stack."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from awsglue_local.client import logs
from awsglue_local.client.find import Found, all_runs, one_run
from awsglue_local.client.runs import FINAL, JobRun, job_run, run_job
from awsglue_local.commands.texts import Print, table, time_of
from awsglue_local.errors import RunError
from awsglue_local.stack import Stack

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
        "started": time_of(shown["StartedOn"]),
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
