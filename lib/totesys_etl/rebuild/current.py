"""Rebuild of the current rows: ranges whose files are lost or damaged, written again from changes.

They become a raw commit of kind CURRENT: new files, no changes. Every range, replayed and as read
back, must have the rows and the fingerprint that the newest commit certified against the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

import boto3
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.evolution import check_tables
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import CertificateFailed, CommitMissing, CommitTaken
from totesys_etl.fingerprints.canonical import RANGE_SIZE
from totesys_etl.ingest import diff
from totesys_etl.job import Log, explain_full_disk, side_by_side
from totesys_etl.lake import certificates
from totesys_etl.lake.catalog import publish_raw
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import CURRENT, CommitLog, KeyRange, RawCommit, RawTable, raw_log
from totesys_etl.lake.current import measure, write_current
from totesys_etl.lake.stored import damaged
from totesys_etl.rebuild.settings import RebuildCurrentSettings

ATTEMPTS = 3


@explain_full_disk()
def rebuild_current(
    spark: SparkSession,
    settings: RebuildCurrentSettings,
    tables: Mapping[str, SourceTable] = SOURCE_TABLES,
) -> RawCommit | None:
    """Write lost and damaged ranges again; return the commit, None when all files are whole.

    Raises:
        CertificateFailed: the raw bucket contradicts itself; nothing was committed.
        CommitMissing: there is no batch, or a file of changes is gone.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    raw = raw_log(boto3.client("s3"), settings.raw_bucket)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            commit = _attempt(spark, settings, tables, raw, log)
            break
        except CommitTaken as lost:
            log("attempt_lost", attempt=attempt, reason=f"{type(lost).__name__}: {lost}")
            if attempt == ATTEMPTS:
                raise
    if commit is not None:
        with log.step("published", database=settings.raw_database) as result:
            glue = boto3.client("glue")
            result |= asdict(
                publish_raw(glue, raw, settings.raw_database, settings.raw_bucket, tables)
            )
    return commit


def _attempt(
    spark: SparkSession,
    settings: RebuildCurrentSettings,
    tables: Mapping[str, SourceTable],
    raw: CommitLog[RawCommit],
    log: Log,
) -> RawCommit | None:
    head = raw.head()
    if head is None:
        raise CommitMissing(
            f"bucket {settings.raw_bucket} holds no batch yet: run workflow totesys_ingest"
        )
    check_tables(f"batch {head.batch}", head.tables, tables, tables)
    commits = list(raw.range(1, head.batch))

    def one(table: SourceTable) -> RawTable:
        state = head.tables[table.name]
        with log.step("rebuilt_current", table=table.name, batch=head.batch) as result:
            lost = _lost_ranges(settings.work_bucket, state)
            rows = diff.fold(read_changes(spark, settings.raw_bucket, table, commits), table)
            rows = rows.persist()
            try:
                _check_certified(table, head, measure(rows, table))
                rewritten = _write(settings.work_bucket, table, rows, lost) if lost else {}
            finally:
                # Or the next attempt of this session would find the same files in the cache.
                rows.unpersist()
            rebuilt = replace(state, current={**state.current, **rewritten})
            _check_certified(table, head, _measured(rebuilt))
            result |= {"ranges": len(lost)}
        return rebuilt

    states = side_by_side(one, tables.values())
    rebuilt = dict(zip(tables, states, strict=True))
    if all(rebuilt[name].current == head.tables[name].current for name in tables):
        return None
    commit = _commit(head, {**head.tables, **rebuilt}, settings)
    raw.append(commit.batch, commit)
    log("committed", batch=commit.batch, captured_at=commit.captured_at)
    return commit


def _lost_ranges(bucket: str, state: RawTable) -> list[str]:
    """Return the key ranges with a file that is gone or not what was written."""
    s3 = boto3.client("s3")
    return [name for name, part in state.current.items() if damaged(s3, bucket, part.files)]


def _measured(state: RawTable) -> dict[str, tuple[int, int, int]]:
    return {name: (r.rows, r.live, r.fingerprint) for name, r in state.current.items()}


def _check_certified(
    table: SourceTable, head: RawCommit, found: Mapping[str, tuple[int, int, int]]
) -> None:
    """Raise CertificateFailed unless `found` is what the newest commit holds, which was the
    source's: else the raw bucket contradicts itself, and nothing may be made from it."""
    certified = _measured(head.tables[table.name])
    wrong = sorted(n for n in found.keys() | certified.keys() if found.get(n) != certified.get(n))
    if wrong:
        raise CertificateFailed(
            f"{table.name}: the changes of batches 1 to {head.batch}, replayed, are not what batch"
            f" {head.batch} certified in key range(s) {', '.join(wrong[:3])} of {len(wrong)}:"
            " nothing was committed. An object in the raw bucket is not what was written: find it"
            " with totesys audit, and restore its version"
        )


def _write(
    bucket: str, table: SourceTable, rows: DataFrame, ranges: list[str]
) -> dict[str, KeyRange]:
    number = F.floor(F.col(table.primary_key) / F.lit(RANGE_SIZE))
    chosen = rows.where(F.format_string("%05d", number).isin(*ranges))
    return write_current(chosen, bucket=bucket, table=table)


def _commit(
    head: RawCommit, states: Mapping[str, RawTable], settings: RebuildCurrentSettings
) -> RawCommit:
    """Return the same source at the same snapshot: no change, only where current rows lie.

    Its moment is the source's clock at the newest proof that lake and source are the same.
    """
    proof = certificates.newest(boto3.client("s3"), settings.raw_bucket)
    captured_at = head.captured_at + timedelta(milliseconds=1)
    if proof is not None:
        captured_at = max(captured_at, proof.captured_at)
    return replace(
        head,
        batch=head.batch + 1,
        kind=CURRENT,
        run_id=settings.run_id,
        captured_at=captured_at,
        ingest_date=captured_at.date().isoformat(),
        tables={
            name: replace(state, inserted=0, updated=0, deleted=0, changes=())
            for name, state in states.items()
        },
    )
