"""Transform: all raw batches not yet transformed -> one processed commit of star partitions."""

from __future__ import annotations

from dataclasses import asdict

import boto3
from pyspark.sql import SparkSession

from totesys_etl import metrics
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.evolution import check_tables
from totesys_etl.contracts.model import Kind
from totesys_etl.job import Log, explain_full_disk, side_by_side
from totesys_etl.lake.catalog import publish_star
from totesys_etl.lake.commits import CommitLog, RawCommit, StarCommit, raw_log, star_log
from totesys_etl.metrics import Metric
from totesys_etl.transform.contracts import check_star_contracts
from totesys_etl.transform.settings import TransformSettings
from totesys_etl.transform.tables import Pending, Stars


@explain_full_disk()
def transform(spark: SparkSession, settings: TransformSettings) -> StarCommit | None:
    """One run of the transform. Returns its commit, None when no batch was waiting.

    The content depends on the batches alone: no clock, no random choice, and however the batches
    fall into runs, the star tables come out the same.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    raw = raw_log(s3, settings.raw_bucket)
    star = star_log(s3, settings.processed_bucket)
    pending = _pending(raw, star)
    commit = _commit(spark, settings, pending, star, log) if pending else None
    with log.step("published", database=settings.star_database) as result:
        published = publish_star(
            boto3.client("glue"), star, settings.star_database, settings.processed_bucket
        )
        result |= asdict(published)
    return commit


def check_sources(batch: RawCommit) -> None:
    """Raise ContractChanged when a source table that a star table needs is not in `batch` as the
    contract has it."""
    needed = frozenset(s for table in STAR_TABLES.values() for s in table.source_tables)
    check_tables(f"batch {batch.batch}", batch.tables, SOURCE_TABLES, needed)


def _pending(raw: CommitLog[RawCommit], star: CommitLog[StarCommit]) -> Pending | None:
    """The batches after the newest processed commit, as one range; None if there are none.

    Raises ContractChanged when the star tables of the head were made by other contracts, or a
    table that they need has no batch yet.
    """
    newest, head = raw.head(), star.head()
    first = head.raw_through + 1 if head else 1
    if newest is None or newest.batch < first:
        return None
    check_sources(newest)
    if head:
        check_star_contracts(head)
    return Pending(head=head, commits=tuple(raw.range(first, newest.batch)))


def _commit(
    spark: SparkSession,
    settings: TransformSettings,
    pending: Pending,
    star: CommitLog[StarCommit],
    log: Log,
) -> StarCommit:
    commit = build(spark, settings, pending, log)
    quarantined = sum(t.quarantined for t in commit.tables.values())
    # Before the commit: a run that dies after it is not made up for, and the alarm must go off.
    metrics.put(boto3.client("cloudwatch"), Metric(metrics.QUARANTINED, quarantined))
    star.append(commit.number, commit)
    log(
        "committed",
        commit=commit.number,
        raw_from=commit.raw_from,
        raw_through=commit.raw_through,
        quarantined=quarantined,
    )
    return commit


def build(
    spark: SparkSession, settings: TransformSettings, pending: Pending, log: Log
) -> StarCommit:
    """Write the star tables of the `pending` batches; return a commit that nobody sees before it
    is appended to the log."""
    stars = Stars(
        spark=spark,
        pending=pending,
        raw_bucket=settings.raw_bucket,
        work_bucket=settings.work_bucket,
        processed_bucket=settings.processed_bucket,
        log=log,
    )
    generated = [table for table in STAR_TABLES.values() if table.source is None]
    from_source = [table for table in STAR_TABLES.values() if table.source is not None]
    # Facts first: they take longest.
    from_source.sort(key=lambda table: table.kind is not Kind.FACT)
    side_by_side(
        lambda table: (stars.fact if table.kind is Kind.FACT else stars.dimension)(table),
        from_source,
    )
    for table in generated:
        stars.calendar(table)
    return stars.commit(settings.run_id)
