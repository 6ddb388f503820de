"""One batch in the making: its number and instant, each table's files, and the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from totesys_etl import capture
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.canonical import range_name
from totesys_etl.contracts.model import Kind, SourceTable
from totesys_etl.contracts.version import contract_version
from totesys_etl.errors import (
    CertificateFailed,
    ContractChanged,
    MassDelete,
    SourceReplaced,
    SourceWentBack,
)
from totesys_etl.lake.changes import write_changes
from totesys_etl.lake.commits import KeyRange, RawCommit, RawTable
from totesys_etl.lake.current import read_current, write_current
from totesys_etl.lake.files import DataFile
from totesys_etl.source.snapshot import Fingerprint, Snapshot

MASS_DELETE_ROWS = 100
"""A table may lose this many rows, or half of its rows, without being asked about."""


@dataclass(frozen=True)
class Spooled:
    """What one table's snapshot came to; enough to write without the source.

    `changes` (columns of `lake_tables.changes`) is cached; `fingerprints` are the source's own,
    by key range, at the snapshot.
    """

    table: SourceTable
    changes: DataFrame
    summary: capture.Summary
    fingerprints: Mapping[int, Fingerprint]
    extra_columns: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """The batch after `head` (None: the first), taken at one snapshot of the source."""

    head: RawCommit | None
    number: int
    captured_at: datetime
    system_identifier: str
    database: str
    pg_snapshot: str

    @classmethod
    def after(cls, head: RawCommit | None, snapshot: Snapshot) -> Batch:
        """The batch that `snapshot` makes on top of `head`.

        Raises SourceReplaced when the snapshot is of another database system, SourceWentBack when
        it does not advance on the head's (DESIGN: order).
        """
        captured_at = snapshot.captured_at
        if head is not None:
            _check_same_source(head, snapshot)
            captured_at = max(captured_at, head.captured_at + timedelta(milliseconds=1))
        return cls(
            head=head,
            number=head.batch + 1 if head else 1,
            captured_at=captured_at,
            system_identifier=snapshot.identity.system_identifier,
            database=snapshot.identity.database,
            pg_snapshot=snapshot.pg_snapshot,
        )

    @property
    def ingest_date(self) -> str:
        """Partition of the changes: the UTC day of `captured_at`."""
        return self.captured_at.date().isoformat()

    def previous(self, table: SourceTable) -> RawTable | None:
        """The table as the head has it."""
        return self.head.tables[table.name] if self.head else None

    def commit(self, states: Mapping[str, RawTable], run_id: str) -> RawCommit:
        """The commit object of this batch."""
        return RawCommit(
            batch=self.number,
            run_id=run_id,
            captured_at=self.captured_at,
            ingest_date=self.ingest_date,
            system_identifier=self.system_identifier,
            database=self.database,
            pg_snapshot=self.pg_snapshot,
            tables=dict(states),
        )


def spool(
    batch: Batch, table: SourceTable, snapshot: Snapshot, spark: SparkSession, work_bucket: str
) -> Spooled:
    """Reads the table whole at the snapshot and keeps its difference to the current rows.

    The one Spark action is the summary; it fills the cache of `changes`, so the snapshot can be
    released before a file is written.
    """
    previous = batch.previous(table)
    if previous is not None and previous.contract != contract_version(table):
        raise ContractChanged(
            f"{table.name}: the lake was written by contract {previous.contract}, this wheel has "
            f"{contract_version(table)}: deploy the wheel that wrote batch {batch.number - 1}, or "
            "start a new lake"
        )
    current = (
        read_current(spark, work_bucket, table, previous.current)
        if previous is not None and previous.current
        else None
    )
    changes = capture.difference(current, snapshot.read(table), table, batch.captured_at).persist()
    summary = capture.summary(changes, table, versioned_columns(table))
    return Spooled(table, changes, summary, snapshot.fingerprints(table), ())


def versioned_columns(table: SourceTable) -> frozenset[str]:
    """The columns whose change makes a fact version; empty for a table that feeds no fact."""
    return frozenset().union(
        *(
            star.mapped_columns
            for star in STAR_TABLES.values()
            if star.kind is Kind.FACT and star.source == table.name
        )
    )


def guard(batch: Batch, spooled: Spooled, allowed: frozenset[str]) -> None:
    """Refuses the loss of all, or of more than half and more than 100, of a table's rows."""
    previous = batch.previous(spooled.table)
    if previous is None or spooled.table.name in allowed:
        return
    lost = spooled.summary.deleted
    left = previous.live - lost + spooled.summary.inserted
    emptied = previous.live > 0 and left == 0
    if emptied or (lost > MASS_DELETE_ROWS and 2 * lost > previous.live):
        raise MassDelete(
            f"{spooled.table.name} lost {lost} of {previous.live} rows since batch "
            f"{batch.number - 1}: nothing was committed. If the source is right, run the job once "
            f"with --allow_mass_delete={spooled.table.name}; if not, mend the source and run again"
        )


