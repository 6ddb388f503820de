"""Current rows: the last row of every key ever seen, one file per range of 65,536 keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import boto3
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceTable
from totesys_etl.fingerprints.canonical import RANGE_SIZE, SLICE_SIZE, range_name
from totesys_etl.fingerprints.intervals import KeyInterval
from totesys_etl.fingerprints.spark import spark_fingerprints
from totesys_etl.lake import layout
from totesys_etl.lake.commits import DataFile, KeyRange
from totesys_etl.lake.current_files import SLICES, STORED, Place, merger, reader, slicer
from totesys_etl.lake.files import BYTES_LIMIT, read_frame, reraise_executor_errors
from totesys_etl.lake.sink import Target
from totesys_etl.render.spark import struct_type


def write_current(
    frame: DataFrame,
    *,
    bucket: str,
    table: SourceTable,
    onto: Mapping[str, KeyRange] | None = None,
) -> dict[str, KeyRange]:
    """Writes the key ranges that `frame` touches; what is now stored in each, by range name.

    `frame` has the columns of lake_tables.current(table). Every range is written whole: the rows of
    `frame`, and those of `onto` whose keys it does not have. Counts and fingerprints come from
    reading the written files back, so they prove what is stored.
    Raises BucketMissing, CommitMissing, CertificateFailed when other rows are stored than were
    written, or a file of `onto` is not what its commit names.
    """
    shape = lake_tables.current(table)
    number = F.floor(F.col(table.primary_key) / F.lit(RANGE_SIZE))
    by_range = (
        frame.select(*shape.column_names, F.format_string("%05d", number).alias("range"))
        .repartition(F.col("range"))
        .sortWithinPartitions("range", table.primary_key)
    )
    place = _place(bucket, table)
    target = Target(
        bucket, layout.current(table.name), layout.RANGE_KEY, RANGE_SIZE, BYTES_LIMIT, place.region
    )
    files = {name: key_range.files for name, key_range in (onto or {}).items()}
    with reraise_executor_errors():
        stored = by_range.mapInArrow(merger(target, place, files), STORED).collect()
    return {
        part: KeyRange((DataFile(*file),), file[1], live, fingerprint)
        for part, *file, live, fingerprint in stored
    }


def read_current(
    spark: SparkSession,
    bucket: str,
    table: SourceTable,
    ranges: Mapping[str, KeyRange],
    only: Collection[str] | None = None,
) -> DataFrame:
    """Rows of lake_tables.current(table) (without `range`), one per key ever seen.

    `only` limits to some of the `ranges`; names that have no range yet have no rows.
    Raises BucketMissing, CommitMissing.
    """
    files = _files(ranges, only)
    return read_frame(spark, bucket, files, struct_type(lake_tables.current(table).columns))


def read_keys(
    spark: SparkSession,
    bucket: str,
    table: SourceTable,
    ranges: Mapping[str, KeyRange],
    keys: Collection[KeyInterval],
) -> DataFrame:
    """Rows of lake_tables.current(table) with these `keys`, a few of those in `ranges`.

    Lazy: BucketMissing, CommitMissing and CertificateFailed come with the action, inside
    `reraise_executor_errors`.
    """
    slices = [number for interval in keys for number in interval.slices]
    only = {range_name(number * SLICE_SIZE // RANGE_SIZE) for number in slices}
    files = _files(ranges, only)
    task = reader(_place(bucket, table), files, slices)
    struct = struct_type(lake_tables.current(table).columns)
    return _indexes(spark, files).mapInArrow(task, struct)


def slice_fingerprints(
    spark: SparkSession,
    bucket: str,
    table: SourceTable,
    ranges: Mapping[str, KeyRange],
    only: Collection[str],
) -> dict[int, tuple[int, int]]:
    """Slice number (key / 256, floored) -> (rows, fingerprint) of the live rows in the ranges
    `only`, in one Spark action. Raises BucketMissing, CommitMissing, CertificateFailed."""
    files = _files(ranges, only)
    task = slicer(_place(bucket, table), files)
    with reraise_executor_errors():
        found = _indexes(spark, files).mapInArrow(task, SLICES).collect()
    return {number: (rows, total) for number, rows, total in found}


def _files(ranges: Mapping[str, KeyRange], only: Collection[str] | None) -> list[DataFile]:
    chosen = ranges if only is None else set(only) & set(ranges)
    return [file for name in sorted(chosen) for file in ranges[name].files]


def _indexes(spark: SparkSession, files: Collection[DataFile]) -> DataFrame:
    """Indexes into `files` (column id), for tasks that read the files themselves."""
    # Not createDataFrame, which starts Python workers of its own.
    tasks = min(len(files), spark.sparkContext.defaultParallelism)
    return spark.range(0, len(files), 1, max(1, tasks))


def _place(bucket: str, table: SourceTable) -> Place:
    return Place(bucket, boto3.session.Session().region_name, table)


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
