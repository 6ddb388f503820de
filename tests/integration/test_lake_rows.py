"""Changes, current rows and star partitions: through the executors into S3 and back."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

import totesys_etl
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.contracts.arrow import arrow_schema
from totesys_etl.contracts.canonical import SLICE_SIZE, range_name, spark_fingerprints
from totesys_etl.contracts.intervals import of_slices
from totesys_etl.contracts.spark import struct_type
from totesys_etl.errors import BucketMissing, CertificateFailed, CommitMissing
from totesys_etl.lake.catalog import publish_raw
from totesys_etl.lake.changes import read_changes, write_changes
from totesys_etl.lake.commits import KeyRange, RawCommit, RawTable, raw_log
from totesys_etl.lake.current import read_current, read_keys, slice_fingerprints, write_current
from totesys_etl.lake.current_files import Place, merger
from totesys_etl.lake.files import (
    DataFile,
    folder_of,
    read_arrow,
    read_frame,
    told_by_executors,
    write_files,
)
from totesys_etl.lake.sink import Target
from totesys_etl.lake.star import read_star, write_star

CURRENCY = SOURCE_TABLES["currency"]
PAYMENT = lake_tables.star(STAR_TABLES["fact_payment"])
T1, T2 = (datetime(2026, 11, 22, hour, 0, 0, 1000, tzinfo=UTC) for hour in (10, 11))


@pytest.fixture(autouse=True)
def workers(spark: SparkSession, aws: object) -> Iterator[None]:
    """The executors' Python finds the package where this process found it."""
    environment = spark.sparkContext.environment
    before = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = str(Path(totesys_etl.__file__).parent.parent)
    yield
    environment.pop("PYTHONPATH")
    if before is not None:
        environment["PYTHONPATH"] = before


