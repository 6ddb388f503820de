"""Changes and star partitions: through the executors into S3 and back."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.errors import BucketMissing, CertificateFailed, CommitMissing
from totesys_etl.lake.catalog import publish_raw
from totesys_etl.lake.changes import read_changes, write_changes
from totesys_etl.lake.commits import DataFile, RawCommit, RawTable, raw_log
from totesys_etl.lake.files import (
    folder_of,
    read_frame,
    write_files,
)
from totesys_etl.lake.star import read_star, write_star
from totesys_etl.lake.stored import read_arrow
from totesys_etl.render.spark import struct_type

CURRENCY = SOURCE_TABLES["currency"]
PAYMENT = lake_tables.star(STAR_TABLES["fact_payment"])
T1, T2 = (datetime(2026, 11, 22, hour, 0, 0, 1000, tzinfo=UTC) for hour in (10, 11))
pytestmark = pytest.mark.usefixtures("workers")


def _changes(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    full = [(op, T2, T1, changed, None, key, code, T1, T1) for op, changed, key, code in rows]
    return spark.createDataFrame(full, struct_type(lake_tables.changes(CURRENCY).columns))


def _same(actual: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        actual, expected, ignore_nullable=True, ignore_row_order=True, ignore_column_order=False
    )


def _commit(batch: int, changes: tuple[DataFile, ...]) -> RawCommit:
    return RawCommit(
        batch=batch,
        kind="changes",
        run_id="jr",
        captured_at=T2.replace(tzinfo=None),
        ingest_date="2026-11-22",
        system_identifier="7",
        database="totesys",
        pg_snapshot="1:1:",
        tables={"currency": RawTable("0" * 12, (), (), 1, 0, 0, 0, 1, changes, {})},
    )


def test_changes_of_several_batches_come_back_with_their_batch(
    spark: SparkSession, bucket: str
) -> None:
    first = _changes(spark, ("insert", [], 1, "GBP"), ("insert", [], 2, None))
    third = _changes(spark, ("update", ["currency_code"], 1, "EUR"), ("delete", [], 2, None))
    write = {
        batch: write_changes(
            frame, bucket=bucket, table=CURRENCY, ingest_date="2026-11-22", batch=batch
        )
        for batch, frame in ((1, first), (2, first.limit(0)), (3, third))
    }

    read = read_changes(spark, bucket, CURRENCY, [_commit(n, write[n]) for n in (1, 2, 3)])

    _same(read, first.withColumn("batch", F.lit(1)).union(third.withColumn("batch", F.lit(3))))
    assert write[2] == ()
    assert folder_of(write[3]).startswith("changes/currency/ingest_date=2026-11-22/batch=00000003/")


def test_the_catalogues_locations_hold_the_committed_rows_only(
    spark: SparkSession, bucket: str
) -> None:
    s3, glue, database = boto3.client("s3"), boto3.client("glue"), bucket.replace("-", "_")
    glue.create_database(DatabaseInput={"Name": database})
    given = _changes(spark, ("insert", [], 1, "GBP"), ("insert", [], 2, None))
    attempts = [
        write_changes(given, bucket=bucket, table=CURRENCY, ingest_date="2026-11-22", batch=1)
        for _ in range(2)
    ]
    raw_log(s3, bucket).append(1, _commit(1, attempts[1]))
    publish_raw(glue, raw_log(s3, bucket), database, bucket)

    (partition,) = glue.get_partitions(DatabaseName=database, TableName="currency")["Partitions"]

    assert partition["Values"] == ["2026-11-22", "1"]
    names = [column["Name"] for column in partition["StorageDescriptor"]["Columns"]]
    read = spark.read.schema(given.schema).parquet(partition["StorageDescriptor"]["Location"])
    _same(read.select(names), given)


def _payments(spark: SparkSession, *rows: tuple[int, str]) -> DataFrame:
    values = {"Integer": 5, "Numeric": Decimal("-1.20"), "Date": T1.date(), "Time": "10:00:00.001"}
    kinds = {column.name: type(column.type).__name__ for column in PAYMENT.columns}
    full = [
        (
            *(
                record if name == "payment_record_id" else T1 if kind == "Timestamp" else
                values.get(kind, True if kind == "Boolean" else "insert")
                for name, kind in kinds.items()
            ),
            month,
        )
        for record, month in rows
    ]  # fmt: skip
    return spark.createDataFrame(full, struct_type((*PAYMENT.columns, *PAYMENT.partition_keys)))


def test_star_partitions_come_back_with_their_key(spark: SparkSession, bucket: str) -> None:
    given = _payments(spark, (3, "2024-08"), (1, "2024-08"), (2, "2024-09"))

    partitions = write_star(given, bucket=bucket, lake_table=PAYMENT)

    assert {month: p.rows for month, p in partitions.items()} == {"2024-08": 2, "2024-09": 1}
    _same(read_star(spark, bucket, PAYMENT, partitions), given)
    _same(
        read_star(spark, bucket, PAYMENT, partitions, only=["2024-09"]),
        _payments(spark, (2, "2024-09")),
    )
    folder = folder_of(partitions["2024-08"].files)
    assert folder.startswith("fact_payment/created_month=2024-08/")


def test_rewriting_a_partition_leaves_the_old_one(spark: SparkSession, bucket: str) -> None:
    before = write_star(_payments(spark, (1, "2024-08")), bucket=bucket, lake_table=PAYMENT)
    after = write_star(
        _payments(spark, (1, "2024-08"), (2, "2024-08")), bucket=bucket, lake_table=PAYMENT
    )

    _same(read_star(spark, bucket, PAYMENT, before), _payments(spark, (1, "2024-08")))
    assert folder_of(before["2024-08"].files) != folder_of(after["2024-08"].files)


def test_the_load_reads_arrow_in_order_with_naive_moments(spark: SparkSession, bucket: str) -> None:
    written = write_star(
        _payments(spark, *((n, "2024-08") for n in (3, 1, 2))), bucket=bucket, lake_table=PAYMENT
    )
    (file,) = written["2024-08"].files
    s3 = boto3.client("s3")

    batches = list(
        read_arrow(
            s3,
            bucket,
            file,
            columns=["valid_from", "payment_record_id"],
            filter=pc.field("payment_record_id") > 1,
        )
    )

    table = pa.Table.from_batches(batches)
    naive = T1.replace(tzinfo=None)
    assert table.to_pylist() == [
        {"valid_from": naive, "payment_record_id": 2},
        {"valid_from": naive, "payment_record_id": 3},
    ]
    assert table.schema.field("valid_from").type == pa.timestamp("us")
    whole = pa.Table.from_batches(list(read_arrow(s3, bucket, file)))
    assert tuple(whole.column_names) == PAYMENT.column_names
    assert list(read_arrow(s3, bucket, file, filter=pc.field("payment_record_id") > 9)) == []


def test_content_that_is_not_what_was_written_is_noticed(spark: SparkSession, bucket: str) -> None:
    (partition,) = write_star(
        _payments(spark, (1, "2024-08")), bucket=bucket, lake_table=PAYMENT
    ).values()
    (file,) = partition.files
    s3 = boto3.client("s3")

    with pytest.raises(CertificateFailed, match=f"s3://{bucket}/{file.key} is not what was"):
        list(read_arrow(s3, bucket, replace(file, sha256="0" * 64)))
    with pytest.raises(CommitMissing, match=r"s3://.*/gone.parquet is named by a commit"):
        list(read_arrow(s3, bucket, replace(file, key="gone.parquet")))


def test_many_values_and_a_limit(spark: SparkSession, bucket: str) -> None:
    given = spark.range(200).select(
        F.col("id"), F.format_string("%02d", F.col("id") % 20).alias("part")
    )

    files = write_files(
        given, bucket=bucket, folder="wide", partition="part", order_by=["id"], row_limit=6
    )

    assert sorted(files) == [f"{n:02d}" for n in range(20)]
    assert {tuple(file.rows for file in group) for group in files.values()} == {(6, 4)}
    for part, group in files.items():
        assert folder_of(group).startswith(f"wide/part={part}/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=files["07"][0].key)["Body"].read()
    assert len(body) == files["07"][0].bytes
    assert pq.read_metadata(io.BytesIO(body)).num_rows == 6
    everything = [file for group in files.values() for file in group]
    _same(read_frame(spark, bucket, everything, given.schema, base="wide"), given)


def test_no_rows_no_files(spark: SparkSession, bucket: str) -> None:
    none = spark.range(0).withColumn("part", F.lit("a"))

    for partition in ("part", None):
        assert not write_files(
            none, bucket=bucket, folder="none", partition=partition, order_by=["id"]
        )
    with pytest.raises(ValueError, match="files of one folder"):
        folder_of([])


def test_a_missing_bucket_or_file_is_named(spark: SparkSession, bucket: str) -> None:
    frame = spark.range(1)
    lost = DataFile("lost/00000.parquet", 1, 1, "")

    with pytest.raises(BucketMissing, match=r"bucket no-such-bucket .*NoSuchBucket on PutObject"):
        write_files(frame, bucket="no-such-bucket", folder="x", partition=None, order_by=["id"])
    with pytest.raises(BucketMissing, match="bucket no-such-bucket"):
        read_frame(spark, "no-such-bucket", [lost], frame.schema)
    with pytest.raises(CommitMissing, match=r"lost/00000.parquet"):
        read_frame(spark, bucket, [lost], frame.schema)
