"""The running Glue of an AWS server process: control plane, executor, clock and events, wired."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID

from awsglue_local.control.plane import ControlPlane
from awsglue_local.control.runs import JobRun
from awsglue_local.server import connections, events, glue_operations
from awsglue_local.server.clock import Clock, Schedule
from awsglue_local.server.executor import ProcessExecutor


@dataclass(frozen=True)
class Glue:
    """What the server process needs to keep and to end."""

    plane: ControlPlane
    executor: ProcessExecutor
    clock: Clock
    schedule: Schedule


def install(state_dir: Path, endpoint: str, region: str, speed: float) -> Glue:
    """Extends moto in this process by a Glue that runs its jobs; call before serving."""
    clock = Clock(speed)
    executor = ProcessExecutor(state_dir, endpoint, DEFAULT_ACCOUNT_ID, region, clock)

    def emit(run: JobRun) -> None:
        events.publish(
            "aws.glue",
            "Glue Job State Change",
            state_change(run),
            [],
            DEFAULT_ACCOUNT_ID,
            region,
        )

    plane = ControlPlane(executor, emit, clock.after)
    executor.running = plane.dispatch.running
    executor.finished = plane.dispatch.finished

    def start_workflow(name: str, event: Mapping[str, Any]) -> None:
        plane.workflow_runs.event(name, str(event["id"]))

    connections.install()
    glue_operations.install(plane)
    events.install(start_workflow)
    return Glue(plane, executor, clock, Schedule(clock, plane.triggers.fire_due))


def state_change(run: JobRun) -> dict[str, Any]:
    """The detail of AWS's "Glue Job State Change".

    Source: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
    """
    good = run.state in ("SUCCEEDED", "STOPPED")
    detail: dict[str, Any] = {
        "jobName": run.job_name,
        "severity": "INFO" if good else "ERROR",
        "state": run.state,
        "jobRunId": run.id,
        "message": run.error_message or f"Job run {run.state.lower()}",
    }
    return detail | ({"attempt": run.attempt} if run.attempt else {})
