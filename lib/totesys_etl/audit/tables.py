"""Every star table in its three places: replayed from changes, as Parquet files, in the warehouse.

What is found is a sentence for each difference. The audit asks for both comparisons, a rebuild for
the one that concerns what it has just written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from totesys_etl.audit import invariants
from totesys_etl.audit.comparison import (
    Side,
    difference,
    in_spark,
    in_spark_by_partition,
    in_warehouse,
)
from totesys_etl.audit.replay import Replay, current_versions
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION, FACT_DELETION, QUARANTINE, LakeTable
from totesys_etl.contracts.lake_tables import star as lake_table
from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.fingerprints.star import together
from totesys_etl.job import Log, side_by_side
from totesys_etl.lake.audits import TableAudit
from totesys_etl.lake.commits import StarCommit
from totesys_etl.lake.star import read_star
from totesys_etl.load.run import ledger_entry
from totesys_etl.transform import calendar
from totesys_etl.warehouse.read import WarehouseReader

LAKE, REPLAY, WAREHOUSE = "the Parquet files", "the replay of all changes", "the warehouse"
REBUILD = "run `totesys rebuild --star --swap`"
BY_HAND = "find who changes rows there, then run `totesys rebuild --warehouse --swap`"


class LakeSides:
    """The star tables of `commit` as their files have them; every fingerprint is made once."""

    def __init__(self, spark: SparkSession, processed_bucket: str, commit: StarCommit) -> None:
        self._spark, self._bucket, self.commit = spark, processed_bucket, commit
        self._frames = {t.name: self.frame(t) for t in (FACT_DELETION, DIM_DELETION, QUARANTINE)}
        self._listed = {
            t.name: in_spark_by_partition(LAKE, self._frames[t.name], t)
            for t in (FACT_DELETION, DIM_DELETION, QUARANTINE)
        }
        self._sides: dict[tuple[str, str], Side] = {}

    def frame(self, table: LakeTable) -> DataFrame:
        """Return the rows of `table`."""
        partitions = self.commit.tables[table.name].partitions
        return read_star(self._spark, self._bucket, table, partitions)

    def listed(self, listing: LakeTable, table: StarTable) -> Side:
        """Return what `listing` (deletions, quarantine) holds of `table`."""
        return self._listed[listing.name][table.name]

    def stamped(self, table: StarTable) -> Side:
        """Return all rows, with batch and instants."""
        shape = lake_table(table)
        frame = self.frame(shape)
        return self._side("stamped", table, lambda: in_spark(LAKE, frame, shape.columns))

    def current(self, table: StarTable) -> Side:
        """Return the columns of the ERD: a fact's newest versions, a dimension's rows."""
        frame = self.frame(lake_table(table))
        if table.kind is Kind.DIMENSION:
            return self._side("current", table, lambda: in_spark(LAKE, frame, table.columns))
        gone = self._frames[FACT_DELETION.name].where(f"fact_table = '{table.name}'")
        newest = current_versions(table, frame, gone)
        name = "the newest versions in the Parquet files"
        return self._side("current", table, lambda: in_spark(name, newest, table.columns))

    def quarantined_ids(self, fact: StarTable) -> set[int]:
        """Return the record ids of `fact` whose versions are in quarantine."""
        rows = self._frames[QUARANTINE.name].where(f"star_table = '{fact.name}'")
        return {row[0] for row in rows.select("record_id").distinct().collect()}

    def _side(self, kind: str, table: StarTable, make: Callable[[], Side]) -> Side:
        if (kind, table.name) not in self._sides:
            self._sides[kind, table.name] = make()
        return self._sides[kind, table.name]


def replay_differences(lake: LakeSides, replay: Replay, log: Log) -> list[str]:
    """Return where the files are not what the changes, replayed, give."""
    return _ReplayComparison(lake, replay, log).run()


@dataclass
class _ReplayComparison:
    lake: LakeSides
    replay: Replay
    log: Log
    _found: list[str] = field(default_factory=list)
    _years: list[dict[int, calendar.Stamp]] = field(default_factory=list)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> list[str]:
        sourced = [table for table in STAR_TABLES.values() if table.source]
        # Facts first: they take longest, and say which days the calendar needs.
        sourced.sort(key=lambda table: table.kind is not Kind.FACT)
        side_by_side(self._one, sourced)
        for table in STAR_TABLES.values():
            if not table.source:
                self._one(table)
        return sorted(self._found)

    def _one(self, table: StarTable) -> None:
        with self.log.step("replayed_table", table=table.name):
            if table.kind is Kind.FACT:
                self._fact(table)
            else:
                self._dimension(table)

    def _fact(self, table: StarTable) -> None:
        shape = lake_table(table)
        made = self.replay.fact(table)
        versions = made.versions.persist()
        self._same(table.name, shape, in_spark(REPLAY, versions, shape.columns), table)
        years = calendar.years_referenced(table, versions)
        with self._one_at_a_time:
            self._years.append(years)
        versions.unpersist()
        self._listed_same(FACT_DELETION, table, self.replay.fact_deletions(table))
        self._listed_same(QUARANTINE, table, made.quarantine)

    def _dimension(self, table: StarTable) -> None:
        shape = lake_table(table)
        if table.source:
            rows = self.replay.dimension(table)
            self._listed_same(DIM_DELETION, table, self.replay.dim_deletions(table))
        else:
            rows = self.replay.calendar(self._years)
        self._same(table.name, shape, in_spark(REPLAY, rows, shape.columns), table)

    def _listed_same(self, listing: LakeTable, table: StarTable, rows: DataFrame) -> None:
        expected = in_spark(REPLAY, rows, listing.columns)
        found = self.lake.listed(listing, table)
        self._add(f"{listing.name} of {table.name}", listing, expected, found)

    def _same(self, name: str, shape: LakeTable, expected: Side, table: StarTable) -> None:
        self._add(name, shape, expected, self.lake.stamped(table))

    def _add(self, name: str, shape: LakeTable, expected: Side, found: Side) -> None:
        sentence = difference(name, shape.columns[0], expected, found, REBUILD)
        if sentence:
            self._found.append(sentence)


def warehouse_differences(
    lake: LakeSides, stars: Sequence[StarCommit], warehouse: WarehouseReader, log: Log
) -> list[str]:
    """Return where the warehouse does not hold what the files hold.

    `stars` are all processed commits up to that of `lake`. Rows are compared with their events,
    current views, deletions, record ids, superseded versions and keys.
    """
    found: list[str] = []
    side_by_side(lambda table: (lake.stamped(table), lake.current(table)), STAR_TABLES.values())
    for table in STAR_TABLES.values():
        with log.step("warehouse_table", table=table.name):
            compare = _fact_differences if table.kind is Kind.FACT else _dimension_differences
            found += compare(lake, table, warehouse)
            if table.kind is Kind.FACT:
                found += _id_differences(lake, stars, table, warehouse)
    found += _ledger_differences(stars, warehouse)
    found += warehouse.key_differences()
    found += [
        f"{fact.name}: FOREIGN KEY {key} is broken, {fact.primary_key}"
        f" {', '.join(map(str, ids))} refer to nothing: {BY_HAND}"
        for fact, key, ids in warehouse.orphans()
    ]
    return found


def _ledger_differences(stars: Sequence[StarCommit], warehouse: WarehouseReader) -> list[str]:
    known = {c.number: ledger_entry(c) for c in stars}
    held = {entry.number: entry for entry in warehouse.ledger()}
    wrong = sorted(n for n in known.keys() | held.keys() if known.get(n) != held.get(n))
    if not wrong:
        return []
    return [
        f"etl.load_ledger: commit_number {_listed(wrong[:3])} not as the processed commits say"
        f" ({len(wrong)} in all): {BY_HAND}"
    ]


def table_audits(lake: LakeSides, stars: Sequence[StarCommit]) -> dict[str, TableAudit]:
    """Return what an audit says of every star table."""
    return {name: _table_audit(lake, stars, table) for name, table in STAR_TABLES.items()}


def _table_audit(lake: LakeSides, stars: Sequence[StarCommit], table: StarTable) -> TableAudit:
    is_fact = table.kind is Kind.FACT
    current = lake.current(table)
    rows, fingerprint = together((lake.stamped(table) if is_fact else current).ranges)
    newest, current_fingerprint = together(current.ranges)
    return TableAudit(
        rows=rows,
        fingerprint=str(fingerprint),
        current=newest,
        current_fingerprint=str(current_fingerprint),
        deleted=together(lake.listed(FACT_DELETION if is_fact else DIM_DELETION, table).ranges)[0],
        quarantined=invariants.quarantined(stars, table.name) if is_fact else 0,
    )


def _fact_differences(lake: LakeSides, table: StarTable, warehouse: WarehouseReader) -> list[str]:
    shape = lake_table(table)
    versions = in_warehouse(WAREHOUSE, warehouse, shape.columns, warehouse.versions(table))
    current = in_warehouse("its current view", warehouse, table.columns, warehouse.current(table))
    deletions = in_warehouse(
        "etl.fact_deletion", warehouse, FACT_DELETION.columns, warehouse.fact_deletions(table)
    )
    key, deletion_key = shape.columns[0], FACT_DELETION.columns[0]
    deleted = lake.listed(FACT_DELETION, table)
    return [
        sentence
        for sentence in (
            difference(
                f"{table.name} with its events", key, lake.stamped(table), versions, BY_HAND
            ),
            difference(table.name, key, lake.current(table), current, BY_HAND),
            difference(f"deletions of {table.name}", deletion_key, deleted, deletions, BY_HAND),
        )
        if sentence
    ]


def _dimension_differences(
    lake: LakeSides, table: StarTable, warehouse: WarehouseReader
) -> list[str]:
    rows = in_warehouse(WAREHOUSE, warehouse, table.columns, warehouse.star(table))
    deletions = in_warehouse(
        "etl.dim_deletion", warehouse, DIM_DELETION.columns, warehouse.dim_deletions(table)
    )
    deleted, key = lake.listed(DIM_DELETION, table), DIM_DELETION.columns[0]
    return [
        sentence
        for sentence in (
            difference(table.name, table.columns[0], lake.current(table), rows, BY_HAND),
            difference(f"deletions of {table.name}", key, deleted, deletions, BY_HAND),
        )
        if sentence
    ]


def _id_differences(
    lake: LakeSides, stars: Sequence[StarCommit], table: StarTable, warehouse: WarehouseReader
) -> list[str]:
    """Every record id once, no hole but quarantined ones; each event names the version it ended."""
    key, found = table.primary_key, []
    doubled = warehouse.doubled(table)
    if doubled:
        found.append(f"{table.name}: {key} {_listed(doubled)} more than once: {BY_HAND}")
    quarantined = lake.quarantined_ids(table)
    counted = invariants.quarantined(stars, table.name)
    if len(quarantined) != counted:
        found.append(
            f"{table.name}: {len(quarantined)} versions in quarantine, commits count {counted}:"
            f" {REBUILD}"
        )
    through = lake.commit.versions[table.name]
    holes = set(warehouse.holes(table, through, limit=len(quarantined) + 100))
    unexpected = sorted(holes ^ quarantined)
    if unexpected:
        found.append(
            f"{table.name}: {key} {_listed(unexpected[:3])} missing without being in quarantine, or"
            f" there although in quarantine ({len(unexpected)} in all): {BY_HAND}"
        )
    wrong = warehouse.wrongly_superseded(table)
    if wrong:
        found.append(
            f"etl.{table.name}_event: supersedes of {table.business_key} {_listed(wrong)} is not"
            f" the version before: {BY_HAND}"
        )
    return found


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
