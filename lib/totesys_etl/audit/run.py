"""Audit: warehouse = star tables = fold of all changes, catalogue = newest commits, once a day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3

from totesys_etl.audit import invariants
from totesys_etl.audit.replay import Replay
from totesys_etl.audit.settings import AuditSettings
from totesys_etl.audit.tables import (
    LakeSides,
    replay_differences,
    table_audits,
    warehouse_differences,
)
from totesys_etl.connection import endpoint
from totesys_etl.errors import AuditFailed, WarehouseAhead
from totesys_etl.job import Log, explain_full_disk, now
from totesys_etl.lake import audits, certificates
from totesys_etl.lake.audits import Audit
from totesys_etl.lake.catalog_check import raw_differences, star_differences
from totesys_etl.lake.commits import CommitLog, RawCommit, StarCommit, raw_log, star_log
from totesys_etl.lake.stored import damaged
from totesys_etl.load.run import ledger_entry
from totesys_etl.warehouse.ledger import LedgerEntry
from totesys_etl.warehouse.read import open_reader

SHOWN = 5
"""Differences in the error; all of them are in the log."""


@explain_full_disk()
def audit(glue_context: Any, settings: AuditSettings) -> Audit | None:
    """One audit. Returns what it proved, None for a warehouse that nothing was loaded into yet.

    The warehouse is read in one transaction, and compared with the processed commit that its
    ledger names there: loads may go on meanwhile. Raises AuditFailed, WarehouseAhead.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    raw = raw_log(s3, settings.raw_bucket)
    star = star_log(s3, settings.processed_bucket)
    target = endpoint(glue_context.extract_jdbc_conf(settings.warehouse_connection))
    with open_reader(target) as warehouse:
        loaded = warehouse.newest()
        if loaded is None:
            log("nothing_to_audit")
            return None
        commit = _commit_of(loaded, star, settings.processed_bucket)
        raws = list(raw.range(1, commit.raw_through))
        with log.step("files", commit=commit.number):
            _refuse(log, _damaged(s3, settings, commit, raws))
        with log.step("invariants", batches=len(raws)):
            stars = list(star.range(1, commit.number))
            found = [*invariants.raw_invariants(raws), *invariants.star_invariants(stars, raws)]
            newest = certificates.newest(s3, settings.raw_bucket)
            if newest is not None and newest.batch:
                found += invariants.certificate_invariants(newest, raw.read(newest.batch))
        spark = glue_context.spark_session
        lake = LakeSides(spark, settings.processed_bucket, commit)
        found += replay_differences(lake, Replay(spark, settings.raw_bucket, raws), log)
        found += warehouse_differences(lake, stars, warehouse, log)
    with log.step("catalogue"):
        glue = boto3.client("glue")
        found += raw_differences(glue, raw, settings.raw_database, settings.raw_bucket)
        found += star_differences(glue, star, settings.star_database, settings.processed_bucket)
    _refuse(log, found)
    done = Audit(
        run_id=settings.run_id,
        audited_at=now(),
        commit=commit.number,
        batch=commit.raw_through,
        captured_at=commit.captured_at,
        tables=table_audits(lake, stars),
    )
    audits.write(s3, settings.processed_bucket, done)
    log("audited", commit=done.commit, batch=done.batch, captured_at=done.captured_at)
    return done


def _commit_of(loaded: LedgerEntry, star: CommitLog[StarCommit], bucket: str) -> StarCommit:
    """The processed commit that the ledger's newest row names."""
    head = star.head_number()
    if loaded.number > head:
        raise WarehouseAhead(
            f"the warehouse has loaded commit {loaded.number}, but bucket {bucket} ends at {head}:"
            " point the job at the lake this warehouse was filled from"
        )
    commit = star.read(loaded.number)
    if ledger_entry(commit) != loaded:
        raise WarehouseAhead(
            f"etl.load_ledger has commit {loaded.number} with raw batches {loaded.raw_from} to"
            f" {loaded.raw_through}, bucket {bucket} with {commit.raw_from} to"
            f" {commit.raw_through}: this warehouse was loaded from another lake"
        )
    return commit


def _damaged(
    s3: Any, settings: AuditSettings, commit: StarCommit, raws: Iterable[RawCommit]
) -> list[str]:
    """Files that are not what was written: nothing can be said of rows before they are restored."""
    stars = [
        file
        for table in commit.tables.values()
        for partition in table.partitions.values()
        for file in partition.files
    ]
    changes = [file for raw in raws for table in raw.tables.values() for file in table.changes]
    return [
        *damaged(s3, settings.processed_bucket, stars),
        *damaged(s3, settings.raw_bucket, changes),
    ]


def _refuse(log: Log, found: list[str]) -> None:
    """Raises AuditFailed if anything was found."""
    if not found:
        return
    for difference in found:
        log("difference", found=difference)
    more = f" (and {len(found) - SHOWN} more in the log)" if len(found) > SHOWN else ""
    raise AuditFailed(f"{len(found)} difference(s): {'; '.join(found[:SHOWN])}{more}")
