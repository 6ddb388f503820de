"""Current rows: the last row of every key ever seen, one file per range of 65,536 keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.canonical import (
    RANGE_SIZE,
    SLICE_SIZE,
    range_name,
    spark_fingerprints,
)
from totesys_etl.contracts.intervals import KeyInterval
from totesys_etl.contracts.model import SourceTable
from totesys_etl.contracts.spark import struct_type
from totesys_etl.errors import CertificateFailed
from totesys_etl.lake.commits import KeyRange
from totesys_etl.lake.files import DataFile, read_frame, write_files


def write_current(
    frame: DataFrame, *, spark: SparkSession, bucket: str, table: SourceTable
) -> dict[str, KeyRange]:
    """Writes whole key ranges and returns what is now stored in each, by range name.

    `frame` has the columns of lake_tables.current(table) and every row of the ranges it touches.
    Counts and fingerprints come from reading the written files back, so they prove what is stored.
    Raises BucketMissing, CertificateFailed when the stored rows are not as many as were written.
    """
    shape = lake_tables.current(table)
    number = F.floor(F.col(table.primary_key) / F.lit(RANGE_SIZE))
    written = write_files(
        frame.select(*shape.column_names, F.format_string("%05d", number).alias("range")),
        bucket=bucket,
        folder=f"current/{table.name}",
        partition="range",
        order_by=[table.primary_key],
    )
    files = [file for group in written.values() for file in group]
    stored = measure(read_frame(spark, bucket, files, struct_type(shape.columns)), table)
    ranges = {name: _key_range(tuple(group), stored.get(name)) for name, group in written.items()}
    for name, key_range in ranges.items():
        expected = sum(file.rows for file in key_range.files)
        if key_range.rows != expected:
            raise CertificateFailed(
                f"{table.name} range {name} in bucket {bucket}: {expected} rows were written, "
                f"{key_range.rows} are stored; nothing was committed, run again"
            )
    return ranges


def read_current(
    spark: SparkSession,
    bucket: str,
    table: SourceTable,
    ranges: Mapping[str, KeyRange],
    only: Collection[str] | None = None,
    keys: Collection[KeyInterval] | None = None,
) -> DataFrame:
    """Rows of lake_tables.current(table) (without `range`), one per key ever seen.

    `only` limits to some of the `ranges`, `keys` to some keys in them; names that have no range yet
    have no rows. Raises BucketMissing, CommitMissing.
    """
    chosen = ranges if only is None else set(only) & set(ranges)
    files = [file for name in sorted(chosen) for file in ranges[name].files]
    rows = read_frame(spark, bucket, files, struct_type(lake_tables.current(table).columns))
    if keys is None:
        return rows
    wanted = [number for interval in keys for number in interval.slices]
    return rows.where(F.shiftright(table.primary_key, SLICE_SIZE.bit_length() - 1).isin(wanted))


def slice_fingerprints(rows: DataFrame, table: SourceTable) -> dict[int, tuple[int, int]]:
    """Slice number (key / 256, floored) -> (rows, fingerprint) of the live ones among `rows`
    (columns of lake_tables.current), in one Spark action."""
    live = rows.where(F.col("deleted_in_batch").isNull())
    found = spark_fingerprints(live, table, SLICE_SIZE).collect()
    return {number: (count, total) for number, count, total in found}


def measure(rows: DataFrame, table: SourceTable) -> dict[str, tuple[int, int, int]]:
    """Range name -> (rows, live, fingerprint of the live), in one action.

    `rows` has at least the columns of `table`, `non_finite` and `deleted_in_batch`.
    """
    live = F.col("deleted_in_batch").isNull()
    totals: dict[str, tuple[int, int, int]] = {}
    for number, alive, count, fingerprint in spark_fingerprints(rows, table, by=live).collect():
        stored, before, total = totals.get(range_name(number), (0, 0, 0))
        if alive:
            before, total = count, fingerprint
        totals[range_name(number)] = (stored + count, before, total)
    return totals


def _key_range(files: tuple[DataFile, ...], stored: tuple[int, int, int] | None) -> KeyRange:
    rows, live, fingerprint = stored or (0, 0, 0)
    return KeyRange(files=files, rows=rows, live=live, fingerprint=fingerprint)
