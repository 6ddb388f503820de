"""Runs by their ids, which a person may shorten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from awsglue_local.errors import RunError


@dataclass(frozen=True)
class Found:
    """A run of a job (`kind` "job") or a workflow, in the shape of GetJobRun or GetWorkflowRun."""

    kind: str
    name: str
    run_id: str
    shown: dict[str, Any]

    @property
    def state(self) -> str:
        return str(self.shown["JobRunState" if self.kind == "job" else "Status"])


def all_runs(glue: Any, name: str | None = None) -> list[Found]:
    """Every run of the stack, or of the job or workflow `name`, newest first.

    RunError when nothing has that name.
    """
    workflows, jobs = glue.list_workflows()["Workflows"], glue.list_jobs()["JobNames"]
    if name is not None and name not in (*workflows, *jobs):
        known = ", ".join((*workflows, *jobs))
        raise RunError(f"neither a workflow nor a job is named {name}; there are: {known}")
    found = [*_of_workflows(glue, workflows, name), *_of_jobs(glue, jobs, name)]
    return sorted(found, key=lambda run: run.shown["StartedOn"], reverse=True)


def one_run(glue: Any, run_id: str) -> Found:
    """The run whose id is `run_id` or begins with it, with or without jr_ and wr_, or the newest
    run of the job or workflow of that name; RunError when there is none or there are several.
    """
    runs = all_runs(glue)
    exact = [run for run in runs if run_id in (run.run_id, run.name)][:1]
    matching = exact or [
        run
        for run in runs
        if run.run_id.startswith(run_id) or run.run_id.partition("_")[2].startswith(run_id)
    ]
    # The attempts of one run begin alike: the newest of them is meant.
    firsts = {run.run_id.partition("_attempt_")[0] for run in matching}
    if not matching:
        raise RunError(f"there is no run {run_id}; `glue-local runs` lists them")
    if len(firsts) > 1:
        raise RunError(f"{run_id} is the beginning of {len(firsts)} runs; give more of it")
    return matching[0]


def _of_workflows(glue: Any, names: list[str], only: str | None) -> Iterator[Found]:
    for name in names:
        if only in (None, name):
            for run in glue.get_workflow_runs(Name=name, IncludeGraph=True)["Runs"]:
                yield Found("workflow", name, run["WorkflowRunId"], run)


def _of_jobs(glue: Any, names: list[str], only: str | None) -> Iterator[Found]:
    for name in names:
        if only in (None, name):
            for run in glue.get_job_runs(JobName=name)["JobRuns"]:
                yield Found("job", name, run["Id"], run)
