"""SIGKILL and lost answers at the moments that matter: the next run ends where it would have.

Each job is killed in its first attempt; its retry (MaxRetries 1) is "the next run". One platform;
a test of the stars or of the load takes up the batch that the ingest's test before it left.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psutil
import psycopg
import pytest

from awsglue_local.client.runs import WorkflowRun
from e2e.conftest import FIRST_LIVE_DAY
from e2e.expected import assert_warehouse_equals_source, rows
from fixtures.proxy import Fault, Proxy, Request, proxied
from totesys_demo.deployments import BUCKETS
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.lake.commits import raw_log, star_log
from totesys_etl.lake.files import folder_of
from totesys_simulator import Simulator, history

Connection = psycopg.Connection[Any]
COMMIT, CERTIFICATE = "/_commits/", "/_verified/"


@pytest.fixture(scope="module")
def source(platform: LocalPlatform) -> Iterator[Connection]:
    with platform.connect(SOURCE) as connection:
        history(connection, FIRST_LIVE_DAY)
        yield connection


@pytest.fixture(scope="module")
def simulator(source: Connection, platform: LocalPlatform) -> Simulator:
    platform.run("totesys_ingest")
    platform.run("totesys_publish")
    clock = datetime.combine(FIRST_LIVE_DAY, datetime.min.time())
    return Simulator(source, 11, clock=clock)


@pytest.fixture
def proxy(platform: LocalPlatform) -> Iterator[Proxy]:
    with proxied(platform.stack.aws.port or 0) as server:
        yield server
        assert server.unused() == []


def run(platform: LocalPlatform, proxy: Proxy, workflow: str) -> WorkflowRun:
    with platform.stack.job_environment({"AWS_ENDPOINT_URL": proxy.endpoint}):
        finished = platform.stack.run(workflow)
    assert finished.succeeded, finished
    return finished


def kill(script: str) -> Callable[[], None]:
    """Kills the running job of that script the hard way, and waits until it is gone."""

    def action() -> None:
        jobs = [p for p in psutil.Process().children(recursive=True) if script in _command(p)]
        assert jobs, f"no process runs {script}"
        for job in jobs:
            job.kill()
        # Not psutil's own waiting: it would take the exit code from the runner.
        deadline = time.monotonic() + 30
        while any(_lives(job) for job in jobs):
            assert time.monotonic() < deadline, jobs
            time.sleep(0.01)

    return action


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def puts(part: str) -> Callable[[Request], bool]:
    return lambda request: request.method == "PUT" and part in request.path


def publishes(request: Request) -> bool:
    return request.target in ("AWSGlue.BatchCreatePartition", "AWSGlue.BatchUpdatePartition")


def states(run: WorkflowRun, job: str) -> list[str]:
    return [attempt.state for attempt in run.job_runs if attempt.job == job]


@pytest.fixture
def captured(platform: LocalPlatform, simulator: Simulator) -> None:
    """The lake is ahead of the stars: by what the test before this one left, or by a new batch."""
    raw = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    star = star_log(platform.stack.client("s3"), BUCKETS["processed_bucket"]).head()
    if star is None or star.raw_through == raw.head_number():
        assert _live_through_a_morning(simulator)
        platform.run("totesys_ingest")


def test_ingest_killed_before_the_commit(
    platform: LocalPlatform, proxy: Proxy, simulator: Simulator
) -> None:
    fault = Fault(puts(COMMIT), forward=False, action=kill("ingest_totesys.py"))
    _assert_the_retry_ingests(fault, platform, proxy, simulator)


def test_transform_killed_before_the_commit(
    platform: LocalPlatform, proxy: Proxy, source: Connection, captured: None
) -> None:
    fault = Fault(puts(COMMIT), forward=False, action=kill("transform_star.py"))
    _assert_the_retry_transforms(fault, platform, proxy, source)


def test_ingest_killed_between_commit_and_bookmark(
    platform: LocalPlatform, proxy: Proxy, simulator: Simulator
) -> None:
    fault = Fault(puts(CERTIFICATE), forward=False, action=kill("ingest_totesys.py"))
    _assert_the_retry_ingests(fault, platform, proxy, simulator)


def test_transform_killed_before_publish(
    platform: LocalPlatform, proxy: Proxy, source: Connection, captured: None
) -> None:
    fault = Fault(publishes, forward=False, action=kill("transform_star.py"))
    _assert_the_retry_transforms(fault, platform, proxy, source)


def test_ingest_killed_before_publish(
    platform: LocalPlatform, proxy: Proxy, simulator: Simulator
) -> None:
    fault = Fault(publishes, forward=False, action=kill("ingest_totesys.py"))
    _assert_the_retry_ingests(fault, platform, proxy, simulator)


def test_load_killed_inside_its_transaction(
    platform: LocalPlatform, proxy: Proxy, source: Connection, captured: None
) -> None:
    with platform.connect(WAREHOUSE) as warehouse, platform.connect(WAREHOUSE) as holder:
        before = rows(warehouse, "SELECT count(*) FROM etl.load_ledger")
        # The load writes dimensions and facts first; at the ledger it has to wait for us.
        holder.autocommit = False
        holder.execute("LOCK TABLE etl.load_ledger IN SHARE MODE")
        killer = threading.Thread(target=_kill_when_waiting, args=(warehouse, holder))
        killer.start()
        finished = run(platform, proxy, "totesys_publish")
        killer.join()
        assert states(finished, "load_warehouse") == ["FAILED", "SUCCEEDED"]
        assert rows(warehouse, "SELECT count(*) FROM etl.load_ledger") == [(before[0][0] + 1,)]
    _assert_all_equal(platform, source)


def test_ingest_whose_commit_succeeded_but_was_answered_500(
    platform: LocalPlatform, proxy: Proxy, simulator: Simulator
) -> None:
    log = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    before = log.head_number()
    assert _live_through_a_morning(simulator)
    proxy.faults.append(Fault(puts(COMMIT), forward=True, answer=(500, "InternalError")))

    finished = run(platform, proxy, "totesys_ingest")

    assert states(finished, "ingest_totesys") == ["SUCCEEDED"]
    assert log.head_number() == before + 1


def _assert_the_retry_ingests(
    fault: Fault, platform: LocalPlatform, proxy: Proxy, simulator: Simulator
) -> None:
    """Killed by that fault, the ingest's second attempt makes one batch of the morning."""
    log = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    before = log.head_number()
    assert _live_through_a_morning(simulator)
    proxy.faults.append(fault)

    finished = run(platform, proxy, "totesys_ingest")

    assert states(finished, "ingest_totesys") == ["FAILED", "SUCCEEDED"]
    assert log.head_number() == before + 1
    _assert_lake_is_published(platform)


