"""Dimensions: the latest row of every key ever seen, deleted keys too, rewritten per key range."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION
from totesys_etl.contracts.model import Join, Kind, SourceTable, StarColumn, StarTable
from totesys_etl.contracts.types import Text, Varchar
from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.canonical import range_name
from totesys_etl.transform.currencies import UNKNOWN
from totesys_etl.transform.record_ids import key_range
from totesys_etl.transform.values import expression

STAMPS = ("batch", "captured_at", "valid_from")


def dimension_rows(table: StarTable, current: Mapping[str, DataFrame]) -> DataFrame:
    """lake_tables.star(table) columns + key_range; key: the dimension's key.

    `current` holds lake_tables.current rows by source table: of the driving table the key ranges
    to write, of a joined table every row. The stamps are the greatest of both sides of the join.
    """
    source = _source(table)
    rows = current[source.name].alias(source.name)
    if table.join:
        rows = rows.join(
            current[table.join.table].alias(table.join.table),
            _meets(table.join, source.name),
            "left",
        )
    key = F.col(f"`{source.name}`.`{source.primary_key}`")
    return rows.select(
        *(_value(column) for column in table.columns),
        *(_greatest(stamp, table.source_tables) for stamp in STAMPS),
        _range_name(key).alias("key_range"),
    )


def touched_ranges(
    table: StarTable, changes: Mapping[str, DataFrame], current: Mapping[str, DataFrame]
) -> frozenset[str]:
    """Names of the key ranges of `table` to rewrite: those of keys that changed on either side.

    `changes` and `current` (all ranges) by source table; a table missing in `changes` has not
    changed. Any change counts, for any of them moves the stamps. At most one Spark action.
    """
    source = _source(table)
    key = source.primary_key
    keys: list[DataFrame] = []
    if source.name in changes:
        keys.append(changes[source.name].select(key))
    if table.join and table.join.table in changes:
        join = table.join
        joined = changes[join.table].alias(join.table)
        driving = current[source.name].alias(source.name)
        keys.append(driving.join(joined, _meets(join, source.name), "left_semi").select(key))
    if not keys:
        return frozenset()
    ranges = reduce(DataFrame.union, keys).select(key_range(F.col(key)).alias("n")).distinct()
    return frozenset(range_name(row["n"]) for row in ranges.collect())


def dim_deletions(table: StarTable, previous: DataFrame, changes: DataFrame) -> DataFrame:
    """The keys of `table` deleted now: lake_tables.DIM_DELETION columns + dim_table.

    `previous`: such rows of this table after the commit before. `changes`: the driving table's
    with batch. A key with a change is deleted if its last one is a delete; others stay as listed.
    """
    key = _source(table).primary_key
    last = changes.groupBy(F.col(key).alias("business_id")).agg(
        F.max_by(F.struct("op", *STAMPS), F.col("batch")).alias("last")
    )
    deleted = last.where(F.col("last.op") == "delete").select(
        "business_id", *(f"last.{stamp}" for stamp in STAMPS)
    )
    kept = previous.join(last, "business_id", "left_anti").select(*DIM_DELETION.column_names)
    return kept.union(deleted).withColumn("dim_table", F.lit(table.name))


def unknown_currencies(rows: DataFrame) -> tuple[str, ...]:
    """Codes in dim_currency `rows` that are not active ISO 4217 codes, for the run's report."""
    codes = rows.where(F.col("currency_name") == UNKNOWN).select("currency_code").distinct()
    return tuple(sorted(row["currency_code"] for row in codes.collect()))


def _source(table: StarTable) -> SourceTable:
    if table.kind is not Kind.DIMENSION or table.source is None:
        raise ContractInvalid(f"{table.name} has no current rows: see star.facts or star.calendar")
    return SOURCE_TABLES[table.source]


def _meets(join: Join, driving: str) -> Column:
    return F.col(f"`{driving}`.`{join.column}`") == F.col(f"`{join.table}`.`{join.references}`")


def _value(column: StarColumn) -> Column:
    """Facts need their dimension rows: text the ERD wants and the source lacks is 'Unknown'."""
    value = expression(column)
    if column.nullable or not isinstance(column.type, Text | Varchar):
        return value
    return F.coalesce(value, F.lit(UNKNOWN)).alias(column.name)


def _greatest(stamp: str, tables: tuple[str, ...]) -> Column:
    sides = [F.col(f"`{table}`.`{stamp}`") for table in tables]
    return (F.greatest(*sides) if len(sides) > 1 else sides[0]).alias(stamp)


def _range_name(key: Column) -> Column:
    """canonical.range_name of the key's range, as an expression."""
    return F.format_string("%05d", key_range(key))
