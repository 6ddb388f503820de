"""Rebuild of the warehouse: all rows of the newest commit in place of everything that is there.

One transaction: readers, grants, views of others and the connection stay as they are. Before its
COMMIT the tables must be what the commit's files hold, by the audit's comparison.
"""

from __future__ import annotations

from typing import Any

import boto3

from totesys_etl.audit.tables import LakeSides, warehouse_differences
from totesys_etl.connection import endpoint
from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.job import Log
from totesys_etl.lake.commits import StarCommit, star_log
from totesys_etl.lake.loaded import loaded_log, mark
from totesys_etl.load.run import everything, ledger_entry
from totesys_etl.load.settings import LoadSettings
from totesys_etl.load.warehouse import open_warehouse
from totesys_etl.warehouse.read import WarehouseReader


def rebuild_warehouse(glue_context: Any, settings: LoadSettings) -> StarCommit:
    """Load the warehouse again from the newest processed commit, which is returned.

    Raises:
        CommitMissing: there is no commit, or a file of it is gone.
        CertificateFailed: the rows are not the files' rows; the warehouse is as it was.
        WarehouseRightMissing: with the GRANTs to run.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    log_of_stars = star_log(s3, settings.processed_bucket)
    newest = log_of_stars.head()
    if newest is None:
        raise CommitMissing(
            f"bucket {settings.processed_bucket} holds no commit yet: run workflow"
            " totesys_transform_load"
        )
    stars = list(log_of_stars.range(1, newest.number))
    lake = LakeSides(glue_context.spark_session, settings.processed_bucket, newest)

    def check(warehouse: WarehouseReader) -> None:
        found = warehouse_differences(lake, stars, warehouse, log)
        if found:
            raise CertificateFailed(
                f"loaded again, the warehouse is not what commit {newest.number} holds: nothing"
                f" was changed. {'; '.join(found)}"
            )

    target = endpoint(glue_context.extract_jdbc_conf(settings.warehouse_connection))
    with open_warehouse(target) as warehouse, log.step("replaced", commit=newest.number):
        warehouse.prepare()
        entries = [(ledger_entry(commit), commit.run_id) for commit in stars]
        warehouse.replace(everything(newest, s3, settings.processed_bucket), entries, check)
    marks = loaded_log(s3, settings.processed_bucket)
    mark(marks, newest.number, settings.run_id, lambda n: log_of_stars.read(n).raw_through)
    return newest
