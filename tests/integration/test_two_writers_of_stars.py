"""Two runs of transform_star at once: no undone batch, no catalogue that goes back.

A request of the first run is held in a proxy until the second run is through.
"""

import boto3
import pytest

from fixtures.harness import Harness
from fixtures.proxy import Proxy
from fixtures.two_writers import (
    assert_all_agree,
    assert_star_catalogue,
    calls,
    change,
    held,
    proxy,
    puts_commit,
)
from totesys_etl.errors import CommitTaken
from totesys_etl.lake.commits import star_log

__all__ = ["proxy"]  # fixture


@pytest.fixture(scope="module")
def harness(shared_harness: Harness) -> Harness:
    """Source, lake and warehouse agree before the first test; each test ends so."""
    shared_harness.transform()
    shared_harness.load()
    return shared_harness


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