def _current(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """currency_id, code, deleted_in_batch; the rest is the same in every row."""
    full = [(key, code, T1, T1, None, 1, T2, T1, gone) for key, code, gone in rows]
    return spark.createDataFrame(full, struct_type(lake_tables.current(CURRENCY).columns))


def _changes(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    full = [(op, T2, T1, changed, None, key, code, T1, T1) for op, changed, key, code in rows]
    return spark.createDataFrame(full, struct_type(lake_tables.changes(CURRENCY).columns))


def _same(actual: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        actual, expected, ignore_nullable=True, ignore_row_order=True, ignore_column_order=False
    )


ROWS = [(1, "GBP", None), (65535, "", None), (65536, None, None), (-1, "£|~", None), (2, "USD", 3)]


def test_current_rows_are_stored_per_key_range_and_proved(spark: SparkSession, bucket: str) -> None:
    given = _current(spark, *ROWS)

    ranges = write_current(given, bucket=bucket, table=CURRENCY)

    assert {name: (r.rows, r.live) for name, r in ranges.items()} == {
        "-0001": (1, 1),
        "00000": (3, 2),
        "00001": (1, 1),
    }
    prints = spark_fingerprints(given.where("deleted_in_batch IS NULL"), CURRENCY).collect()
    assert {range_name(row["range"]): row["fingerprint"] for row in prints} == {
        name: r.fingerprint for name, r in ranges.items()
    }
    _same(read_current(spark, bucket, CURRENCY, ranges), given)
    assert all(
        file.key.startswith(f"current/currency/range={name}/") and len(r.files) == 1
        for name, r in ranges.items()
        for file in r.files
    )


def test_only_some_ranges_are_read(spark: SparkSession, bucket: str) -> None:
    ranges = write_current(_current(spark, *ROWS), bucket=bucket, table=CURRENCY)

    chosen = read_current(spark, bucket, CURRENCY, ranges, only={"00001", "00007"})

    _same(chosen, _current(spark, (65536, None, None)))
    assert read_current(spark, bucket, CURRENCY, ranges, only=set()).isEmpty()
    assert read_current(spark, bucket, CURRENCY, {}).isEmpty()


def test_a_range_of_deleted_keys_has_rows_but_none_live(spark: SparkSession, bucket: str) -> None:
    given = _current(spark, (7, "GBP", 2))

    (key_range,) = write_current(given, bucket=bucket, table=CURRENCY).values()

    assert (key_range.rows, key_range.live, key_range.fingerprint) == (1, 0, 0)


def test_rows_are_merged_into_the_ranges_they_touch(spark: SparkSession, bucket: str) -> None:
    before = write_current(_current(spark, *ROWS), bucket=bucket, table=CURRENCY)
    rows = _current(spark, (2, "EUR", None), (3, "JPY", None), (65536, "CHF", 4), (131072, "", 4))

    after = write_current(rows, bucket=bucket, table=CURRENCY, onto=before)

    assert {name: (r.rows, r.live) for name, r in after.items()} == {
        "00000": (4, 4),
        "00001": (1, 0),
        "00002": (1, 0),
    }
    kept = [(1, "GBP", None), (65535, "", None), (-1, "£|~", None)]
    expected = _current(spark, *kept).union(rows)
    _same(read_current(spark, bucket, CURRENCY, before | after), expected)
    prints = spark_fingerprints(expected.where("deleted_in_batch IS NULL"), CURRENCY).collect()
    assert {(range_name(row["range"]), row["fingerprint"]) for row in prints} == {
        (name, r.fingerprint) for name, r in (before | after).items() if r.live
    }


def test_some_keys_are_read_and_slices_measured(spark: SparkSession, bucket: str) -> None:
    given = _current(spark, *ROWS, (300, "SEK", None), (301, "NOK", 2))
    ranges = write_current(given, bucket=bucket, table=CURRENCY)

    chosen = read_keys(spark, bucket, CURRENCY, ranges, of_slices([1, -1, 1000]))

    wanted = [(300, "SEK", None), (301, "NOK", 2), (-1, "£|~", None)]
    _same(chosen, _current(spark, *wanted))
    live = given.where("deleted_in_batch IS NULL")
    prints = spark_fingerprints(live, CURRENCY, SLICE_SIZE).collect()
    expected = {row["range"]: (row["rows"], row["fingerprint"]) for row in prints}
    assert slice_fingerprints(spark, bucket, CURRENCY, ranges, ranges) == expected
    assert slice_fingerprints(spark, bucket, CURRENCY, ranges, ["-0001", "00009"]) == {
        -1: expected[-1]
    }


@pytest.mark.parametrize("read", ["keys", "slices", "merge"])
def test_current_rows_that_are_not_what_was_written_are_noticed(
    spark: SparkSession, bucket: str, read: str
) -> None:
    frame = _current(spark, (1, "GBP", None))
    (key_range,) = write_current(frame, bucket=bucket, table=CURRENCY).values()
    (file,) = key_range.files
    actions: dict[str, Callable[[dict[str, KeyRange]], object]] = {
        "keys": lambda r: read_keys(spark, bucket, CURRENCY, r, of_slices([0])).collect(),
        "slices": lambda r: slice_fingerprints(spark, bucket, CURRENCY, r, r),
        "merge": lambda r: write_current(frame, bucket=bucket, table=CURRENCY, onto=r),
    }
    damaged = {"00000": replace(key_range, files=(replace(file, sha256="0" * 64),))}
    lost = {"00000": replace(key_range, files=(replace(file, key="gone.parquet"),))}

    with (
        pytest.raises(CertificateFailed, match=rf"{file.key} is not what was"),
        told_by_executors(),
    ):
        actions[read](damaged)
    with (
        pytest.raises(CommitMissing, match=r"gone.parquet is named by a commit"),
        told_by_executors(),
    ):
        actions[read](lost)


@pytest.mark.parametrize(("stored", "told"), [(0, "0 are stored;"), (1, "of other ranges too;")])
def test_rows_that_are_not_stored_are_noticed(
    bucket: str, monkeypatch: pytest.MonkeyPatch, stored: int, told: str
) -> None:
    """The store would have to lie: the reading back is made to see other rows."""
    shape = arrow_schema(lake_tables.current(CURRENCY).columns)
    row = {"currency_id": 1, "currency_code": "GBP", "created_at": T1, "last_updated": T1}
    row |= {"batch": 1, "captured_at": T2, "valid_from": T1}
    other = pa.Table.from_pylist([row | {"currency_id": 70_000}] * stored, shape)
    monkeypatch.setattr(Place, "rows", lambda *a: other)
    target = Target(bucket, "current/currency", "range", 9, 9, "eu-west-2")
    merge = merger(target, Place(bucket, "eu-west-2", CURRENCY), {})
    given = pa.Table.from_pylist([row], shape).append_column("range", pa.array(["00000"]))

    with pytest.raises(CertificateFailed, match=rf"currency range 00000 .*1 rows were .*{told}"):
        list(merge(given.to_batches()))


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
