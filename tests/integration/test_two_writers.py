"""Two ingests or two loads at once: no row twice, no batch undone, no catalogue that goes back.

A request of the first run is held in a proxy until the second run is through. Two transforms at
once are in test_two_writers_of_stars.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from fixtures.harness import Harness
from fixtures.proxy import Proxy, Request
from fixtures.two_writers import (
    PATIENCE,
    assert_all_agree,
    assert_lake_agrees,
    assert_raw_catalogue,
    calls,
    change,
    held,
    nth,
    proxy,
    puts_commit,
)
from totesys_etl.lake.loaded import loaded_log

__all__ = ["proxy"]  # fixture


@pytest.fixture(scope="module")
def harness(shared_harness: Harness) -> Harness:
    """Source, lake and warehouse agree before the first test; each test of loads ends so."""
    shared_harness.transform()
    shared_harness.load()
    return shared_harness


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
    assert_lake_agrees(harness)


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
    assert_lake_agrees(harness)


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
