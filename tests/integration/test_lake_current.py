"""Current rows: per key range through the executors into S3, merged, and back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import SOURCE_TABLES, lake_tables
from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.fingerprints.canonical import SLICE_SIZE, range_name
from totesys_etl.fingerprints.intervals import of_slices
from totesys_etl.fingerprints.spark import spark_fingerprints
from totesys_etl.lake.commits import KeyRange
from totesys_etl.lake.current import read_current, read_keys, slice_fingerprints, write_current
from totesys_etl.lake.current_files import Place, merger
from totesys_etl.lake.files import (
    reraise_executor_errors,
)
from totesys_etl.lake.sink import Target
from totesys_etl.render.arrow import arrow_schema
from totesys_etl.render.spark import struct_type

CURRENCY = SOURCE_TABLES["currency"]
T1, T2 = (datetime(2026, 11, 22, hour, 0, 0, 1000, tzinfo=UTC) for hour in (10, 11))
pytestmark = pytest.mark.usefixtures("workers")


def _current(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    """currency_id, code, deleted_in_batch; the rest is the same in every row."""
    full = [(key, code, T1, T1, None, 1, T2, T1, gone) for key, code, gone in rows]
    return spark.createDataFrame(full, struct_type(lake_tables.current(CURRENCY).columns))


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
        reraise_executor_errors(),
    ):
        actions[read](damaged)
    with (
        pytest.raises(CommitMissing, match=r"gone.parquet is named by a commit"),
        reraise_executor_errors(),
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
