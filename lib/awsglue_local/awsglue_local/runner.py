"""Runs a workflow that an AWS server describes: its jobs as processes, in the order its triggers
give.
"""

import shutil
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import awsglue_local
from awsglue_local.definition.deploy import client
from awsglue_local.errors import RunError
from awsglue_local.job import arguments as job_arguments
from awsglue_local.job import folder as job_folder
from awsglue_local.job import process as job_process
from awsglue_local.job.bookmarks import STATE_VARIABLE
from awsglue_local.runs import JobRun, Progress, WorkflowRun, log_path, save
from awsglue_local.runtime.class_archive import conf_folder
from awsglue_local.runtime.java import java_home
from awsglue_local.runtime.spark import MASTER, spark_conf
from awsglue_local.server.aws import DEFAULT_REGION, aws_environment

_DEFAULT_TIMEOUT_MINUTES = 480  # AWS's default for Glue 5


def run_workflow(
    name: str,
    endpoint: str,
    state_dir: Path,
    *,
    region: str = DEFAULT_REGION,
    arguments: Mapping[str, str] | None = None,
    properties: Mapping[str, str] | None = None,
    progress: Progress = lambda line: None,
    pass_through: Sequence[str] = (),
) -> WorkflowRun:
    """Runs the workflow to its end, one job at a time, and keeps the record in <state>/runs.

    `arguments` ("--name": value) override every action's; `properties` are the run's properties;
    `pass_through` names more variables of this process's environment for the jobs. The start
    trigger is fired whatever its type; a conditional one fires when activated and its predicate
    holds over the last attempts. Raises RunError for what can not run at all; a job that fails is a
    result. On KeyboardInterrupt the running job is killed.
    """
    glue = client("glue", endpoint, region)
    triggers = _triggers(glue, name)
    started = glue.start_workflow_run(Name=name, RunProperties=dict(properties or {}))["RunId"]
    run = _Run(
        name,
        started,
        glue,
        endpoint,
        region,
        state_dir.resolve(),
        dict(arguments or {}),
        progress,
        tuple(pass_through),
    )
    try:
        run.follow(triggers)
    finally:
        save(run.result(), run.state_dir)
    return run.result()


@dataclass
class _Run:
    workflow: str
    run_id: str
    glue: Any
    endpoint: str
    region: str
    state_dir: Path
    overrides: dict[str, str]
    progress: Progress
    pass_through: tuple[str, ...]
    job_runs: list[JobRun] = field(default_factory=list)

    def result(self) -> WorkflowRun:
        return WorkflowRun(self.workflow, self.run_id, tuple(self.job_runs))

    def follow(self, triggers: list[dict[str, Any]]) -> None:
        waiting = [entry for entry in triggers if entry["Type"] == "CONDITIONAL"]
        due = [entry for entry in triggers if entry["Type"] != "CONDITIONAL"]
        while due:
            for trigger in due:
                for action in trigger["Actions"]:
                    self._run_job(action["JobName"], action.get("Arguments", {}))
            due = [entry for entry in waiting if self._fires(entry)]
            waiting = [entry for entry in waiting if entry not in due]

    def _fires(self, trigger: dict[str, Any]) -> bool:
        outcomes = self.result().outcomes
        conditions = trigger["Predicate"]["Conditions"]
        met = [
            condition["JobName"] in outcomes
            and outcomes[condition["JobName"]].state == condition["State"]
            for condition in conditions
        ]
        holds = any(met) if trigger["Predicate"].get("Logical") == "ANY" else all(met)
        if holds and trigger["State"] != "ACTIVATED":
            self.progress(
                f"trigger {trigger['Name']} is {trigger['State']}, not ACTIVATED: it does not fire"
            )
            return False
        return holds

    def _run_job(self, name: str, action_arguments: Mapping[str, str]) -> None:
        job = self.glue.get_job(JobName=name)["Job"]
        given = job_arguments.resolve(
            job.get("DefaultArguments", {}),
            {**action_arguments, **self.overrides},
            job.get("NonOverridableArguments", {}),
        )
        first_id = f"jr_{uuid.uuid4().hex}"
        for attempt in range(job.get("MaxRetries", 0) + 1):
            run_id = first_id if attempt == 0 else f"{first_id}_attempt_{attempt}"
            self.progress(f"{name}: running (attempt {attempt + 1})")
            finished = self._attempt(job, given, run_id, attempt)
            self.job_runs.append(finished)
            detail = f": {finished.error_message}" if finished.error_message else ""
            self.progress(f"{name}: {finished.state} after {finished.seconds:.1f} s{detail}")
            if finished.state != "FAILED":  # AWS does not retry a timeout either
                return

    def _attempt(
        self, job: dict[str, Any], given: dict[str, str], run_id: str, attempt: int
    ) -> JobRun:
        name = job["Name"]
        log = log_path(self.state_dir, name, run_id)
        began = time.monotonic()
        root = self.state_dir / "work" / run_id
        try:
            state, message = self._execute(job, given, run_id, root, log)
        except RunError as error:
            state, message = "FAILED", f"RunError: {error}"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"{message}\n")
        except BaseException:
            stopped = JobRun(
                name,
                run_id,
                attempt,
                "STOPPED",
                "Stopped by the caller",
                time.monotonic() - began,
                log,
            )
            self.job_runs.append(stopped)
            raise
        finally:
            shutil.rmtree(root, ignore_errors=True)
        return JobRun(name, run_id, attempt, state, message, time.monotonic() - began, log)

    def _execute(
        self, job: dict[str, Any], given: dict[str, str], run_id: str, root: Path, log: Path
    ) -> Any:
        conf = {"spark.master": MASTER, "spark.app.name": job["Name"]} | spark_conf(
            self.endpoint, self.region
        )
        folder, script = job_folder.prepare(
            root,
            client("s3", self.endpoint, self.region),
            job["Command"]["ScriptLocation"],
            job_arguments.modules(given),
            conf | job_arguments.spark_settings(given.get("--conf")),
        )
        identity = {
            "--JOB_NAME": job["Name"],
            "--WORKFLOW_NAME": self.workflow,
            "--WORKFLOW_RUN_ID": self.run_id,
            "--JOB_RUN_ID": run_id,
        }
        package_root = Path(awsglue_local.__file__).resolve().parent.parent
        variables = job_process.environment(
            {
                **aws_environment(self.endpoint, self.region),
                "JAVA_HOME": str(java_home()),
                "SPARK_CONF_DIR": str(conf_folder()),
                "PYSPARK_SUBMIT_ARGS": f"--properties-file {folder.spark_settings} pyspark-shell",
                "PYTHONPATH": ":".join(map(str, (folder.fence, folder.modules, package_root))),
                STATE_VARIABLE: str(self.state_dir),
            },
            self.pass_through,
        )
        command = [sys.executable, str(script), *job_arguments.command_line(identity, given)]
        seconds = 60.0 * (job.get("Timeout") or _DEFAULT_TIMEOUT_MINUTES)
        return job_process.run(command, variables, folder.root, log, seconds)


def _triggers(glue: Any, workflow: str) -> list[dict[str, Any]]:
    try:
        glue.get_workflow(Name=workflow)
    except glue.exceptions.EntityNotFoundException as error:
        known = glue.list_workflows().get("Workflows", [])
        raise RunError(
            f"there is no workflow {workflow}; deployed are {', '.join(known) or 'none'}"
        ) from error
    pages = glue.get_paginator("get_triggers").paginate()
    return [
        entry
        for page in pages
        for entry in page["Triggers"]
        if entry.get("WorkflowName") == workflow
    ]
