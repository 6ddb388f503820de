"""The running Glue of an AWS server process: control planes, executors, clock and events, wired."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from awsglue_local.control.plane import ControlPlane, Operation
from awsglue_local.control.runs import JobRun
from awsglue_local.errors import LocalGlueError
from awsglue_local.server import connections, event_schedule, events, glue_operations
from awsglue_local.server.clock import Clock, Schedule
from awsglue_local.server.executor import ProcessExecutor


class Glue:
    """A control plane per region, made when it is first asked; one clock for all."""

    def __init__(self, state_dir: Path, endpoint: str, speed: float) -> None:
        self.clock = Clock(speed)
        self.schedule = Schedule(self.clock, self._fire_due)
        self._state_dir = state_dir
        self._endpoint = endpoint
        self._regions: dict[str, tuple[ControlPlane, ProcessExecutor]] = {}
        self._operations: dict[str, dict[str, Operation]] = {}
        self._lock = Lock()

    def plane(self, region: str) -> ControlPlane:
        """The region's control plane."""
        with self._lock:
            if region not in self._regions:
                self._regions[region] = self._made(region)
                self._operations[region] = self._regions[region][0].operations()
            return self._regions[region][0]

    def operation(self, region: str, name: str) -> Operation:
        """An operation of AWS's API, as the region's control plane answers it."""
        self.plane(region)
        return self._operations[region][name]

    def end_all(self) -> None:
        """Kills every process of every run."""
        for _, executor in list(self._regions.values()):
            executor.end_all()

    def start_workflow(self, region: str, name: str, event: Mapping[str, Any]) -> None:
        """An EventBridge event for a workflow's EVENT trigger."""
        self.plane(region).workflow_runs.event(name, str(event["id"]))

    def _made(self, region: str) -> tuple[ControlPlane, ProcessExecutor]:
        executor = ProcessExecutor(
            self._state_dir, self._endpoint, DEFAULT_ACCOUNT_ID, region, self.clock
        )
        plane = ControlPlane(executor, _emitter(region), self.clock.after)
        executor.running = plane.dispatch.running
        executor.finished = plane.dispatch.finished
        return plane, executor

    def _fire_due(self, since: datetime, until: datetime) -> None:
        planes = [plane.triggers.fire_due for plane, _ in list(self._regions.values())]
        for fire in (*planes, event_schedule.fire_due):
            try:
                fire(since, until)
            except LocalGlueError as error:
                # What can not be fired must not stop the clock of everything else.
                print(f"glue-local: schedule: {error}", file=sys.stderr, flush=True)


def install(state_dir: Path, endpoint: str, speed: float) -> Glue:
    """Extends moto in this process by a Glue that runs its jobs; call before serving."""
    glue = Glue(state_dir, endpoint, speed)
    connections.install()
    glue_operations.install(glue.plane("us-east-1").operations().keys(), glue.operation)
    events.install(glue.start_workflow)
    event_schedule.install()
    return glue


def _emitter(region: str) -> Callable[[JobRun], None]:
    def emit(run: JobRun) -> None:
        kind, detail = (
            ("Glue Job State Change", state_change(run))
            if run.final
            else ("Glue Job Run Status", run_status(run))
        )
        events.publish("aws.glue", kind, detail, [], DEFAULT_ACCOUNT_ID, region)

    return emit


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


def run_status(run: JobRun) -> dict[str, Any]:
    """The detail of AWS's "Glue Job Run Status", of a run that takes longer than its
    NotifyDelayAfter; same page.
    """
    return {
        "jobName": run.job_name,
        "severity": "INFO",
        "notificationCondition": {"NotifyDelayAfter": float(run.notify_after or 0)},
        "state": run.state,
        "jobRunId": run.id,
        "message": f"Job is in {run.state} state",
        "startedOn": run.started_on.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
    }
