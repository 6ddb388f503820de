"""Every star table three times: made from changes, as Parquet files, in the warehouse."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION, FACT_DELETION, QUARANTINE, LakeTable
from totesys_etl.contracts.lake_tables import star as lake_table
from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.contracts.star_fingerprints import together
from totesys_etl.lake.audits import TableAudit
from totesys_etl.lake.commits import StarCommit
from totesys_etl.lake.star import read_star
from totesys_etl.log import Log
from totesys_etl.pipeline import laws
from totesys_etl.pipeline.comparison import (
    Side,
    difference,
    in_spark,
    in_spark_by_partition,
    in_warehouse,
)
from totesys_etl.pipeline.fold import Fold, current_versions
from totesys_etl.pipeline.parallel import side_by_side
from totesys_etl.star import calendar
from totesys_etl.warehouse.inspection import Inspection

LAKE, FOLD, WAREHOUSE = "the Parquet files", "the fold of all changes", "the warehouse"
REBUILD = "run `totesys rebuild --star --swap`"
BY_HAND = "find who changes rows there, then run `totesys rebuild --warehouse --swap`"


@dataclass
class TablesAudit:
    """Compares table by table and collects `differences`, one sentence each."""

    fold: Fold
    commit: StarCommit
    stars: Sequence[StarCommit]
    processed_bucket: str
    warehouse: Inspection
    log: Log
    differences: list[str] = field(default_factory=list)
    _frames: dict[str, DataFrame] = field(default_factory=dict)
    _listed: dict[str, dict[str, Side]] = field(default_factory=dict)
    _years: list[dict[int, calendar.Stamp]] = field(default_factory=list)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> dict[str, TableAudit]:
        """What was found of every table. The warehouse's one transaction is asked by one thread
        at a time, Spark by several."""
        for listing in (FACT_DELETION, DIM_DELETION, QUARANTINE):
            frame = self._frames[listing.name] = self._lake(listing)
            self._listed[listing.name] = in_spark_by_partition(LAKE, frame, listing)
        sourced = [table for table in STAR_TABLES.values() if table.source]
        sourced.sort(key=lambda table: table.kind is not Kind.FACT)
        rows = dict(zip([t.name for t in sourced], side_by_side(self._one, sourced), strict=True))
        for table in STAR_TABLES.values():
            if not table.source:
                rows[table.name] = self._one(table)
        self.differences += self.warehouse.key_differences()
        for fact, key, ids in self.warehouse.orphans():
            self.differences.append(
                f"{fact.name}: FOREIGN KEY {key} is broken, {fact.primary_key}"
                f" {', '.join(map(str, ids))} refer to nothing: {BY_HAND}"
            )
        return {name: rows[name] for name in STAR_TABLES}

    def _one(self, table: StarTable) -> TableAudit:
        with self.log.step("audited_table", table=table.name) as result:
            done = self._fact(table) if table.kind is Kind.FACT else self._dimension(table)
            result |= {"rows": done.rows, "current": done.current}
        return done

    def _fact(self, table: StarTable) -> TableAudit:
        shape = lake_table(table)
        made = self.fold.fact(table)
        lake = self._lake(shape)
        history = in_spark(LAKE, lake, shape.columns)
        versions = made.versions.persist()
        self._same(table.name, shape, in_spark(FOLD, versions, shape.columns), history, REBUILD)
        with self._one_at_a_time:
            self._years.append(calendar.years_referenced(table, versions))
        versions.unpersist()
        self._listed_same(FACT_DELETION, table, self.fold.fact_deletions(table))
        self._listed_same(QUARANTINE, table, made.quarantine)
        deleted = self._listed[FACT_DELETION.name][table.name]
        gone = self._frames[FACT_DELETION.name].where(f"fact_table = '{table.name}'")
        newest = in_spark(
            "the newest versions in the Parquet files",
            current_versions(table, lake, gone),
            table.columns,
        )
        with self._one_at_a_time:
            self._ids(table)
            wh = self.warehouse
            name = f"{table.name} with its events"
            there = in_warehouse(WAREHOUSE, wh, shape.columns, wh.versions(table))
            self._same(name, shape, history, there, BY_HAND)
            there = in_warehouse("its current view", wh, table.columns, wh.current(table))
            self._same(table.name, shape, newest, there, BY_HAND)
            for rows, what in (
                (wh.fact_deletions(table), "etl.fact_deletion"),
                (wh.delete_events(table), f"etl.{table.name}_event"),
            ):
                there = in_warehouse(what, wh, FACT_DELETION.columns, rows)
                self._same(f"deletions of {table.name}", FACT_DELETION, deleted, there, BY_HAND)
        return self._told(table, history, newest, deleted)

    def _dimension(self, table: StarTable) -> TableAudit:
        shape = lake_table(table)
        frame = self._lake(shape)
        if table.source:
            made = self.fold.dimension(table)
            self._listed_same(DIM_DELETION, table, self.fold.dim_deletions(table))
        else:
            made = self.fold.calendar(self._years)
        stamped = in_spark(LAKE, frame, shape.columns)
        self._same(table.name, shape, in_spark(FOLD, made, shape.columns), stamped, REBUILD)
        rows = in_spark(LAKE, frame, table.columns)
        deleted = self._listed[DIM_DELETION.name][table.name]
        with self._one_at_a_time:
            wh = self.warehouse
            there = in_warehouse(WAREHOUSE, wh, table.columns, wh.star(table))
            self._same(table.name, shape, rows, there, BY_HAND)
            there = in_warehouse(
                "etl.dim_deletion", wh, DIM_DELETION.columns, wh.dim_deletions(table)
            )
            self._same(f"deletions of {table.name}", DIM_DELETION, deleted, there, BY_HAND)
        return self._told(table, rows, rows, deleted)

    def _ids(self, table: StarTable) -> None:
        """Every record id exactly once, and no hole but quarantined ones."""
        key = table.primary_key
        doubled = self.warehouse.doubled(table)
        if doubled:
            ids = ", ".join(map(str, doubled))
            self.differences.append(f"{table.name}: {key} {ids} more than once: {BY_HAND}")
        quarantine = self._frames[QUARANTINE.name].where(f"star_table = '{table.name}'")
        kept_out = {row[0] for row in quarantine.select("record_id").distinct().collect()}
        counted = laws.quarantined(self.stars, table.name)
        if len(kept_out) != counted:
            self.differences.append(
                f"{table.name}: {len(kept_out)} versions in quarantine, commits count {counted}:"
                f" {REBUILD}"
            )
        through = self.commit.versions[table.name]
        holes = set(self.warehouse.holes(table, through, limit=len(kept_out) + 100))
        odd = sorted(holes ^ kept_out)
        if odd:
            ids = ", ".join(map(str, odd[:3]))
            self.differences.append(
                f"{table.name}: {key} {ids} missing without being in quarantine, or there although"
                f" in quarantine ({len(odd)} in all): {BY_HAND}"
            )

    def _lake(self, table: LakeTable) -> DataFrame:
        partitions = self.commit.tables[table.name].partitions
        return read_star(self.fold.spark, self.processed_bucket, table, partitions)

    def _listed_same(self, listing: LakeTable, table: StarTable, made: DataFrame) -> None:
        right = in_spark(FOLD, made, listing.columns)
        name = f"{listing.name} of {table.name}"
        self._same(name, listing, right, self._listed[listing.name][table.name], REBUILD)

    def _same(self, name: str, table: LakeTable, right: Side, other: Side, advice: str) -> None:
        found = difference(name, table.columns[0], right, other, advice)
        if found:
            self.differences.append(found)

    def _told(self, table: StarTable, rows: Side, current: Side, deleted: Side) -> TableAudit:
        everything, newest = together(rows.ranges), together(current.ranges)
        is_fact = table.kind is Kind.FACT
        return TableAudit(
            rows=everything[0],
            fingerprint=str(everything[1]),
            current=newest[0],
            current_fingerprint=str(newest[1]),
            deleted=together(deleted.ranges)[0],
            quarantined=laws.quarantined(self.stars, table.name) if is_fact else 0,
        )
