"""Many runs, many callers, and a server that is killed."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from awsglue_local.access import client
from awsglue_local.job.process import session_members
from awsglue_local.processes import alive
from awsglue_local.server.aws import AwsServer
from awsglue_local.stack import Stack
from glue_fixtures.glue_api import GlueApi, wait_until

RUNS = 200
CALLERS = 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AwsServer]:
    """An AWS server of this test alone."""
    with AwsServer(log=tmp_path / "aws.log") as running:
        yield running


def of_server(server: AwsServer) -> GlueApi:
    s3 = client("s3", server.endpoint)
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": server.region})
    s3.put_object(Bucket="code", Key="empty.py", Body=b"")
    s3.put_object(Bucket="code", Key="long.py", Body=b"import time; time.sleep(300)")
    return GlueApi("code", client("glue", server.endpoint))


def create(api: GlueApi, script: str, **fields: object) -> str:
    command = {"Name": "glueetl", "ScriptLocation": f"s3://code/{script}.py"}
    api.client.create_job(Name=script, Role="role", Command=command, **fields)
    return script


def test_two_hundred_runs_leave_nothing_behind(server: AwsServer) -> None:
    api = of_server(server)
    job = create(api, "empty", ExecutionProperty={"MaxConcurrentRuns": 2})
    process = psutil.Process(server.pid)
    assert server.state is not None

    def one(number: int) -> str:
        return str(api.wait(job, api.start(job))["JobRunState"])

    with ThreadPoolExecutor(2) as callers:
        assert set(callers.map(one, range(20))) == {"SUCCEEDED"}
        memory, files = process.memory_info().rss, process.num_fds()
        assert Counter(callers.map(one, range(RUNS))) == {"SUCCEEDED": RUNS}
    wait_until(lambda: process.children(recursive=True) == [])
    wait_until(lambda: process.num_fds() <= files + 5)
    grown = process.memory_info().rss - memory
    listening = [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    print(
        f"after {RUNS} runs: 0 job processes, {process.num_threads()} threads, "
        f"{process.num_fds()} files ({files} before), {len(listening)} port, "
        f"{process.memory_info().rss >> 20} MB of memory, grown by {grown / (1 << 20):.1f} MB"
    )
    assert process.num_threads() < 20
    assert [c.laddr.port for c in listening] == [server.port]
    assert list((server.state / "work").iterdir()) == []
    assert grown < 50 << 20


def test_concurrent_starts_respect_the_limit(server: AwsServer) -> None:
    api = of_server(server)
    job = create(api, "long", ExecutionProperty={"MaxConcurrentRuns": 3})

    def one(number: int) -> str:
        try:
            return api.start(job)
        except api.client.exceptions.ConcurrentRunsExceededException:
            return "refused"

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(one, range(CALLERS)))
    assert answers.count("refused") == CALLERS - 3
    started = [answer for answer in answers if answer != "refused"]
    answer = api.client.batch_stop_job_run(JobName=job, JobRunIds=started)
    assert len(answer["SuccessfulSubmissions"]) == 3
    assert {api.wait(job, run)["JobRunState"] for run in started} == {"STOPPED"}


def test_concurrent_starts_wait_their_turn_with_queuing(server: AwsServer) -> None:
    api = of_server(server)
    job = create(
        api, "empty", ExecutionProperty={"MaxConcurrentRuns": 2}, JobRunQueuingEnabled=True
    )
    with ThreadPoolExecutor(CALLERS) as callers:
        runs = list(callers.map(lambda _: api.start(job), range(CALLERS)))
    assert Counter(api.wait(job, run)["JobRunState"] for run in runs) == {"SUCCEEDED": CALLERS}


def test_a_killed_server_leaves_no_job_after_the_next_up(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state").up()
    try:
        api = of_server(stack.aws)
        job = create(api, "long", ExecutionProperty={"MaxConcurrentRuns": 2})
        for _ in range(2):
            api.wait(job, api.start(job), "RUNNING")
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
