"""Two runs of a job at once: never a doubled row, an undone batch, a catalogue that goes back.

A request of the first run is held in a proxy until the second run is through.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from awsglue_local.server.aws import AwsServer
from fixtures.expected_warehouse import assert_warehouse_equals_source
from fixtures.harness import Harness
from fixtures.proxy import Fault, Proxy, Request, proxied
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.errors import CommitTaken
from totesys_etl.lake.commits import StarCommit, raw_log, star_log
from totesys_etl.lake.files import folder_of
from totesys_etl.lake.loaded import loaded_log

PATIENCE = 120
Matches = Callable[[Request], bool]


@pytest.fixture
def proxy(aws: AwsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """In front of every client that a run makes from now on."""
    with proxied(aws.port or 0) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        yield server
        assert server.unused() == []


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    """Source, lake and warehouse agree before each test."""
    shared_harness.ingest()
    shared_harness.transform()
    shared_harness.load()
    return shared_harness


@dataclass
class Held:
    """The first run: its request has come, and waits for `release`."""

    run: "Future[Any]"
    came: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)


@contextmanager
def held(proxy: Proxy, first: Callable[[], Any], matches: Matches) -> Iterator[Held]:
    """Inside, `first` is running up to its request that `matches`; afterwards it has ended.

    The request then gets no answer but a broken connection, so the SDK sends it again: it takes
    effect after everything the second run did.
    """
    with ThreadPoolExecutor(1) as pool:
        one = Held(Future())

        def action() -> None:
            one.came.set()
            assert one.release.wait(PATIENCE)

        proxy.faults.append(Fault(matches, forward=False, action=action))
        one.run = pool.submit(first)
        one.run.add_done_callback(lambda _: one.came.set())
        try:
            assert one.came.wait(PATIENCE)
            assert not one.run.done(), one.run.result()
            yield one
        finally:
            one.release.set()


def puts_commit(bucket: str) -> Matches:
    return lambda request: request.method == "PUT" and f"{bucket}/_commits/" in request.path


def calls(operation: str) -> Matches:
    return lambda request: request.target == f"AWSGlue.{operation}"


def nth(matches: Matches, number: int) -> Matches:
    """The `number`-th request that `matches`."""
    met = []
    return lambda request: matches(request) and (met.append(request) or len(met) == number)


def change(harness: Harness, units: int) -> None:
    """An update, an insert and a delete, in a fact and in a dimension."""
    harness.source.execute(
        f"""UPDATE sales_order SET units_sold = {units} WHERE sales_order_id = 1;
            UPDATE design SET file_name = 'v{units}' WHERE design_id = 1;
            DELETE FROM design WHERE design_id > 100;
            INSERT INTO design (design_id, design_name, file_location, file_name, last_updated)
            VALUES ({100 + units}, 'd', '/d', 'd', now())""".encode()
    )


def assert_all_agree(harness: Harness) -> None:
    """After one more run of each job the warehouse is the source, the catalogue the commits."""
    harness.ingest()
    harness.transform()
    harness.load()
    assert_warehouse_equals_source_but_deleted(harness)
    head = harness.star_head()
    assert head is not None
    assert_star_catalogue(harness, head)
    assert_raw_catalogue(harness, harness.raw_head())
    for table in STAR_TABLES.values():
        keys = f"SELECT count(*), count(DISTINCT {table.primary_key}) FROM {table.name}"
        row = harness.warehouse.execute(keys.encode()).fetchone()
        assert row is not None and row[0] == row[1] == head.tables[table.name].rows


def assert_warehouse_equals_source_but_deleted(harness: Harness) -> None:
    """A deleted design stays in the dimension, so the comparison goes without it."""
    with harness.warehouse.transaction(force_rollback=True):
        harness.warehouse.execute(
            """DELETE FROM dim_design WHERE design_id IN
               (SELECT business_id FROM etl.dim_deletion WHERE dim_table = 'dim_design')"""
        )
        assert_warehouse_equals_source(harness.source, harness.warehouse)


def assert_raw_catalogue(harness: Harness, head: int) -> None:
    glue, database = boto3.client("glue"), harness.arguments["raw_database"]
    log = raw_log(boto3.client("s3"), harness.arguments["raw_bucket"])
    commits = list(log.range(1, head))
    for name in SOURCE_TABLES:
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        assert table["Parameters"]["totesys.batch"] == str(head)
        assert locations(database, name) == {
            f"s3://{log.bucket}/{folder_of(commit.tables[name].changes)}/"
            for commit in commits
            if commit.tables[name].changes
        }


def assert_star_catalogue(harness: Harness, head: StarCommit) -> None:
    glue, database = boto3.client("glue"), harness.arguments["star_database"]
    bucket = harness.arguments["processed_bucket"]
    for name, state in head.tables.items():
        table = glue.get_table(DatabaseName=database, Name=name)["Table"]
        assert table["Parameters"]["totesys.commit"] == str(head.number)
        wanted = {f"s3://{bucket}/{folder_of(p.files)}/" for p in state.partitions.values()}
        assert locations(database, name) == wanted


def locations(database: str, table: str) -> set[str]:
    pages = boto3.client("glue").get_paginator("get_partitions")
    return {
        partition["StorageDescriptor"]["Location"]
        for page in pages.paginate(DatabaseName=database, TableName=table)
        for partition in page["Partitions"]
    }


def test_an_ingest_with_an_older_snapshot_loses_its_number(harness: Harness, proxy: Proxy) -> None:
    before = harness.raw_head()
    change(harness, 11)
    with held(proxy, harness.ingest, puts_commit(harness.arguments["raw_bucket"])) as first:
        change(harness, 12)
        second = harness.ingest()
        assert second is not None and second.batch == before + 1
    # Its attempt of the older snapshot was discarded; the next found nothing left to do.
    assert first.run.result() is None
    assert harness.raw_head() == before + 1
    assert_all_agree(harness)


def test_a_publisher_that_wakes_late_takes_nothing_back(harness: Harness, proxy: Proxy) -> None:
    before = harness.raw_head()
    change(harness, 21)
    with held(proxy, harness.ingest, calls("BatchCreatePartition")) as first:
        change(harness, 22)
        second = harness.ingest()
        assert second is not None and second.batch == before + 2
    stalled = first.run.result()
    assert stalled is not None and stalled.batch == before + 1
    assert_raw_catalogue(harness, before + 2)
    assert_all_agree(harness)


@pytest.mark.parametrize("operation", ["BatchUpdatePartition", "UpdateTable"])
def test_a_publisher_of_stars_that_wakes_late_ends_at_the_newest_commit(
    operation: str, harness: Harness, proxy: Proxy
) -> None:
    change(harness, 31)
    harness.ingest()
    with held(proxy, harness.transform, calls(operation)) as first:
        change(harness, 32)
        harness.ingest()
        second = harness.transform()
        assert second is not None
    assert first.run.result().number == second.number - 1
    assert_star_catalogue(harness, second)
    assert_all_agree(harness)


def test_of_two_transforms_with_different_ranges_one_counts(harness: Harness, proxy: Proxy) -> None:
    """The first has the shorter range and comes second; its run's retry has nothing to do."""
    change(harness, 41)
    harness.ingest()
    commits = puts_commit(harness.arguments["processed_bucket"])
    with held(proxy, harness.transform, commits) as first:
        change(harness, 42)
        harness.ingest()
        second = harness.transform()
    assert second is not None
    assert (second.raw_from, second.raw_through) == (harness.raw_head() - 1, harness.raw_head())
    with pytest.raises(CommitTaken, match="run again"):
        first.run.result()
    assert harness.transform() is None
    assert harness.star_head() == second
    assert_all_agree(harness)


