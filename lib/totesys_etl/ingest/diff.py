"""Capture: the exact difference between what the lake holds and what the snapshot shows.

Pure: two DataFrames and an instant in, one DataFrame out; no storage, database or clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceTable
from totesys_etl.contracts.types import Date, Numeric, Timestamp
from totesys_etl.fingerprints.canonical import NON_FINITE, RANGE_SIZE
from totesys_etl.render.spark import spark_type

INSERT, UPDATE, DELETE = "insert", "update", "delete"
_TICK = "INTERVAL 1 MILLISECOND"
_MAYBE_NOT_FINITE = (Timestamp, Date, Numeric)


@dataclass(frozen=True)
class Summary:
    """What a batch does to one table. `versions` counts inserts, and updates of a mapped column;
    `ranges` are the key range numbers it touches; `named` counts rows whose keys were named to
    `summary`."""

    inserted: int
    updated: int
    deleted: int
    versions: int
    ranges: frozenset[int]
    named: int = 0

    @property
    def changed(self) -> int:
        """Rows of the changes: 0 when source and lake agree."""
        return self.inserted + self.updated + self.deleted


UNCHANGED = Summary(inserted=0, updated=0, deleted=0, versions=0, ranges=frozenset())


def difference(
    current: DataFrame | None, snapshot: DataFrame, table: SourceTable, captured_at: datetime
) -> DataFrame:
    """Columns of lake_tables.changes(table); grain: one key that differs.

    `current` has the columns of lake_tables.current(table), one row per key ever seen (None: no
    key has been seen); `snapshot` the source columns and non_finite, one row per key. A key that
    is new, or back after a delete, is an insert; one that differs in any column, a value that is
    not finite included, an update that names those columns; one that is gone a delete with its
    last known values. `captured_at` is naive UTC.
    """
    moment = F.lit(captured_at.replace(tzinfo=UTC))
    if current is None:
        new = snapshot.withColumn("valid_from", _not_after(F.col("created_at"), moment))
        return _changes(new, table, F.lit(INSERT), F.array(), moment)
    key = table.primary_key
    joined = current.alias("c").join(
        snapshot.alias("s"), F.col(f"c.{key}") == F.col(f"s.{key}"), "full"
    )
    known = F.col(f"c.{key}").isNotNull()
    live = known & F.col("c.deleted_in_batch").isNull()
    present = F.col(f"s.{key}").isNotNull()
    names = (*table.column_names, NON_FINITE)
    differs = ~_all_equal(names)
    op = (
        F.when(~live & present, F.lit(INSERT))
        .when(live & ~present, F.lit(DELETE))
        .when(live & present & differs, F.lit(UPDATE))
    )
    changed = F.when(op == UPDATE, _changed_columns(table)).otherwise(F.array())
    moved = F.array_contains(changed, "last_updated")
    base = (
        F.when(op == INSERT, F.col("s.created_at"))
        .when((op == UPDATE) & moved, F.col("s.last_updated"))
        .otherwise(moment)
    )
    # greatest() skips NULL: a key never seen before has no earlier moment to stay behind.
    valid_from = F.greatest(_not_after(base, moment), F.col("c.valid_from") + F.expr(_TICK))
    values = [
        F.when(present, F.col(f"s.{name}")).otherwise(F.col(f"c.{name}")).alias(name)
        for name in names
    ]
    rows = joined.where(op.isNotNull()).select(
        op.alias("op"), changed.alias("changed"), valid_from.alias("valid_from"), *values
    )
    return _changes(rows, table, F.col("op"), F.col("changed"), moment)


def backfill(
    current: DataFrame,
    snapshot: DataFrame,
    table: SourceTable,
    added: Collection[str],
    captured_at: datetime,
) -> DataFrame:
    """Columns of lake_tables.changes(table): the values of columns that the contract has gained.

    `current` and `snapshot` as for `difference`, with NULL in the columns `added` of `current`.
    Grain: one live key for which the snapshot has a value in any of them: an update that names
    those. Its other columns are what `current` has, so that what else the source has changed stays
    for the next difference. It was so before it was seen: valid_from grows by 1 ms only.
    """
    key = table.primary_key
    live = current.where("deleted_in_batch IS NULL").alias("c")
    joined = live.join(snapshot.alias("s"), F.col(f"c.{key}") == F.col(f"s.{key}"))
    before, after = (_markers(f"{side}.{NON_FINITE}") for side in ("c", "s"))
    markers = {c.name: (after if c.name in added else before)[c.name] for c in table.columns}
    has_value = {name: F.col(f"s.{name}").isNotNull() | after[name].isNotNull() for name in added}
    named = F.array_compact(
        F.array(*(F.when(has_value[n], F.lit(n)) for n in table.column_names if n in added))
    )
    values = [
        F.col(f"{'s' if name in added else 'c'}.{name}").alias(name) for name in table.column_names
    ]
    rows = joined.select(
        named.alias("changed"),
        (F.col("c.valid_from") + F.expr(_TICK)).alias("valid_from"),
        _non_finite(markers).alias(NON_FINITE),
        *values,
    ).where(F.size("changed") > 0)
    moment = F.lit(captured_at.replace(tzinfo=UTC))
    return _changes(rows, table, F.lit(UPDATE), F.col("changed"), moment)


def project_markers(rows: DataFrame, table: SourceTable) -> DataFrame:
    """`rows` as a contract without their other columns has them: those not named in non_finite."""
    markers = _markers(NON_FINITE)
    return rows.withColumn(NON_FINITE, _non_finite({n: markers[n] for n in table.column_names}))


def apply(
    current: DataFrame | None, changes: DataFrame, table: SourceTable, batch: int
) -> DataFrame:
    """Columns of lake_tables.current(table): `current` after the changes of `batch`.

    Grain: one key ever seen. A deleted key keeps its last row, marked with the batch.
    """
    number = F.lit(batch).cast("int")
    deleted_in = F.when(F.col("op") == DELETE, number)
    changed = _conform(
        changes.withColumns({"batch": number, "deleted_in_batch": deleted_in}),
        lake_tables.current(table),
    )
    if current is None:
        return changed
    kept = current.join(changes.select(table.primary_key), table.primary_key, "left_anti")
    return _conform(kept, lake_tables.current(table)).unionByName(changed)


def fold(changes: DataFrame, table: SourceTable) -> DataFrame:
    """Columns of lake_tables.current(table): what `changes` of all batches since the first make.

    `changes` has column `batch`. Grain: one key ever seen.
    """
    names = [name for name in changes.columns if name != table.primary_key]
    last = changes.groupBy(table.primary_key).agg(
        F.max_by(F.struct(*names), F.col("batch")).alias("last")
    )
    rows = last.select(table.primary_key, "last.*")
    deleted_in = F.when(F.col("op") == DELETE, F.col("batch"))
    return _conform(rows.withColumn("deleted_in_batch", deleted_in), lake_tables.current(table))


def summary(
    changes: DataFrame,
    table: SourceTable,
    mapped: frozenset[str],
    named: Collection[int] = (),
) -> Summary:
    """Counts of `changes` in one Spark action.

    `mapped` are the source columns that a fact is made from: an update that touches none of them
    makes no version. `named` are keys to be counted among those of the changes.
    """
    op = F.col("op")
    touches = F.array(*map(F.lit, sorted(mapped))).cast("array<string>")
    version = (op == INSERT) | ((op == UPDATE) & F.arrays_overlap("changed", touches))
    number = F.floor(F.col(table.primary_key) / F.lit(RANGE_SIZE)).cast("long")
    # One call into the JVM, however many keys there are.
    among = f"`{table.primary_key}` IN ({', '.join(map(str, named))})" if named else "false"
    row = changes.agg(
        F.count_if(op == INSERT),
        F.count_if(op == UPDATE),
        F.count_if(op == DELETE),
        F.count_if(version),
        F.collect_set(number),
        F.expr(f"count_if({among})"),
    ).first()
    inserted, updated, deleted, versions, ranges, found = row or (0, 0, 0, 0, [], 0)
    return Summary(inserted, updated, deleted, versions, frozenset(ranges), found)


def _all_equal(names: tuple[str, ...]) -> Column:
    equal = F.lit(True)
    for name in names:
        equal &= F.col(f"c.{name}").eqNullSafe(F.col(f"s.{name}"))
    return equal


def _changed_columns(table: SourceTable) -> Column:
    """Names of the columns that differ, in contract order."""
    before, after = (_markers(f"{side}.{NON_FINITE}") for side in ("c", "s"))
    named = []
    for column in table.columns:
        differs = ~F.col(f"c.{column.name}").eqNullSafe(F.col(f"s.{column.name}"))
        if isinstance(column.type, _MAYBE_NOT_FINITE):
            # Both are NULL when infinity became -infinity: only the marker tells.
            differs |= ~before[column.name].eqNullSafe(after[column.name])
        named.append(F.when(differs, F.lit(column.name)))
    return F.array_compact(F.array(*named))


def _markers(non_finite: str) -> Column:
    """'created_at=infinity,unit_price=NaN' as a map."""
    return F.str_to_map(F.col(non_finite), F.lit(","), F.lit("="))


def _non_finite(markers: Mapping[str, Column]) -> Column:
    """The text that `_markers` reads, in the order of `markers`; NULL if there is none."""
    named = [F.concat(F.lit(f"{name}="), value) for name, value in markers.items()]
    text = F.concat_ws(",", *named)
    return F.when(text != "", text)


def _not_after(moment: Column, captured_at: Column) -> Column:
    """`moment`, or the capture's where it is NULL or in the future."""
    return F.coalesce(F.least(moment, captured_at), captured_at)


def _changes(
    rows: DataFrame, table: SourceTable, op: Column, changed: Column, moment: Column
) -> DataFrame:
    added = {"op": op, "changed": changed, "captured_at": moment}
    return _conform(rows.withColumns(added), lake_tables.changes(table))


def _conform(rows: DataFrame, table: lake_tables.LakeTable) -> DataFrame:
    """The columns of `table` in their order and types."""
    # As text: a Column object is three calls into the JVM, a few hundred of them a run.
    return rows.selectExpr(
        *[
            f"CAST(`{c.name}` AS {spark_type(c.type).simpleString()}) AS `{c.name}`"
            for c in table.columns
        ]
    )
