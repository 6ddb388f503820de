"""Rebuild of the star tables: written again from all raw batches, compared, put in use.

New files, and one commit more that names them: log, catalogue and warehouse go on from where they
are. Before that commit the files, as read back, must be the replay of all changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import boto3
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from totesys_etl.audit.replay import Replay
from totesys_etl.audit.tables import LakeSides, replay_differences
from totesys_etl.contracts.lake_tables import DIM_DELETION
from totesys_etl.errors import CertificateFailed, CommitMissing
from totesys_etl.job import Log, explain_full_disk
from totesys_etl.lake.catalog import publish_star, star_shapes
from totesys_etl.lake.commits import (
    Fingerprint,
    RawCommit,
    StarCommit,
    StarTableState,
    raw_log,
    star_log,
)
from totesys_etl.lake.star import measure, read_star
from totesys_etl.transform.run import build, check_sources
from totesys_etl.transform.settings import TransformSettings
from totesys_etl.transform.tables import Pending


@explain_full_disk()
def rebuild_star(spark: SparkSession, settings: TransformSettings) -> StarCommit:
    """Write the star tables again and put them in use; return their commit.

    Raises:
        CommitMissing: there is no batch, or a file of changes is gone.
        CertificateFailed: the files are not the replay of all changes; nothing was committed.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    raw, star = raw_log(s3, settings.raw_bucket), star_log(s3, settings.processed_bucket)
    newest, head = raw.head(), star.head()
    if newest is None:
        raise CommitMissing(
            f"bucket {settings.raw_bucket} holds no batch yet: run workflow totesys_ingest"
        )
    check_sources(newest)
    batches = tuple(raw.range(1, newest.batch))
    with log.step("rebuilt", raw_through=newest.batch) as result:
        made = build(spark, settings, Pending(head=None, commits=batches), log)
        result["rows"] = sum(table.rows for table in made.tables.values())
    _compare(spark, settings, batches, made, log)
    commit = _next(spark, settings.processed_bucket, head, made)
    star.append(commit.number, commit)
    log("swapped", commit=commit.number, raw_through=commit.raw_through)
    with log.step("published", database=settings.star_database) as result:
        published = publish_star(
            boto3.client("glue"),
            star,
            settings.star_database,
            settings.processed_bucket,
            from_lost_lake=True,
        )
        result |= asdict(published)
    return commit


def _compare(
    spark: SparkSession,
    settings: TransformSettings,
    batches: tuple[RawCommit, ...],
    made: StarCommit,
    log: Log,
) -> None:
    lake = LakeSides(spark, settings.processed_bucket, made)
    found = replay_differences(lake, Replay(spark, settings.raw_bucket, batches), log)
    if found:
        raise CertificateFailed(
            f"the rebuilt star tables are not the replay of batches 1 to {batches[-1].batch}:"
            f" nothing was put in use. {'; '.join(found)}"
        )


def _next(
    spark: SparkSession, bucket: str, head: StarCommit | None, made: StarCommit
) -> StarCommit:
    """Return `made` as the commit after `head`: it brings the batches after the head's, if there
    are any, and the files of all."""
    if head is None:
        return made
    first = head.raw_through + 1
    brings = first <= made.raw_through
    shapes = {shape.name: shape for shape in star_shapes()}

    def written(name: str, table: StarTableState) -> Mapping[str, Fingerprint]:
        """Of the batches that the commit brings only; a list of deleted keys is brought whole."""
        if name == DIM_DELETION.name:
            return table.written
        rows = read_star(spark, bucket, shapes[name], table.partitions)
        return measure(rows.where(F.col("batch") >= first), shapes[name])

    def state(name: str, table: StarTableState) -> StarTableState:
        before = head.tables.get(name)
        return replace(
            table,
            rewritten=table.rewritten if brings else (),
            added=table.rows - (before.rows if before else 0),
            quarantined=_quarantined(made, name) - _quarantined(head, name),
            written=written(name, table) if brings else {},
        )

    tables = {name: state(name, table) for name, table in made.tables.items()}
    return replace(made, number=head.number + 1, raw_from=first, tables=tables)


def _quarantined(commit: StarCommit, name: str) -> int:
    """Return how many versions of fact `name` are in quarantine; 0 for other tables."""
    versions = commit.versions.get(name)
    return 0 if versions is None else versions - commit.tables[name].rows
