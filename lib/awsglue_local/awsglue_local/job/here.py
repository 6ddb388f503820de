"""A job's script in the present process, for a debugger."""

import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from awsglue_local.job.arguments import resolve
from awsglue_local.job.launch import prepare

_RUN_ID = "jr_debug"


def run_here(
    job: Mapping[str, Any],
    arguments: Mapping[str, str],
    *,
    endpoint: str,
    region: str,
    state_dir: Path,
) -> None:
    """Runs the job's script with the arguments, modules, environment and settings of a run.

    `job` is GetJob's Job. Breakpoints work, the script's exception comes through, and the import
    fence is down: whatever this environment has installed can be imported. The API knows nothing of
    the run; its job bookmark is kept like any other.
    """
    given = resolve(
        job.get("DefaultArguments", {}), arguments, job.get("NonOverridableArguments", {})
    )
    root = Path(tempfile.mkdtemp(prefix="glue-local-debug-"))
    try:
        launch = prepare(
            root / "run",
            endpoint=endpoint,
            region=region,
            state_dir=state_dir,
            job=job,
            run_id=_RUN_ID,
            arguments=given,
            workflow=None,
            variables={},
        )
        script, *passed = launch.command[1:]
        with _as_a_job(launch.variables, script, passed):
            runpy.run_path(script, run_name="__main__")
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _as_a_job(variables: Mapping[str, str], script: str, passed: list[str]) -> Iterator[None]:
    environment, argv, path = dict(os.environ), list(sys.argv), list(sys.path)
    os.environ.update(variables)
    sys.argv[:] = [script, *passed]
    sys.path[:0] = variables["PYTHONPATH"].split(os.pathsep)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.argv[:], sys.path[:] = argv, path
