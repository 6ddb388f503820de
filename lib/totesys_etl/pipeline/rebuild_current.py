"""Rebuild of the current rows: the fold of all changes, compared with what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl import capture
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.canonical import RANGE_SIZE
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import CertificateFailed, CommitMissing, CommitTaken
from totesys_etl.lake import certificates, rebuilds
from totesys_etl.lake.catalog import publish_raw
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import CURRENT, CommitLog, KeyRange, RawCommit, RawTable, raw_log
from totesys_etl.lake.content import Content, content, differing, differing_keys, named, whole
from totesys_etl.lake.current import measure, read_current, write_current
from totesys_etl.lake.rebuilds import COMPARE, SWAP, Rebuilt, RebuiltTable
from totesys_etl.log import Log
from totesys_etl.pipeline import arguments
from totesys_etl.pipeline.batch import check_tables
from totesys_etl.pipeline.parallel import side_by_side
from totesys_etl.pipeline.worker_disk import worker_disk

ATTEMPTS = 3
UNREADABLE = (CommitMissing, Py4JJavaError, PySparkException)
"""What Spark says of a file that is gone or damaged: the one when it plans, the others when it
reads."""


@dataclass(frozen=True)
class RebuildCurrentSettings:
    """Arguments of job `rebuild_current`."""

    job_name: str
    run_id: str
    raw_bucket: str
    work_bucket: str
    raw_database: str
    rebuild: str

    @classmethod
    def from_arguments(cls, args: Mapping[str, Any]) -> RebuildCurrentSettings:
        """Settings from getResolvedOptions' result; SettingInvalid for a wrong one."""
        return cls(
            job_name=arguments.text(args, "JOB_NAME"),
            run_id=arguments.run_id(args),
            raw_bucket=arguments.text(args, "raw_bucket"),
            work_bucket=arguments.text(args, "work_bucket"),
            raw_database=arguments.text(args, "raw_database"),
            rebuild=rebuilds.mode(str(args.get("rebuild") or COMPARE)),
        )


@worker_disk()
def rebuild_current(
    spark: SparkSession,
    settings: RebuildCurrentSettings,
    tables: Mapping[str, SourceTable] = SOURCE_TABLES,
) -> Rebuilt:
    """Proves that the current rows are the fold of all changes; with `swap` makes them so.

    What is written anew becomes a raw commit of kind CURRENT: new files, no changes. Raises
    RebuildDiffers, CertificateFailed when the raw bucket contradicts itself, CommitMissing.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    raw = raw_log(s3, settings.raw_bucket)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            report = _attempt(spark, settings, tables, raw, log)
            break
        except CommitTaken as lost:
            log("attempt_lost", attempt=attempt, reason=f"{type(lost).__name__}: {lost}")
            if attempt == ATTEMPTS:
                raise
    rebuilds.write(s3, settings.work_bucket, report)
    if report.swapped:
        with log.step("published", database=settings.raw_database) as result:
            glue = boto3.client("glue")
            result |= asdict(
                publish_raw(glue, raw, settings.raw_database, settings.raw_bucket, tables)
            )
    report.prove()
    return report


@dataclass(frozen=True)
class _Table:
    """One table's current rows made anew. `stale`: ranges in service that are not so."""

    table: SourceTable
    state: RawTable
    folded: DataFrame
    parts: Mapping[str, Content]
    stale: tuple[str, ...]
    difference: str

    @property
    def report(self) -> RebuiltTable:
        made = whole(self.parts)
        return RebuiltTable(made.rows, f"{made.total % 2**64:016x}", self.difference)


