"""A server that is killed while jobs run: the next `up` ends what it left."""

import os
import signal
from pathlib import Path

import psutil

from awsglue_local.access import client
from awsglue_local.job.process import session_members
from awsglue_local.processes import alive
from awsglue_local.stack import Stack
from glue_fixtures.glue_api import GlueApi, wait_until


def test_a_killed_server_leaves_no_job_after_the_next_up(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state").up(parameters={"code_bucket": "code"})
    try:
        api = GlueApi("code", stack.aws.endpoint)
        script = "import time; time.sleep(300)"
        job = api.job("long", script, ExecutionProperty={"MaxConcurrentRuns": 2})
        for run in [api.start(job) for _ in range(2)]:
            assert api.wait(job, run, "RUNNING")["JobRunState"] == "RUNNING"
        jobs = [child.pid for child in psutil.Process(stack.aws.pid).children()]
        assert len(jobs) == 2
        assert stack.aws.pid is not None
        os.kill(stack.aws.pid, signal.SIGKILL)
        wait_until(lambda: not alive(stack.aws.pid or 0))
        assert all(alive(pid) for pid in jobs)

        again = Stack(tmp_path / "state").up()
        assert not any(alive(pid) or session_members(pid) for pid in jobs)
        assert client("glue", again.aws.endpoint).list_jobs()["JobNames"] == []
    finally:
        Stack(tmp_path / "state").down()