def write(
    batch: Batch, spooled: Spooled, spark: SparkSession, raw_bucket: str, work_bucket: str
) -> RawTable:
    """Writes changes and the current ranges they touch; returns the table's part of the commit."""
    table, summary = spooled.table, spooled.summary
    previous = batch.previous(table)
    ranges: dict[str, KeyRange] = dict(previous.current) if previous else {}
    changes: tuple[DataFile, ...] = ()
    if summary.changed:
        touched = {range_name(n) for n in summary.ranges}
        changes = write_changes(
            spooled.changes,
            bucket=raw_bucket,
            table=table,
            ingest_date=batch.ingest_date,
            batch=batch.number,
        )
        kept = {name: part for name, part in ranges.items() if name in touched}
        current = read_current(spark, work_bucket, table, kept) if kept else None
        rows = capture.apply(current, spooled.changes, table, batch.number)
        ranges |= write_current(rows, spark=spark, bucket=work_bucket, table=table)
    return RawTable(
        contract=contract_version(table),
        columns_seen=(*table.column_names, *spooled.extra_columns),
        inserted=summary.inserted,
        updated=summary.updated,
        deleted=summary.deleted,
        versions=(previous.versions if previous else 0) + summary.versions,
        live=(previous.live if previous else 0) + summary.inserted - summary.deleted,
        changes=changes,
        current=ranges,
    )


def verify(batch: Batch, spooled: Spooled, state: RawTable) -> None:
    """Source and lake agree in every key range, or CertificateFailed.

    The source's fingerprints were computed by PostgreSQL at the snapshot, the lake's from the
    files as they were read back.
    """
    source = {range_name(n): (f.rows, f.total) for n, f in spooled.fingerprints.items()}
    lake = {name: (r.live, r.fingerprint) for name, r in state.current.items() if r.live}
    differing = sorted(n for n in source.keys() | lake.keys() if source.get(n) != lake.get(n))
    if differing:
        shown = "; ".join(
            f"range {n}: source {source.get(n, (0, 0))[0]} rows, lake {lake.get(n, (0, 0))[0]} rows"
            for n in differing[:3]
        )
        raise CertificateFailed(
            f"{spooled.table.name}: {len(differing)} key range(s) differ from the source after "
            f"batch {batch.number} was written ({shown}): nothing was committed, run the job again;"
            " if it happens twice, the current rows in the work bucket are damaged"
        )


def _check_same_source(head: RawCommit, snapshot: Snapshot) -> None:
    identity = snapshot.identity
    if (identity.system_identifier, identity.database) != (head.system_identifier, head.database):
        raise SourceReplaced(
            f"connected to database {identity.database} of system {identity.system_identifier}, "
            f"but batch {head.batch} was read from {head.database} of {head.system_identifier}: "
            "correct the connection's URL, or give a new source a lake of its own"
        )
    if not _advances(head.pg_snapshot, snapshot.pg_snapshot):
        raise SourceWentBack(
            f"snapshot {snapshot.pg_snapshot} is older than {head.pg_snapshot} of batch "
            f"{head.batch}: the source was restored from a backup or is a lagging replica. Wait "
            "for the replica, or give the restored source a lake of its own"
        )


def _advances(before: str, now: str) -> bool:
    """True if snapshot `now` (xmin:xmax:xip) sees at least what `before` saw."""
    xmin_before, xmax_before = _horizon(before)
    xmin_now, xmax_now = _horizon(now)
    return xmin_now >= xmin_before and xmax_now >= xmax_before


def _horizon(snapshot: str) -> tuple[int, int]:
    xmin, xmax, _ = snapshot.split(":", 2)
    return int(xmin), int(xmax)


def report(spooled: Spooled) -> dict[str, Any]:
    """Counts of one table for the log."""
    s = spooled.summary
    return {"inserted": s.inserted, "updated": s.updated, "deleted": s.deleted}