def _attempt(
    spark: SparkSession,
    settings: RebuildCurrentSettings,
    tables: Mapping[str, SourceTable],
    raw: CommitLog[RawCommit],
    log: Log,
) -> Rebuilt:
    head = raw.head()
    if head is None:
        raise CommitMissing(
            f"bucket {settings.raw_bucket} holds no batch yet: run workflow totesys_ingest"
        )
    check_tables(f"batch {head.batch}", head.tables, tables, tables)
    commits = list(raw.range(1, head.batch))
    folded: dict[str, DataFrame] = {}

    def one(table: SourceTable) -> _Table:
        with log.step("folded", table=table.name, batch=head.batch) as result:
            changes = read_changes(spark, settings.raw_bucket, table, commits)
            folded[table.name] = capture.fold(changes, table).persist()
            made = _compared(spark, settings.work_bucket, table, head, folded[table.name])
            result |= {"rows": made.report.rows, "stale": len(made.stale)}
        return made

    try:
        made = side_by_side(one, tables.values())
        swap = settings.rebuild == SWAP and any(each.stale for each in made)
        if swap:
            states = dict(head.tables)
            for each in made:
                if each.stale:
                    states[each.table.name] = _written(settings.work_bucket, each, log)
            commit = _commit(head, states, settings)
            raw.append(commit.batch, commit)
            log("committed", batch=commit.batch, captured_at=commit.captured_at)
    finally:
        # Or the next attempt of this session would find the same files in the cache.
        for rows in folded.values():
            rows.unpersist()
    reports = {each.table.name: each.report for each in made}
    return Rebuilt(settings.run_id, "current", head.batch, swap, reports)


def _compared(
    spark: SparkSession, bucket: str, table: SourceTable, head: RawCommit, folded: DataFrame
) -> _Table:
    state = head.tables[table.name]
    parts = content(folded, _range(table))
    stored: DataFrame | None = None
    try:
        stored = read_current(spark, bucket, table, state.current)
        stale = tuple(differing(parts, content(stored, _range(table))))
        keys = differing_keys(folded, stored, table.primary_key) if stale else []
        difference = f"range {', '.join(stale[:3])}: {named(table.primary_key, keys)}"
    except UNREADABLE as error:
        stored, stale = None, tuple(parts)
        difference = f"its files cannot be read ({str(error).strip().splitlines()[0]})"
    try:
        _check_certified(table, head, folded, stored)
    except CertificateFailed:
        # The next attempt in this session must read the changes again, restored ones perhaps.
        folded.unpersist()
        raise
    return _Table(table, state, folded, parts, stale, difference if stale else "")


def _check_certified(
    table: SourceTable, head: RawCommit, folded: DataFrame, stored: DataFrame | None
) -> None:
    """The changes come to the counts and fingerprints that the newest commit holds, which were
    the source's: or the raw bucket contradicts itself, and nothing may be made from it."""
    found = measure(folded, table)
    certified = {
        name: (r.rows, r.live, r.fingerprint) for name, r in head.tables[table.name].current.items()
    }
    wrong = sorted(n for n in found.keys() | certified.keys() if found.get(n) != certified.get(n))
    if wrong:
        keys = differing_keys(folded, stored, table.primary_key) if stored is not None else []
        raise CertificateFailed(
            f"{table.name}: the changes of batches 1 to {head.batch} do not come to what batch "
            f"{head.batch} certified in range {', '.join(wrong[:3])}; they differ from the current "
            f"rows in {named(table.primary_key, keys)}: an object in the raw bucket is not what "
            "was written, restore its version"
        )


def _written(bucket: str, made: _Table, log: Log) -> RawTable:
    """The stale ranges in new files."""
    with log.step("written_anew", table=made.table.name) as result:
        rows = made.folded.where(_range(made.table).isin(*made.stale))
        ranges: dict[str, KeyRange] = dict(made.state.current)
        ranges |= write_current(rows, bucket=bucket, table=made.table)
        result |= {"ranges": len(made.stale)}
    return replace(made.state, current=ranges)


def _commit(
    head: RawCommit, states: Mapping[str, RawTable], settings: RebuildCurrentSettings
) -> RawCommit:
    """The same source at the same snapshot: no change, only where current rows lie.

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


def _range(table: SourceTable) -> Column:
    return F.format_string("%05d", F.floor(F.col(table.primary_key) / F.lit(RANGE_SIZE)))
