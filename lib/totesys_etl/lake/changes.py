"""Changes: what a batch found, one folder per table and batch, written once."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.lake_tables import BATCH
from totesys_etl.contracts.model import SourceTable
from totesys_etl.lake import layout
from totesys_etl.lake.commits import DataFile, RawCommit
from totesys_etl.lake.files import read_frame, write_files
from totesys_etl.render.spark import struct_type


def write_changes(
    frame: DataFrame, *, bucket: str, table: SourceTable, ingest_date: str, batch: int
) -> tuple[DataFile, ...]:
    """Writes lake_tables.changes(table) rows sorted by primary key; no rows, no files.

    `ingest_date` is yyyy-MM-dd. Raises BucketMissing.
    """
    written = write_files(
        frame.select(*lake_tables.changes(table).column_names),
        bucket=bucket,
        folder=layout.changes_of_batch(table.name, ingest_date, batch),
        partition=None,
        order_by=[table.primary_key],
    )
    return tuple(written.get("", ()))


def read_changes(
    spark: SparkSession, bucket: str, table: SourceTable, commits: Iterable[RawCommit]
) -> DataFrame:
    """The changes of `table` in `commits`: lake_tables.changes(table) columns, then batch (int).

    Key: (batch, primary key). Raises BucketMissing, CommitMissing.
    """
    tables = [commit.tables.get(table.name) for commit in commits]
    files = [file for state in tables if state is not None for file in state.changes]
    columns = (*lake_tables.changes(table).columns, BATCH)
    return read_frame(spark, bucket, files, struct_type(columns), base=layout.changes(table.name))
