"""Data files: written by executors, named by commits, read by explicit paths, never by listing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from totesys_etl import errors
from totesys_etl.errors import CommitMissing
from totesys_etl.lake.commits import DataFile
from totesys_etl.lake.objects import bucket_missing
from totesys_etl.lake.sink import RECEIPT, Target, writer
from totesys_etl.render.spark import literal_rows

if TYPE_CHECKING:
    pass

ROW_LIMIT = 2_000_000
BYTES_LIMIT = 128 * 1024 * 1024
"""Rows, and bytes in Arrow memory, at which a file is full: what one task holds at a time."""


def write_files(
    frame: DataFrame,
    *,
    bucket: str,
    folder: str,
    partition: str | None,
    order_by: Sequence[str],
    row_limit: int = ROW_LIMIT,
    bytes_limit: int = BYTES_LIMIT,
) -> dict[str, list[DataFile]]:
    """Writes `frame` and returns its files per value of text column `partition` (None: key '').

    A value's files share one new folder, {folder}/{partition}={value}/{uuid}/, hold every column
    but `partition` and are sorted by `order_by`. One file per value unless a limit is reached.
    Values are spread over tasks; without `partition` one task writes (one folder, one attempt).
    Raises BucketMissing.
    """
    if partition is None:
        sorted_frame = frame.coalesce(1).sortWithinPartitions(*order_by)
    else:
        sorted_frame = frame.repartition(F.col(partition)).sortWithinPartitions(
            partition, *order_by
        )
    region = boto3.session.Session().region_name
    target = Target(bucket, folder, partition, row_limit, bytes_limit, region)
    files: dict[str, list[DataFile]] = {}
    for row in sorted(_receipts(sorted_frame, target)):
        files.setdefault(row[0], []).append(DataFile(*row[1:]))
    return files


def _receipts(frame: DataFrame, target: Target) -> list[tuple[Any, ...]]:
    with reraise_executor_errors():
        return [tuple(row) for row in frame.mapInArrow(writer(target), RECEIPT).collect()]


@contextmanager
def reraise_executor_errors() -> Iterator[None]:
    """An error of the lake's that ended a task of the block's actions is raised as itself."""
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        told = re.search(r"totesys_etl\.errors\.(\w+): (.*)", str(error))
        if told:
            raise getattr(errors, told.group(1))(told.group(2)) from error
        raise


def folder_of(files: Iterable[DataFile]) -> str:
    """The folder that all `files` lie in, without a trailing slash; ValueError if not just one."""
    folders = {file.key.rpartition("/")[0] for file in files}
    if len(folders) != 1:
        raise ValueError(f"expected the files of one folder, got {sorted(folders)}")
    return folders.pop()


def read_frame(
    spark: SparkSession,
    bucket: str,
    files: Iterable[DataFile],
    struct: StructType,
    *,
    base: str | None = None,
) -> DataFrame:
    """The rows of `files` with schema `struct`; no files, no rows.

    With `base` (a folder above all files) partition keys in the paths below it are columns too,
    if `struct` names them. Raises BucketMissing, CommitMissing when a file is gone.
    """
    paths = [f"s3://{bucket}/{file.key}" for file in files]
    if not paths:
        return literal_rows(spark, struct, ())
    reader = spark.read.schema(struct)
    if base is not None:
        reader = reader.option("basePath", f"s3://{bucket}/{base}/")
    try:
        return reader.parquet(*paths).select(struct.names)
    except AnalysisException as error:
        raise CommitMissing(
            f"a file that a commit names is not in bucket {bucket}: {str(error).splitlines()[0]} "
            "Restore that version of the object."
        ) from error
    except Py4JJavaError as error:
        if "UnknownStoreException" in str(error.java_exception.toString()):
            raise bucket_missing(bucket, "NoSuchBucket on read") from error
        raise
