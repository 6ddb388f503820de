"""The warehouse's rows as the lake has them: versions with their history, deletions."""

from __future__ import annotations

from psycopg import sql

from totesys_etl.contracts.model import StarTable
from totesys_etl.warehouse.etl_schema import (
    DELETION_COLUMNS,
    DIM_DELETION,
    FACT_DELETION,
    event_table,
)
from totesys_etl.warehouse.staging import names

HISTORY = ("op", "batch", "captured_at", "valid_from")
"""Columns of a fact's files that the warehouse keeps in the event table."""


def versions(fact: StarTable, schema: str) -> sql.Composed:
    """Query in brackets: versions with their events, columns as in the fact's files.

    For a few record ids: both sides are found by an index.
    """
    return sql.SQL(
        "(SELECT {columns}, {history} FROM {fact} AS f"
        " JOIN {event} AS e ON e.business_id = f.{business_key} AND e.record_id = f.{key})"
    ).format(**_parts(fact, schema), columns=names(fact.column_names, "f"))


def all_versions(fact: StarTable, schema: str) -> sql.Composed:
    """The same for all of them; a version or an event that stands alone is a row with NULLs."""
    key, *others = fact.column_names
    columns = sql.SQL("coalesce(f.{key}, e.record_id) AS {key}, {others}").format(
        key=sql.Identifier(key), others=names(others, "f")
    )
    return sql.SQL(
        "(SELECT {columns}, {history} FROM {fact} AS f"
        " FULL JOIN (SELECT * FROM {event} WHERE record_id IS NOT NULL) AS e"
        " ON e.business_id = f.{business_key} AND e.record_id = f.{key})"
    ).format(**_parts(fact, schema), columns=columns)


def fact_deletions(fact: StarTable) -> sql.Composed:
    """Query in brackets: what etl.fact_deletion has of `fact`."""
    return _deletions(FACT_DELETION, "fact_table", fact)


def dim_deletions(dimension: StarTable) -> sql.Composed:
    """Query in brackets: what etl.dim_deletion has of `dimension`."""
    return _deletions(DIM_DELETION, "dim_table", dimension)


def _deletions(table: sql.Identifier, column: str, star_table: StarTable) -> sql.Composed:
    return sql.SQL("(SELECT {} FROM {} WHERE {} = {})").format(
        names(DELETION_COLUMNS), table, sql.Identifier(column), sql.Literal(star_table.name)
    )


def _parts(fact: StarTable, schema: str) -> dict[str, sql.Composable]:
    return {
        "history": names(HISTORY, "e"),
        "fact": sql.Identifier(schema, fact.name),
        "event": event_table(fact),
        "key": sql.Identifier(fact.primary_key),
        "business_key": sql.Identifier(fact.business_key),
    }