def _assert_the_retry_transforms(
    fault: Fault, platform: LocalPlatform, proxy: Proxy, source: Connection
) -> None:
    """Killed by that fault, the second transform brings stars and warehouse up to date."""
    proxy.faults.append(fault)

    finished = run(platform, proxy, "totesys_publish")

    assert states(finished, "transform_star") == ["FAILED", "SUCCEEDED"]
    _assert_star_is_published(platform)
    _assert_all_equal(platform, source)


def _kill_when_waiting(warehouse: Connection, holder: Connection) -> None:
    """Kills the load while it waits for the lock, inside its transaction; then lets go."""
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'etl.load_ledger'::regclass"
    )
    deadline = time.monotonic() + 300
    while rows(warehouse, waiting) == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        kill("load_warehouse.py")()
    finally:
        holder.rollback()


def _live_through_a_morning(simulator: Simulator) -> int:
    """Some orders, and one edit that leaves last_updated alone; how many changes that were."""
    changes = simulator.minutes(90)
    simulator.conn.execute(
        "UPDATE sales_order SET staff_id = staff_id % 20 + 1 WHERE sales_order_id = 5"
    )
    return len(changes)


def _assert_lake_is_published(platform: LocalPlatform) -> None:
    """The catalogue has a partition for every table's changes in every batch."""
    log = raw_log(platform.stack.client("s3"), BUCKETS["raw_bucket"])
    glue = platform.stack.client("glue")
    for table in ("sales_order", "payment"):
        committed = [
            f"{commit.batch:08d}"
            for commit in log.range(1, log.head_number())
            if commit.tables[table].changes
        ]
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName="totesys_raw", TableName=table
        )
        found = [int(p["Values"][1]) for page in pages for p in page["Partitions"]]
        assert sorted(found) == [int(name) for name in committed], table


def _assert_star_is_published(platform: LocalPlatform) -> None:
    """Every partition of the catalogue lies where the newest commit says."""
    head = star_log(platform.stack.client("s3"), BUCKETS["processed_bucket"]).head()
    assert head is not None
    glue = platform.stack.client("glue")
    for table in STAR_TABLES:
        pages = glue.get_paginator("get_partitions").paginate(
            DatabaseName="totesys_star", TableName=table
        )
        found = {
            p["Values"][0]: p["StorageDescriptor"]["Location"]
            for page in pages
            for p in page["Partitions"]
        }
        bucket = BUCKETS["processed_bucket"]
        assert found == {
            name: f"s3://{bucket}/{folder_of(partition.files)}/"
            for name, partition in head.tables[table].partitions.items()
        }, table


def _assert_all_equal(platform: LocalPlatform, source: Connection) -> None:
    head = star_log(platform.stack.client("s3"), BUCKETS["processed_bucket"]).head()
    assert head is not None
    with platform.connect(WAREHOUSE) as warehouse:
        assert_warehouse_equals_source(source, warehouse)
        for fact, versions in head.versions.items():
            counted = rows(warehouse, f"SELECT count(*) FROM {fact}")
            assert counted == [(versions,)], fact
