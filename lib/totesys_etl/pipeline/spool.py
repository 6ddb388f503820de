"""What needs the source: each table's difference at the snapshot, kept so that it can be written
after the source has been released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from totesys_etl import capture
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.canonical import range_name
from totesys_etl.contracts.model import Kind, SourceTable
from totesys_etl.contracts.version import contract_version
from totesys_etl.errors import ContractChanged
from totesys_etl.lake.commits import RawTable
from totesys_etl.lake.current import read_current
from totesys_etl.pipeline.batch import Batch
from totesys_etl.source.snapshot import Fingerprint, Snapshot


@dataclass(frozen=True)
class Spooled:
    """What one table's snapshot came to; enough to write without the source.

    `changes` (columns of `lake_tables.changes`) is cached, None where no key range differs;
    `fingerprints` are the source's own, by key range, at the snapshot.
    """

    table: SourceTable
    changes: DataFrame | None
    summary: capture.Summary
    fingerprints: Mapping[int, Fingerprint]
    extra_columns: tuple[str, ...]


@dataclass(frozen=True)
class Spooler:
    """Spools tables of one snapshot.

    PostgreSQL reads every table whole for its fingerprints. Rows are compared in the key ranges
    whose fingerprints differ from the lake's; with `whole`, in all.
    """

    batch: Batch
    snapshot: Snapshot
    spark: SparkSession
    work_bucket: str
    whole: bool

    def spool(self, table: SourceTable, extra_columns: tuple[str, ...]) -> Spooled:
        """The difference of one table; ContractChanged when the lake has another contract's rows.

        The one Spark action is the summary; it fills the cache of `changes`.
        """
        previous = self.batch.previous(table)
        _check_contract(table, previous, self.batch.number)
        fingerprints = self.snapshot.fingerprints(table)
        changes = self._difference(table, previous, fingerprints)
        if changes is None:
            return Spooled(table, None, capture.UNCHANGED, fingerprints, extra_columns)
        changes = changes.persist()
        summary = capture.summary(changes, table, versioned_columns(table))
        return Spooled(table, changes, summary, fingerprints, extra_columns)

    def _difference(
        self,
        table: SourceTable,
        previous: RawTable | None,
        fingerprints: Mapping[int, Fingerprint],
    ) -> DataFrame | None:
        captured_at = self.batch.captured_at
        if previous is None or not previous.current:
            if not fingerprints:
                return None
            return capture.difference(None, self.snapshot.read(table), table, captured_at)
        if self.whole:
            rows, names = self.snapshot.read(table), frozenset(previous.current)
        else:
            differing = differing_ranges(previous, fingerprints)
            if not differing:
                return None
            rows = self.snapshot.read_ranges(table, differing)
            names = frozenset(map(range_name, differing))
        current = read_current(self.spark, self.work_bucket, table, previous.current, only=names)
        return capture.difference(current, rows, table, captured_at)


def differing_ranges(previous: RawTable, fingerprints: Mapping[int, Fingerprint]) -> frozenset[int]:
    """Key ranges in which source and lake do not have the same live rows."""
    lake = {int(n): (r.live, r.fingerprint) for n, r in previous.current.items() if r.live}
    source = {n: (f.rows, f.total) for n, f in fingerprints.items()}
    return frozenset(n for n in lake.keys() | source.keys() if lake.get(n) != source.get(n))


def versioned_columns(table: SourceTable) -> frozenset[str]:
    """The columns whose change makes a fact version; empty for a table that feeds no fact."""
    return frozenset().union(
        *(
            star.mapped_columns
            for star in STAR_TABLES.values()
            if star.kind is Kind.FACT and star.source == table.name
        )
    )


def _check_contract(table: SourceTable, previous: RawTable | None, batch: int) -> None:
    if previous is not None and previous.contract != contract_version(table):
        raise ContractChanged(
            f"{table.name}: the lake was written by contract {previous.contract}, this wheel has "
            f"{contract_version(table)}: deploy the wheel that wrote batch {batch - 1}, or start "
            "a new lake"
        )
