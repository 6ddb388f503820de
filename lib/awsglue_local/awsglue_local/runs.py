"""What became of job runs and workflow runs, kept as JSON."""

import json
import urllib.parse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

JobState = Literal["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class JobRun:
    """One finished attempt. `attempt` counts from 0 and each has its own `run_id`, as on AWS."""

    job: str
    run_id: str
    attempt: int
    state: JobState
    error_message: str | None
    seconds: float
    log: Path


@dataclass(frozen=True)
class WorkflowRun:
    """A finished run of a workflow: every attempt of every job, in the order of their ends."""

    workflow: str
    run_id: str
    job_runs: tuple[JobRun, ...]

    @property
    def outcomes(self) -> dict[str, JobRun]:
        """The last attempt of each job that ran."""
        return {run.job: run for run in self.job_runs}

    @property
    def succeeded(self) -> bool:
        """Whether every job that ran did succeed in the end (AWS's COMPLETED does not say so)."""
        return all(run.state == "SUCCEEDED" for run in self.outcomes.values())


def save(run: WorkflowRun, state_dir: Path) -> Path:
    """Writes <state>/runs/<workflow run id>.json."""
    path = state_dir / "runs" / f"{run.run_id}.json"
    write_json(path, asdict(run))
    return path


def write_json(path: Path, value: object) -> None:
    """Writes `value` atomically; paths become strings."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(value, indent=2, default=str))
    draft.replace(path)


def log_path(state_dir: Path, job: str, run_id: str) -> Path:
    """<state>/logs/<job>/<run id>.log"""
    return state_dir / "logs" / urllib.parse.quote(job, safe="") / f"{run_id}.log"
