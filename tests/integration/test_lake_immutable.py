"""Writing only ever creates: lost answers, conflicts, Object Lock and a deny on deletes."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import totesys_etl
from awsglue_local.server.aws import AwsServer
from fixtures.proxy import Fault, Proxy, proxied
from totesys_etl.contracts import SOURCE_TABLES, lake_tables
from totesys_etl.lake import objects
from totesys_etl.lake.changes import write_changes
from totesys_etl.lake.commits import StarCommit, star_log
from totesys_etl.lake.current import write_current
from totesys_etl.render.spark import struct_type

CURRENCY = SOURCE_TABLES["currency"]
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
COMMIT = StarCommit(1, "jr_1", 1, 1, datetime(2026, 11, 22), {}, {}, {})


@pytest.fixture
def proxy(aws: AwsServer) -> Iterator[Proxy]:
    with proxied(aws.port) as server:
        yield server


@pytest.fixture
def s3(proxy: Proxy) -> S3Client:
    return boto3.client("s3", endpoint_url=proxy.endpoint)


def _on_put(status: int, code: str, *, forward: bool = False, times: int = 1) -> Fault:
    return Fault(lambda request: request.method == "PUT", forward, (status, code), times=times)


def _puts(proxy: Proxy) -> int:
    return sum(request.method == "PUT" for request in proxy.requests)


def test_a_success_whose_answer_was_lost_is_a_success(
    proxy: Proxy, s3: S3Client, bucket: str
) -> None:
    proxy.faults = [_on_put(500, "InternalError", forward=True)]

    star_log(s3, bucket).append(1, COMMIT)

    assert _puts(proxy) == 2
    assert star_log(s3, bucket).head() == COMMIT


def test_a_lost_answer_is_no_excuse_for_another_body(
    proxy: Proxy, s3: S3Client, bucket: str
) -> None:
    objects.put_new(s3, bucket, "k", b"theirs", "text/plain")
    proxy.faults = [_on_put(500, "InternalError")]

    with pytest.raises(objects.KeyTaken):
        objects.put_new(s3, bucket, "k", b"ours", "text/plain")
    assert objects.get(s3, bucket, "k") == b"theirs"


def test_a_conflict_is_tried_again(proxy: Proxy, s3: S3Client, bucket: str) -> None:
    proxy.faults = [_on_put(409, "ConditionalRequestConflict", times=2)]

    star_log(s3, bucket).append(1, COMMIT)

    assert _puts(proxy) == 3
    assert star_log(s3, bucket).head() == COMMIT


def test_a_conflict_is_not_tried_for_ever(
    proxy: Proxy, s3: S3Client, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "CONFLICT_SECONDS", 0.001)
    proxy.faults = [_on_put(409, "ConditionalRequestConflict", times=99)]

    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        star_log(s3, bucket).append(1, COMMIT)
    assert _puts(proxy) == objects.CONFLICT_ATTEMPTS


def test_the_checksum_travels_with_the_put(s3: S3Client, bucket: str) -> None:
    """So S3 refuses a body that was damaged on the way."""
    digest = objects.put_new(s3, bucket, "k", b"", "text/plain")

    stored = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert stored["ChecksumSHA256"] == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert digest == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def locked(bucket: str) -> str:
    """A versioned bucket with Object Lock default retention and a deny on every delete."""
    client = boto3.client("s3")
    client.delete_bucket(Bucket=bucket)
    client.create_bucket(
        Bucket=bucket,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-2"},
    )
    client.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    return bucket


def test_a_locked_bucket_takes_all_that_a_batch_writes(
    spark: SparkSession, proxy: Proxy, s3: S3Client, locked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("AWS_ENDPOINT_URL", proxy.endpoint),
        ("PYTHONPATH", str(Path(totesys_etl.__file__).parent.parent)),
    ):
        monkeypatch.setitem(spark.sparkContext.environment, name, value)
    rows = spark.createDataFrame(
        [(key, None, NOW, NOW, None, 1, NOW, NOW, None) for key in (1, 2, 65536)],
        struct_type(lake_tables.current(CURRENCY).columns),
    )
    changes = rows.select(
        F.lit("insert").alias("op"),
        "captured_at",
        "valid_from",
        F.array().cast("array<string>").alias("changed"),
        "non_finite",
        *CURRENCY.column_names,
    )

    for _ in range(2):
        write_current(rows, bucket=locked, table=CURRENCY)
    files = write_changes(changes, bucket=locked, table=CURRENCY, ingest_date="2026-11-22", batch=1)
    star_log(s3, locked).append(1, COMMIT)

    stored = boto3.client("s3").list_object_versions(Bucket=locked)
    versions = Counter(version["Key"] for version in stored["Versions"])
    assert "DeleteMarkers" not in stored
    assert set(versions.values()) == {1}
    assert len(versions) == 2 * 2 + len(files) + 1
    assert {request.method for request in proxy.requests} <= {"PUT", "HEAD", "GET"}
    assert _puts(proxy) == len(versions)


def test_the_locked_bucket_refuses_deletes(locked: str) -> None:
    """Proves that the test above would have failed on a delete."""
    client = boto3.client("s3")
    objects.put_new(client, locked, "k", b"body", "text/plain")

    with pytest.raises(ClientError, match=r"403|AccessDenied"):
        client.delete_object(Bucket=locked, Key="k")
