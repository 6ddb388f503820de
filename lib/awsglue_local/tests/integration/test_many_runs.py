"""Many runs leave nothing behind in the server."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from awsglue_local.access import client
from awsglue_local.server.aws import AwsServer
from glue_fixtures.glue_api import GlueApi, wait_until

SOAK = bool(os.environ.get("SOAK"))
WARM_UP, RUNS = 20, 200 if SOAK else 60
LEAK_PER_RUN = 128 << 10
"""Bytes: a run that was kept with its environment, its log or its thread would take more."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AwsServer]:
    """An AWS server of this test alone."""
    with AwsServer(log=tmp_path / "aws.log") as running:
        yield running


def test_many_runs_leave_nothing_behind(server: AwsServer) -> None:
    api = GlueApi("code", server.endpoint)
    s3 = client("s3", server.endpoint)
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": server.region})
    job = api.job("empty", ExecutionProperty={"MaxConcurrentRuns": 2})
    process = psutil.Process(server.pid)
    assert server.state is not None

    def one(number: int) -> str:
        return str(api.wait(job, api.start(job))["JobRunState"])

    with ThreadPoolExecutor(2) as callers:
        assert set(callers.map(one, range(WARM_UP))) == {"SUCCEEDED"}
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
    assert grown < RUNS * LEAK_PER_RUN
