"""Commands on workflows and their schedules; each takes a running stack."""

from datetime import UTC, datetime
from pathlib import Path

from awsglue_local.client import graph
from awsglue_local.client.find import one_run
from awsglue_local.commands.texts import Print, table, time_of
from awsglue_local.definition.cron import next_fire
from awsglue_local.errors import LocalGlueError, RunError
from awsglue_local.stack import Stack

_FIRINGS = 3


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
        subtitle = f"run {run_id}… · {last['Status']} · {time_of(last['StartedOn'])} UTC"
    output.write_text(graph.svg(workflow, (last or shown)["Graph"], subtitle), encoding="utf-8")
    say(f"{workflow}: {output}")


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


def _next(schedule: str) -> list[str]:
    moments: list[str] = []
    at: datetime | None = datetime.now(UTC)
    while at is not None and len(moments) < _FIRINGS:
        at = next_fire(schedule, at)
        if at is not None:
            moments.append(at.strftime("%m-%d %H:%M"))
    return moments
