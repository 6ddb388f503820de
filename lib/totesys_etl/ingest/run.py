"""Ingest: totesys at one snapshot -> the exact difference -> one numbered batch in the lake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import boto3

from totesys_etl.connection import Endpoint, endpoint
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import (
    CommitTaken,
    SnapshotInvalidated,
    SourceUnreachable,
    TotesysError,
)
from totesys_etl.ingest.batch import Batch
from totesys_etl.ingest.bookmark import BookmarkKeys, bookmark_keys
from totesys_etl.ingest.certify import certify, table_certificate
from totesys_etl.ingest.change_detection import ChangeDetector, TableChanges
from totesys_etl.ingest.metrics import publish_metrics
from totesys_etl.ingest.schema_evolution import SchemaEvolution
from totesys_etl.ingest.scrub import scrub
from totesys_etl.ingest.settings import RANGES, SCRUB, IngestSettings
from totesys_etl.ingest.snapshot import explain, open_snapshot
from totesys_etl.ingest.write import guard, verify, write
from totesys_etl.job import Log, explain_full_disk, side_by_side
from totesys_etl.lake.catalog import publish_raw
from totesys_etl.lake.commits import CommitLog, RawCommit, RawTable, raw_log

ATTEMPTS = 3
"""How many attempts a run has."""

STARTS_OVER = (CommitTaken, SnapshotInvalidated, SourceUnreachable)
"""A run starts over with a new head and a new snapshot when another run has its number, or the
snapshot was lost: its session ended, a standby cancelled the read, a table was rewritten."""


@explain_full_disk()
def ingest(
    glue_context: Any, settings: IngestSettings, tables: Mapping[str, SourceTable] = SOURCE_TABLES
) -> RawCommit | None:
    """One run of the ingest. Returns the batch it committed, None when nothing had changed.

    `tables` are the contracts of the source. What they have gained since the newest commit is a
    commit of its own before the batch; the batch alone is returned. Publishes in every run. The
    caller commits the job bookmark afterwards; losing that costs nothing, because values and
    completeness never rest on the bookmark.
    """
    settings.check_tables(tables)
    log = Log(job=settings.job_name, run=settings.run_id)
    commits = raw_log(boto3.client("s3"), settings.raw_bucket)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            commit, as_of = _attempt(glue_context, settings, tables, commits, log)
            break
        except STARTS_OVER as lost:
            log("attempt_lost", attempt=attempt, reason=f"{type(lost).__name__}: {lost}")
            if attempt == ATTEMPTS:
                raise
    with log.step("published", database=settings.raw_database) as result:
        published = publish_raw(
            boto3.client("glue"), commits, settings.raw_database, settings.raw_bucket, tables
        )
        result |= asdict(published)
    publish_metrics(settings.processed_bucket, commits, commit, as_of, log)
    return commit


def _attempt(
    glue_context: Any,
    settings: IngestSettings,
    tables: Mapping[str, SourceTable],
    commits: CommitLog[RawCommit],
    log: Log,
) -> tuple[RawCommit | None, datetime]:
    """Head, contract change, candidates, snapshot, difference, guards, files, proof, commit,
    certificate."""
    head = commits.head()
    source = endpoint(glue_context.extract_jdbc_conf(settings.source_connection))
    with open_snapshot(glue_context.spark_session, source) as first_look:
        # Before Glue's own read, whose errors do not say which right or column is missing.
        first_look.check(tables.values())
    change = SchemaEvolution(
        glue_context.spark_session,
        source,
        settings.raw_bucket,
        settings.work_bucket,
        settings.run_id,
        log,
    )
    head = change.settle(commits, head, tables)
    with log.step("candidates", head=head.batch if head else 0):
        # One after the other: AWS does not say that bookmarked reads may share threads.
        candidates = {
            name: BookmarkKeys(bookmark_keys(glue_context, settings.source_connection, table))
            for name, table in tables.items()
        }
    if settings.compare == SCRUB and head is not None:
        with log.step("scrubbed", batch=head.batch) as result:
            result |= scrub(glue_context.spark_session, settings.work_bucket, head, tables)
    batch, spooled = _spool(glue_context, settings, candidates, tables, source, head, log)
    for each in spooled:
        guard(batch, each, settings.allow_mass_delete)
    states = _write(settings, batch, spooled, log)
    for each in spooled:
        verify(batch, each, states[each.table.name])
    certified = {
        each.table.name: table_certificate(
            each, states[each.table.name], candidates[each.table.name], head is None
        )
        for each in spooled
    }
    commit = None
    if any(each.summary.changed for each in spooled):
        commit = batch.commit(states, settings.run_id)
        commits.append(batch.number, commit)
        log("committed", batch=commit.batch, captured_at=commit.captured_at)
    certify(settings.raw_bucket, settings.run_id, batch, commit, certified)
    for each in spooled:
        if each.changes is not None:
            each.changes.unpersist()
    return commit, batch.as_of


def _spool(
    glue_context: Any,
    settings: IngestSettings,
    candidates: Mapping[str, BookmarkKeys],
    tables: Mapping[str, SourceTable],
    source: Endpoint,
    head: RawCommit | None,
    log: Log,
) -> tuple[Batch, list[TableChanges]]:
    """Everything that needs the source; the snapshot is released at the end."""
    spark = glue_context.spark_session
    with open_snapshot(spark, source, seconds=60 * settings.snapshot_minutes) as snapshot:
        batch = Batch.after(head, snapshot, tables)
        extra = snapshot.check(tables.values())

        whole = settings.compare != RANGES
        spooler = ChangeDetector(batch, snapshot, spark, settings.work_bucket, whole)

        def one(table: SourceTable) -> TableChanges:
            snapshot.check_age()
            with log.step("compared", table=table.name, batch=batch.number) as result:
                spooled = spooler.spool(table, candidates[table.name], extra[table.name])
                summary = spooled.summary
                result |= {"inserted": summary.inserted, "updated": summary.updated}
                result |= {"deleted": summary.deleted, "ranges": len(spooled.fingerprints)}
                result |= {"fetched": spooled.fetched}
            return spooled

        try:
            spooled = side_by_side(one, tables.values())
        except TotesysError:
            snapshot.check_age()
            raise
        except Exception as error:
            snapshot.check_age()
            explained = explain(error, source)
            if explained is None:
                raise
            raise explained from error
        snapshot.verify_unrewritten(tables.values())
        snapshot.check_age()
    log("snapshot_released", seconds=round(snapshot.age, 3), pg_snapshot=batch.pg_snapshot)
    for name, columns in extra.items():
        if columns:
            log("extra_columns_ignored", table=name, columns=columns)
    return batch, spooled


def _write(
    settings: IngestSettings, batch: Batch, spooled: list[TableChanges], log: Log
) -> dict[str, RawTable]:
    def one(each: TableChanges) -> RawTable:
        if not each.summary.changed:
            return write(batch, each, settings.raw_bucket, settings.work_bucket)
        with log.step("written", table=each.table.name, batch=batch.number) as result:
            state = write(batch, each, settings.raw_bucket, settings.work_bucket)
            result |= {"files": len(state.changes), "ranges": len(each.summary.ranges)}
        return state

    states = side_by_side(one, spooled)
    return {each.table.name: state for each, state in zip(spooled, states, strict=True)}
