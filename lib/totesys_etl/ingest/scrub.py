"""Scrub: every file of current rows read again, against what the newest commit says of it."""

from __future__ import annotations

from collections.abc import Mapping

import boto3
from pyspark.sql import SparkSession

from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import CertificateFailed
from totesys_etl.job import side_by_side
from totesys_etl.lake.commits import RawCommit
from totesys_etl.lake.current import measure, read_current
from totesys_etl.lake.stored import damaged


def scrub(
    spark: SparkSession, work_bucket: str, head: RawCommit, tables: Mapping[str, SourceTable]
) -> dict[str, int]:
    """How many key ranges and rows were read.

    Raises CertificateFailed, naming table and range, where rows or fingerprint are not the
    commit's; CommitMissing when a file is gone.
    """
    s3 = boto3.client("s3")

    def one(table: SourceTable) -> tuple[int, int]:
        ranges = head.tables[table.name].current
        if not ranges:
            return 0, 0
        stored = measure(read_current(spark, work_bucket, table, ranges), table)
        for name, part in ranges.items():
            found, told = stored.get(name, (0, 0, 0)), (part.rows, part.live, part.fingerprint)
            if found != told:
                raise CertificateFailed(
                    f"{table.name} range {name} in bucket {work_bucket}: batch {head.batch} wrote "
                    f"{told[0]} rows, {told[1]} of them live, with fingerprint {told[2]}; read "
                    f"again they are {found[0]}, {found[1]} and {found[2]}. The files were changed "
                    "or damaged: write them again with `totesys rebuild --current --swap`"
                )
            # What no fingerprint covers: a deleted key's row, when a row became so.
            for sentence in damaged(s3, work_bucket, part.files):
                raise CertificateFailed(
                    f"{table.name} range {name}: {sentence}, or write the range again with"
                    " `totesys rebuild --current --swap`"
                )
        return len(ranges), sum(part.rows for part in ranges.values())

    counted = side_by_side(one, [table for name, table in tables.items() if name in head.tables])
    return {"ranges": sum(c[0] for c in counted), "rows": sum(c[1] for c in counted)}
