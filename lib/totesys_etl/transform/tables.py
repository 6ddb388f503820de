"""The star tables of one processed commit, table by table, as they are written."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.lake_tables import (
    DIM_DELETION,
    FACT_DELETION,
    QUARANTINE,
    LakeTable,
)
from totesys_etl.contracts.lake_tables import star as lake_table
from totesys_etl.contracts.model import StarTable
from totesys_etl.errors import CertificateFailed
from totesys_etl.job import Log
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import RawCommit, RawTable, StarCommit, StarPartition, StarTableState
from totesys_etl.lake.current import read_current
from totesys_etl.lake.star import measure, read_star, write_star
from totesys_etl.transform import calendar, dimensions, facts
from totesys_etl.transform.contracts import star_contracts


@dataclass(frozen=True)
class Pending:
    """The raw commits to transform, in order, and the processed commit they come after."""

    head: StarCommit | None
    commits: tuple[RawCommit, ...]

    @property
    def number(self) -> int:
        return self.head.number + 1 if self.head else 1

    @property
    def newest(self) -> RawCommit:
        return self.commits[-1]

    def changed(self, source: str) -> bool:
        """True if any of the batches changed source table `source`."""
        return any(t.inserted or t.updated or t.deleted for t in self._states(source))

    def deleted(self, source: str) -> int:
        """Deletes of `source` in the batches."""
        return sum(t.deleted for t in self._states(source))

    def versions_before(self, table: StarTable) -> int:
        return self.head.versions[table.name] if self.head else 0

    def state(self, table: str) -> StarTableState:
        """The table as the head has it; empty before the first commit."""
        if self.head is None:
            return StarTableState(partitions={}, rewritten=(), added=0, quarantined=0, rows=0)
        return self.head.tables[table]

    def _states(self, source: str) -> list[RawTable]:
        """The source table in every batch that has it: a table may be newer than the lake."""
        return [c.tables[source] for c in self.commits if source in c.tables]


@dataclass
class Stars:
    """Builds the states of all star tables.

    Facts and dimensions may be built side by side; the calendar comes last, because the facts say
    which days are needed.
    """

    spark: SparkSession
    pending: Pending
    raw_bucket: str
    work_bucket: str
    processed_bucket: str
    log: Log
    states: dict[str, StarTableState] = field(default_factory=dict)
    years: dict[int, calendar.Stamp] = field(default_factory=dict)
    _shared: threading.Lock = field(default_factory=threading.Lock)

    def commit(self, run_id: str) -> StarCommit:
        """The commit object; every table stands in it, untouched ones as the head had them."""
        newest = self.pending.newest
        names = [*STAR_TABLES, FACT_DELETION.name, DIM_DELETION.name, QUARANTINE.name]
        untouched = {n: _carried(self.pending.state(n)) for n in names}
        return StarCommit(
            number=self.pending.number,
            run_id=run_id,
            raw_from=self.pending.commits[0].batch,
            raw_through=newest.batch,
            captured_at=newest.captured_at,
            versions={
                t.name: newest.tables[t.source].versions
                for t in STAR_TABLES.values()
                if t.source and t.primary_key != t.business_key
            },
            contracts=star_contracts(),
            tables=untouched | self.states,
        )

    def fact(self, table: StarTable) -> None:
        """New versions into the months they belong to; deletions; quarantine."""
        source = str(table.source)
        if not self.pending.changed(source):
            return
        with self.log.step("fact", table=table.name) as result:
            changes = self._changes(source)
            before = self.pending.versions_before(table)
            made = facts.fact_versions(table, changes, before)
            _check_count(table, made.count, self.pending.newest.tables[source].versions - before)
            versions = made.versions.persist()
            state = self._append(lake_table(table), versions)
            _check_count(table, state.added + made.quarantined, made.count)
            stored = sum(part.rows for part in state.written.values())
            _check_count(table, stored + made.quarantined, made.count)
            self.states[table.name] = replace(state, quarantined=made.quarantined)
            years = calendar.years_referenced(table, versions)
            versions.unpersist()
            with self._shared:
                self.years = calendar.merged([self.years, years])
                if made.quarantined:
                    self._merge(QUARANTINE, made.quarantine)
                if self.pending.deleted(source):
                    self._merge(FACT_DELETION, facts.fact_deletions(table, changes))
            result |= {"added": state.added, "quarantined": made.quarantined}

    def dimension(self, table: StarTable) -> None:
        """Latest values of every key ever seen, in the ranges that anything touched."""
        source = str(table.source)
        touched_sources = [s for s in table.source_tables if self.pending.changed(s)]
        if not touched_sources:
            return
        with self.log.step("dimension", table=table.name) as result:
            newest = self.pending.newest
            changes = {s: self._changes(s) for s in touched_sources}
            current = {
                s: read_current(
                    self.spark, self.work_bucket, SOURCE_TABLES[s], newest.tables[s].current
                )
                for s in table.source_tables
            }
            ranges = dimensions.touched_ranges(table, changes, current)
            current[source] = read_current(
                self.spark,
                self.work_bucket,
                SOURCE_TABLES[source],
                newest.tables[source].current,
                only=ranges,
            )
            rows = dimensions.dimension_rows(table, current)
            self.states[table.name] = self._replace(lake_table(table), rows)
            if source in changes:
                with self._shared:
                    self._dim_deletions(table, changes[source])
            result |= {"ranges": len(ranges), "rows": self.states[table.name].added}
            if table.name == "dim_currency":
                result["unknown_currency_codes"] = dimensions.unknown_currencies(rows)

    def calendar(self, table: StarTable) -> None:
        """The years that any version refers to and the table does not have yet; after the facts."""
        present = {int(year) for year in self.pending.state(table.name).partitions}
        missing = calendar.years_needed(present, self.years)
        if not missing:
            return
        with self.log.step("dimension", table=table.name) as result:
            rows = calendar.calendar(self.spark, missing)
            self.states[table.name] = self._replace(lake_table(table), rows)
            result["years"] = sorted(missing)

    def _changes(self, source: str) -> DataFrame:
        return read_changes(
            self.spark, self.raw_bucket, SOURCE_TABLES[source], self.pending.commits
        )

    def _append(self, table: LakeTable, rows: DataFrame) -> StarTableState:
        """Adds rows to their partitions: the touched ones are written again, old rows and new."""
        state = self.states.get(table.name) or _carried(self.pending.state(table.name))
        key = table.partition_keys[0].name
        touched = {r[0] for r in rows.select(key).distinct().collect()}
        kept = touched & state.partitions.keys()
        if kept:
            rows = rows.unionByName(self._stored(table, state, kept))
        return self._written(table, rows, state)

    def _stored(self, table: LakeTable, state: StarTableState, only: set[str]) -> DataFrame:
        return read_star(self.spark, self.processed_bucket, table, state.partitions, only=only)

    def _replace(self, table: LakeTable, rows: DataFrame) -> StarTableState:
        """Writes whole partitions that take the place of those of the same name."""
        return self._written(table, rows, _carried(self.pending.state(table.name)))

    def _written(
        self,
        table: LakeTable,
        rows: DataFrame,
        state: StarTableState,
        whole: frozenset[str] = frozenset(),
    ) -> StarTableState:
        """`state` with `rows` in place of their partitions; one of `whole` may become empty."""
        written = write_star(rows, bucket=self.processed_bucket, lake_table=table)
        stored = read_star(self.spark, self.processed_bucket, table, written)
        if table is not DIM_DELETION:  # its rows are a list that is always brought whole
            first, last = self.pending.commits[0].batch, self.pending.newest.batch
            stored = stored.where(F.col("batch").between(first, last))
        prints = measure(stored, table)
        empty = {name: StarPartition(files=(), rows=0) for name in whole - written.keys()}
        changed = {**written, **empty}
        before = sum(state.partitions[n].rows for n in changed if n in state.partitions)
        after = sum(part.rows for part in written.values())
        partitions = {**state.partitions, **changed}
        return StarTableState(
            partitions=partitions,
            rewritten=tuple(sorted({*state.rewritten, *changed})),
            added=state.added + after - before,
            quarantined=state.quarantined,
            rows=sum(part.rows for part in partitions.values()),
            written={**state.written, **prints},
        )

    def _merge(self, table: LakeTable, rows: DataFrame) -> None:
        self.states[table.name] = self._append(table, rows)

    def _dim_deletions(self, table: StarTable, changes: DataFrame) -> None:
        state = self.pending.state(DIM_DELETION.name)
        known = table.name in state.partitions
        if not known and not self.pending.deleted(str(table.source)):
            return
        listed = {table.name} & state.partitions.keys()
        previous = self._stored(DIM_DELETION, state, listed)
        now = dimensions.dim_deletions(table, previous, changes)
        written = self.states.get(DIM_DELETION.name) or _carried(state)
        self.states[DIM_DELETION.name] = self._written(
            DIM_DELETION, now, written, whole=frozenset({table.name})
        )


def _check_count(table: StarTable, found: int, expected: int) -> None:
    """The law versions = written + quarantined, and both = what the raw commits counted."""
    if found != expected:
        raise CertificateFailed(
            f"{table.name}: {found} versions where {expected} were expected: nothing was committed."
            " The changes of these batches do not agree with their commits; compare the raw bucket "
            "with `totesys batches`"
        )


def _carried(state: StarTableState) -> StarTableState:
    """The state as the next commit inherits it: nothing written, nothing added yet."""
    return replace(state, rewritten=(), added=0, quarantined=0, written={})
