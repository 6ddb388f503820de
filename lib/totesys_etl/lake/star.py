"""Star partitions: facts by month, dimensions by key range, copy on write.

A rewritten partition is a new folder; the old one stays, and the commit says which one counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.fingerprints.spark import spark_star_fingerprints
from totesys_etl.fingerprints.star import MODULUS, shown_range, warehouse_columns
from totesys_etl.lake import layout
from totesys_etl.lake.commits import Fingerprint, StarPartition
from totesys_etl.lake.files import read_frame, write_files
from totesys_etl.render.spark import struct_type


def write_star(frame: DataFrame, *, bucket: str, lake_table: LakeTable) -> dict[str, StarPartition]:
    """Writes whole partitions, rows sorted by the table's first column; by partition value.

    `frame` has the file columns and the partition key of `lake_table`.
    Raises BucketMissing.
    """
    (key,) = lake_table.partition_names
    # The rest only breaks ties, so that the same rows always give the same file.
    ties = [name for name in ("batch", "column_name") if name in lake_table.column_names]
    written = write_files(
        frame.select(*lake_table.column_names, key),
        bucket=bucket,
        folder=layout.star(lake_table.name),
        partition=key,
        order_by=[lake_table.column_names[0], *ties],
    )
    return {
        value: StarPartition(files=tuple(files), rows=sum(file.rows for file in files))
        for value, files in written.items()
    }


def read_star(
    spark: SparkSession,
    bucket: str,
    lake_table: LakeTable,
    partitions: Mapping[str, StarPartition],
    only: Collection[str] | None = None,
) -> DataFrame:
    """The file columns of `lake_table`, then its partition key, of all or `only` some partitions.

    Raises BucketMissing, CommitMissing.
    """
    chosen = partitions if only is None else set(only) & set(partitions)
    files = [file for value in sorted(chosen) for file in partitions[value].files]
    columns = (*lake_table.columns, *lake_table.partition_keys)
    return read_frame(spark, bucket, files, struct_type(columns), base=layout.star(lake_table.name))


def measure(rows: DataFrame, lake_table: LakeTable) -> dict[str, Fingerprint]:
    """Fingerprints of `rows` of a star's table by key range, as a commit's `written` has them.

    Over the columns that the warehouse has too. One Spark action.
    """
    columns = warehouse_columns(lake_table)
    by = None if lake_table.name in STAR_TABLES else lake_table.partition_names[0]
    found = {}
    for row in spark_star_fingerprints(rows, columns, by=by).collect():
        name = shown_range(columns[0], row["range"])
        found[name if by is None else f"{row[by]}/{name}"] = Fingerprint(
            row["rows"], row["fingerprint"] % MODULUS
        )
    return found