def test_a_transform_with_a_longer_range_comes_second(harness: Harness, proxy: Proxy) -> None:
    """The shorter range wins the number: the longer one is discarded, and its rest comes next."""
    before = harness.raw_head()
    change(harness, 51)
    harness.ingest()
    bucket = harness.arguments["processed_bucket"]
    with held(proxy, harness.transform, puts_commit(bucket)) as shorter:
        change(harness, 52)
        harness.ingest()
        with held(proxy, harness.transform, puts_commit(bucket)) as longer:
            shorter.release.set()
            won = shorter.run.result()
    assert (won.raw_from, won.raw_through) == (before + 1, before + 1)
    with pytest.raises(CommitTaken):
        longer.run.result()
    rest = harness.transform()
    assert rest is not None and (rest.raw_from, rest.raw_through) == (before + 2, before + 2)
    log = star_log(boto3.client("s3"), bucket)
    assert log.read(won.number) == won
    assert_all_agree(harness)


def test_a_load_that_wakes_late_loads_nothing_twice(harness: Harness, proxy: Proxy) -> None:
    """The first load knows what is missing when the second one loads it."""
    change(harness, 61)
    harness.ingest()
    commit = harness.transform()
    assert commit is not None
    path = f"/_commits/{commit.number:08d}.json"

    def reads(request: Request) -> bool:
        return request.method == "GET" and request.path.endswith(path)

    # The first reading is that of the head.
    with held(proxy, harness.load, nth(reads, 2)) as first:
        assert harness.load() == 1
    assert first.run.result() == 1
    assert _ledger(harness).count(commit.number) == 1
    assert_all_agree(harness)


def test_a_load_finds_its_commit_marked_by_another(harness: Harness, proxy: Proxy) -> None:
    """The first load dies hard between its transaction and the mark, as far as others can see."""
    change(harness, 81)
    harness.ingest()
    commit = harness.transform()
    assert commit is not None
    with held(
        proxy, harness.load, lambda request: request.method == "PUT" and "/_loaded/" in request.path
    ) as first:
        assert harness.load() == 0
    assert first.run.result() == 1
    mark = loaded_log(boto3.client("s3"), harness.arguments["processed_bucket"]).head()
    assert mark is not None and mark.number == commit.number
    assert_all_agree(harness)


def test_a_load_waits_for_the_one_that_is_loading(harness: Harness, proxy: Proxy) -> None:
    change(harness, 71)
    harness.ingest()
    commit = harness.transform()
    assert commit is not None

    def reads_rows(request: Request) -> bool:
        return request.method == "GET" and request.path.endswith(".parquet")

    with ThreadPoolExecutor(1) as pool:
        with held(proxy, harness.load, reads_rows) as first:
            second = pool.submit(harness.load)
            _until_a_loader_waits(harness)
            assert not second.done()
        assert (first.run.result(), second.result(PATIENCE)) in {(1, 0), (1, 1)}
    assert _ledger(harness).count(commit.number) == 1
    assert_all_agree(harness)


def _ledger(harness: Harness) -> list[int]:
    rows = harness.warehouse.execute("SELECT commit_number FROM etl.load_ledger").fetchall()
    return [row[0] for row in rows]


def _until_a_loader_waits(harness: Harness) -> None:
    deadline = time.monotonic() + PATIENCE
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while harness.warehouse.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < deadline, "no second loader waits for the first"
        time.sleep(0.01)
