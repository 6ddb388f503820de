"""What needs the source: each table's difference at the snapshot, kept so that it can be written
after the source has been released."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Kind, SourceTable
from totesys_etl.fingerprints.canonical import range_name
from totesys_etl.fingerprints.intervals import KeyInterval, of_ranges, of_slices
from totesys_etl.ingest import diff
from totesys_etl.ingest.batch import Batch
from totesys_etl.ingest.bookmark import BookmarkKeys
from totesys_etl.ingest.snapshot import Fingerprint, Snapshot
from totesys_etl.lake.commits import RawTable
from totesys_etl.lake.current import read_current, read_keys, slice_fingerprints
from totesys_etl.lake.files import reraise_executor_errors

DRILL_ROWS = 10_000
"""A difference in so many rows or fewer is looked for in all of them: a drill-down is a query and a
Spark action of its own."""


@dataclass(frozen=True)
class TableChanges:
    """One table's changes at the snapshot; enough to write without the source.

    `changes` (columns of `lake_tables.changes`) is cached, None where no key range differs;
    `fingerprints` are the source's own, by key range, at the snapshot; `fetched` rows were read
    from the source to find the changes.
    """

    table: SourceTable
    changes: DataFrame | None
    summary: diff.Summary
    fingerprints: Mapping[int, Fingerprint]
    extra_columns: tuple[str, ...]
    fetched: int


@dataclass(frozen=True)
class ChangeDetector:
    """Spools tables of one snapshot.

    PostgreSQL reads every table whole for its fingerprints. The key ranges whose fingerprints
    differ from the lake's, and those the bookmark's candidates lie in, are drilled down to slices
    at the same snapshot, and only the rows of slices that differ are fetched and compared; with
    `whole`, the rows of all.
    """

    batch: Batch
    snapshot: Snapshot
    spark: SparkSession
    work_bucket: str
    whole: bool

    def spool(
        self, table: SourceTable, candidates: BookmarkKeys, extra_columns: tuple[str, ...]
    ) -> TableChanges:
        """The difference of one table, whose rows in the lake have the contract's shape.

        The summary's Spark action fills the cache of `changes`.
        """
        previous = self.batch.previous(table)
        fingerprints = self.snapshot.fingerprints(table)
        found = self._difference(table, previous, fingerprints, candidates)
        if found is None:
            return TableChanges(table, None, diff.UNCHANGED, fingerprints, extra_columns, fetched=0)
        rows, fetched = found
        changes = rows.persist()
        named = () if self.batch.head is None else candidates.few or ()
        with reraise_executor_errors():
            summary = diff.summary(changes, table, versioned_columns(table), named)
        return TableChanges(table, changes, summary, fingerprints, extra_columns, fetched)

    def _difference(
        self,
        table: SourceTable,
        previous: RawTable | None,
        fingerprints: Mapping[int, Fingerprint],
        candidates: BookmarkKeys,
    ) -> tuple[DataFrame, int] | None:
        """The changes (lazy) and how many rows of the source they are found in; None: no range
        or slice differs."""
        captured_at = self.batch.captured_at
        everything = sum(f.rows for f in fingerprints.values())
        if previous is None or not previous.current:
            if not fingerprints:
                return None
            rows = self.snapshot.read(table)
            return diff.difference(None, rows, table, captured_at), everything
        if self.whole:
            current = read_current(self.spark, self.work_bucket, table, previous.current)
            rows = self.snapshot.read(table)
            return diff.difference(current, rows, table, captured_at), everything
        suspect = differing_ranges(previous, fingerprints) | candidates.ranges()
        if not suspect:
            return None
        keys, fetched = (
            of_ranges(suspect),
            sum(fingerprints[n].rows for n in suspect if n in fingerprints),
        )
        if fetched > DRILL_ROWS:
            keys, fetched = self._drill_down(table, previous, suspect)
            if not keys:
                return None
        rows = self.snapshot.read_keys(table, keys)
        current = read_keys(self.spark, self.work_bucket, table, previous.current, keys)
        return diff.difference(current, rows, table, captured_at), fetched

    def _drill_down(
        self, table: SourceTable, previous: RawTable, ranges: Collection[int]
    ) -> tuple[tuple[KeyInterval, ...], int]:
        """The keys to compare in `ranges`, and how many rows the source has there."""
        names = frozenset(map(range_name, ranges))
        lake = slice_fingerprints(self.spark, self.work_bucket, table, previous.current, names)
        slices = self.snapshot.slice_fingerprints(table, ranges)
        source = {n: (f.rows, f.total) for n, f in slices.items()}
        keys = of_slices([n for n in lake.keys() | source.keys() if lake.get(n) != source.get(n)])
        fetched = sum(slices[n].rows for i in keys for n in i.slices if n in slices)
        return keys, fetched


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
