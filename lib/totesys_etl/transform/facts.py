"""Facts: every insert, and every update of a mapped column, becomes one version; a delete an event.

A version with a value that can not be had goes to quarantine, its record id stays reserved.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.lake_tables import FACT_DELETION, QUARANTINE, star
from totesys_etl.contracts.model import Kind, SourceTable, StarTable
from totesys_etl.errors import ContractInvalid
from totesys_etl.transform.record_ids import groups, number, offsets
from totesys_etl.transform.values import expression, given_text, violated, violation


@dataclass(frozen=True)
class Facts:
    """The versions of one fact out of a range of batches.

    `versions`: lake_tables.star(fact) columns + created_month, one row per good version.
    `quarantine`: lake_tables.QUARANTINE columns + star_table, one row per violating column.
    `count`: record ids used up, those of quarantined versions included.
    `quarantined`: versions (not columns) left out; when it is 0, `quarantine` is empty.
    """

    versions: DataFrame
    quarantine: DataFrame
    count: int
    quarantined: int


def fact_versions(table: StarTable, changes: DataFrame, before: int) -> Facts:
    """Versions and quarantine of `table` from `changes`, lake_tables.changes columns + batch.

    `before` is the number of versions of all earlier batches, quarantined ones included. Counts
    in one Spark action; the two frames are lazy, `quarantine` reads only groups that have some.
    """
    source = _source(table)
    key = source.primary_key
    candidates = changes.where(_is_version(table)).alias(source.name)
    is_bad = violated(table)
    ordered = groups(candidates, key, is_bad)
    starts = offsets(ordered, before)
    suspect = [start for start, group in zip(starts, ordered, strict=True) if group.flagged]
    good = number(candidates, key, table.primary_key, starts).alias(source.name)
    bad = number(candidates, key, table.primary_key, suspect).alias(source.name)
    return Facts(
        versions=_versions(table, good.where(~is_bad)),
        quarantine=_quarantine(table, bad.where(is_bad)),
        count=sum(group.rows for group in ordered),
        quarantined=sum(group.flagged for group in ordered),
    )


def version_count(table: StarTable, changes: DataFrame) -> int:
    """How many record ids `changes` use up: inserts, and updates of a mapped column."""
    return changes.where(_is_version(table)).count()


def fact_deletions(table: StarTable, changes: DataFrame) -> DataFrame:
    """One row per delete in `changes`: lake_tables.FACT_DELETION columns + fact_table."""
    business_id = F.col(_source(table).primary_key).alias("business_id")
    return (
        changes.where(F.col("op") == "delete")
        .select(business_id, *FACT_DELETION.column_names[1:])
        .withColumn("fact_table", F.lit(table.name))
    )


def _source(table: StarTable) -> SourceTable:
    if table.kind is not Kind.FACT or table.source is None:
        raise ContractInvalid(f"{table.name} is not a fact: see star.dimensions or star.calendar")
    return SOURCE_TABLES[table.source]


def _is_version(table: StarTable) -> Column:
    # Never NULL: an update whose `changed` names unmapped columns only is no version.
    mapped = F.array(*(F.lit(name) for name in sorted(table.mapped_columns)))
    is_update = (F.col("op") == "update") & F.arrays_overlap(F.col("changed"), mapped)
    return (F.col("op") == "insert") | F.coalesce(is_update, F.lit(False))


def _versions(table: StarTable, rows: DataFrame) -> DataFrame:
    stamps = star(table).column_names[len(table.columns) :]
    month = F.date_format(F.col(f"`{table.source}`.`created_at`"), "yyyy-MM")
    return rows.select(
        *(expression(column) for column in table.columns), *stamps, month.alias("created_month")
    )


def _quarantine(table: StarTable, rows: DataFrame) -> DataFrame:
    found = F.array(
        *(
            F.struct(
                F.lit(column.name).alias("column_name"),
                given_text(column).alias("value"),
                violation(column).alias("reason"),
            )
            for column in table.columns
        )
    )
    exploded = rows.select(
        F.col(table.primary_key).alias("record_id"),
        F.col(_source(table).primary_key).alias("business_id"),
        F.explode(F.filter(found, lambda one: one["reason"].isNotNull())).alias("found"),
        *("op", "batch", "captured_at", "valid_from"),
    )
    return exploded.select(
        *("record_id", "business_id", "found.column_name", "found.value", "found.reason"),
        *QUARANTINE.column_names[5:],
        F.lit(table.name).alias("star_table"),
    )
