"""The commit log on S3: dense numbers, one winner each, a head found in O(log n) requests."""

import math
from dataclasses import replace
from datetime import datetime

import boto3
import pytest
from mypy_boto3_s3 import S3Client

from totesys_etl.errors import BucketMissing, CommitMissing, CommitTaken
from totesys_etl.lake import commit_log
from totesys_etl.lake.commits import CommitLog, StarCommit, raw_log, star_log

FIRST = StarCommit(
    number=1,
    run_id="jr_1",
    raw_from=1,
    raw_through=1,
    captured_at=datetime(2026, 11, 22, 10, 0),
    versions={"fact_payment": 0},
    contracts={},
    tables={},
)


@pytest.fixture
def s3(bucket: str) -> S3Client:
    return boto3.client("s3")


@pytest.fixture
def log(s3: S3Client, bucket: str) -> CommitLog[StarCommit]:
    return star_log(s3, bucket)


def commit(number: int, run_id: str = "jr_1") -> StarCommit:
    return replace(FIRST, number=number, run_id=run_id, raw_from=number, raw_through=number)


def _counted(s3: S3Client) -> list[str]:
    """The operations that `s3` sends from now on."""
    seen: list[str] = []
    s3.meta.events.register("before-send.s3", lambda request, **_: seen.append(request.method))
    return seen


def test_an_empty_log_has_no_head(log: CommitLog[StarCommit]) -> None:
    assert log.head_number() == 0
    assert log.head() is None


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_the_head_is_the_newest_commit(
    log: CommitLog[StarCommit], s3: S3Client, bucket: str, count: int
) -> None:
    for number in range(1, count + 1):
        log.append(number, commit(number))

    assert log.head() == commit(count)
    assert star_log(s3, bucket).head() == commit(count)
    assert list(log.range(1, count)) == [commit(n) for n in range(1, count + 1)]
    assert list(log.range(2, 1)) == []


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_many_commits_cost_a_few_requests(
    s3: S3Client, bucket: str, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(commit_log, "LISTED", page)
    log, seen = star_log(s3, bucket), _counted(s3)
    for number in range(1, 41):
        s3.put_object(Bucket=bucket, Key=f"_commits/{number:08d}.json", Body=b"{}")
        seen.clear()
        assert star_log(s3, bucket).head_number() == number
        assert len(seen) <= 2 + 2 * math.ceil(math.log2(1 + number / page))
        if number % 7 == 0:
            assert log.head_number() == number
    seen.clear()
    assert log.head_number() == 40
    assert seen == ["GET"]


def test_the_second_run_loses_and_is_told_who_won(log: CommitLog[StarCommit]) -> None:
    log.append(1, commit(1))

    with pytest.raises(CommitTaken, match=r"commit 1 .* was written by run jr_1, not by .*jr_2"):
        log.append(1, commit(1, run_id="jr_2"))
    assert log.head() == commit(1)


def test_the_same_run_with_another_body_has_lost_too(log: CommitLog[StarCommit]) -> None:
    log.append(1, commit(1))

    with pytest.raises(CommitTaken):
        log.append(1, replace(commit(1), versions={"fact_payment": 1}))


def test_a_commit_follows_the_one_before(log: CommitLog[StarCommit]) -> None:
    with pytest.raises(CommitMissing, match=r"00000001.json cannot be used.* so 2 cannot follow"):
        log.append(2, commit(2))
    with pytest.raises(ValueError, match="commit 2 cannot be stored as number 1"):
        log.append(1, commit(2))
    assert log.head() is None


def test_a_deleted_commit_does_not_reopen_its_number(
    log: CommitLog[StarCommit], s3: S3Client, bucket: str
) -> None:
    for number in (1, 2, 3, 4):
        log.append(number, commit(number))
    s3.delete_object(Bucket=bucket, Key=log.key(3))

    with pytest.raises(CommitMissing, match=r"00000003.json .*but _commits/00000004.json exists"):
        star_log(s3, bucket).head()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"format": 9}', "format 9"),
        (None, "it is not there"),
    ],
)
def test_a_commit_that_cannot_be_read_is_named(
    log: CommitLog[StarCommit], s3: S3Client, bucket: str, body: bytes | None, message: str
) -> None:
    if body is not None:
        s3.put_object(Bucket=bucket, Key=log.key(1), Body=body)

    with pytest.raises(CommitMissing, match=rf"s3://{bucket}/_commits/00000001.json .*{message}"):
        log.read(1)


def test_a_commit_under_another_number_is_refused(
    log: CommitLog[StarCommit], s3: S3Client, bucket: str
) -> None:
    log.append(1, commit(1))
    s3.copy_object(Bucket=bucket, Key=log.key(2), CopySource=f"{bucket}/{log.key(1)}")

    with pytest.raises(CommitMissing, match="it says it is number 1"):
        log.read(2)


def test_a_missing_bucket_is_not_an_empty_log(s3: S3Client) -> None:
    nowhere = raw_log(s3, "no-such-bucket")

    for attempt in (nowhere.head, lambda: nowhere.read(1)):
        with pytest.raises(BucketMissing, match=r"bucket no-such-bucket .*create it"):
            attempt()
    with pytest.raises(BucketMissing, match="PutObject"):
        star_log(s3, "no-such-bucket").append(1, commit(1))
