"""What a run of the ingest tells CloudWatch: changes, and how old every proof is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import boto3

from totesys_etl import metrics
from totesys_etl.job import Log, now
from totesys_etl.lake import audits
from totesys_etl.lake.commits import CommitLog, RawCommit
from totesys_etl.lake.freshness import lag_seconds
from totesys_etl.lake.loaded import loaded_log
from totesys_etl.metrics import Metric

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def publish_metrics(
    processed_bucket: str,
    commits: CommitLog[RawCommit],
    commit: RawCommit | None,
    captured_at: datetime,
    log: Log,
) -> None:
    """Sends what a run knows, one that changed nothing too.

    `commit` is what it committed, `captured_at` the source's clock in its certificate.
    """
    s3 = boto3.client("s3")
    moment = now()
    mark = loaded_log(s3, processed_bucket).head()
    through = mark.raw_through if mark else 0
    lag = lag_seconds(s3, commits, through, captured_at, moment)
    source = minutes_between(captured_at, moment)
    warehouse = minutes_since_audit(s3, processed_bucket, commits, moment)
    changed = {
        name: table.inserted + table.updated + table.deleted
        for name, table in (commit.tables.items() if commit else ())
        if table.changes
    }
    metrics.put(
        boto3.client("cloudwatch"),
        Metric(metrics.LAG, lag, "Seconds"),
        Metric(metrics.SOURCE_VERIFIED, source, "None"),
        Metric(metrics.WAREHOUSE_VERIFIED, warehouse, "None"),
        *(Metric(metrics.CHANGED, rows, "Count", {"Table": t}) for t, rows in changed.items()),
    )
    log(
        "freshness",
        warehouse_lag_seconds=round(lag, 3),
        loaded_through=through,
        source_verified_minutes=round(source, 2),
        warehouse_verified_minutes=round(warehouse, 2),
    )


def minutes_since_audit(
    s3: S3Client, processed_bucket: str, commits: CommitLog[RawCommit], moment: datetime
) -> float:
    """Minutes since the newest audit; before the first one since the first batch was captured, so
    that a new deployment is not late on its first day."""
    audited = audits.audited_at(s3, processed_bucket, moment)
    if audited is None:
        audited = commits.read(1).captured_at if commits.head_number() else moment
    return minutes_between(audited, moment)


def minutes_between(earlier: datetime, later: datetime) -> float:
    return max(0.0, (later - earlier).total_seconds() / 60)
