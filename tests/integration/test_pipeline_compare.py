"""Comparing the key ranges that differ gives what comparing every row gives."""

import uuid

import boto3
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from fixtures.bench import Bench
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import raw_log


def test_ranges_and_whole_find_the_same_changes(bench: Bench, spark: SparkSession) -> None:
    other = {name: f"w{uuid.uuid4().hex[:10]}" for name in ("raw_bucket", "work_bucket")}
    for bucket in other.values():
        boto3.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
        )
    boto3.client("glue").create_database(DatabaseInput={"Name": other["raw_bucket"]})
    other |= {"raw_database": other["raw_bucket"], "compare": "whole"}

    for statement in (
        "SELECT 1",
        """UPDATE design SET file_location = '/silent' WHERE design_id IN (1, 9);
           DELETE FROM payment WHERE payment_id = 3;
           INSERT INTO design SELECT 1000000, created_at, design_name, file_location, file_name,
                  last_updated FROM design WHERE design_id = 2""",
    ):
        bench.source.execute(statement.encode())
        assert bench.ingest() is not None
        assert bench.ingest(**other) is not None

    logs = [
        raw_log(boto3.client("s3"), bucket)
        for bucket in (bench.arguments["raw_bucket"], other["raw_bucket"])
    ]
    assert [log.head_number() for log in logs] == [2, 2]
    for name, table in SOURCE_TABLES.items():
        first, second = (log.read(2).tables[name] for log in logs)
        assert (first.inserted, first.updated, first.deleted) == (
            second.inserted,
            second.updated,
            second.deleted,
        )
        assert {n: (r.live, r.fingerprint) for n, r in first.current.items()} == {
            n: (r.live, r.fingerprint) for n, r in second.current.items()
        }
        if not first.changes:
            continue
        rows = [
            read_changes(spark, log.bucket, table, [log.read(2)])
            .drop("captured_at", "valid_from")
            .orderBy(F.col(table.primary_key))
            .collect()
            for log in logs
        ]
        assert rows[0] == rows[1]
