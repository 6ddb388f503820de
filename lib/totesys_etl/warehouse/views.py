"""What users query beside the eleven tables: current state, history, any instant.

All in schema `etl`, for sales_order, purchase_order and payment alike:

- current_sales_order: the newest version of every order that is not deleted
- sales_order_history: one row per version or delete, with its interval
- sales_order_as_of(valid_at, known_at): the orders as they were at `valid_at`, as far as was known
  at `known_at` (default: all that is known now)
- fact_purchase_order: the other name of fact_purchase_orders

and fact_deletion, one row per deletion of any fact's business id.

Nothing in here is newer than PostgreSQL 15.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.warehouse.etl_schema import DELETION_COLUMNS, ETL, entity, event_table
from totesys_etl.warehouse.staging import names


def view_ddl(tables: Iterable[StarTable], schema: str) -> list[sql.Composed]:
    """Drops and makes all views and functions for `tables` in `schema`."""
    statements: list[sql.Composed] = []
    tables = tuple(tables)
    for table in tables:
        if table.kind is Kind.FACT:
            statements += [*current(table, schema), *history(table, schema), *as_of(table, schema)]
        if table.alias is not None:
            statements += _view(
                table.alias,
                sql.SQL("SELECT {}\n  FROM {}").format(
                    names(table.column_names), sql.Identifier(schema, table.name)
                ),
            )
    return statements + fact_deletion(table for table in tables if table.kind is Kind.FACT)


def fact_deletion(facts: Iterable[StarTable]) -> list[sql.Composed]:
    """etl.fact_deletion: fact_table, business_id, batch, captured_at, valid_from of each delete."""
    of_each = [
        sql.SQL("SELECT {}::text AS fact_table, {}\n  FROM {}\n WHERE op = 'delete'").format(
            sql.Literal(fact.name), names(DELETION_COLUMNS), event_table(fact)
        )
        for fact in facts
    ]
    return _view("fact_deletion", sql.SQL("\n UNION ALL\n").join(of_each))


def current(fact: StarTable, schema: str) -> list[sql.Composed]:
    """etl.current_<entity>: the fact's columns, one row per business id that is not deleted.

    IS NOT NULL says nothing new, but without it the planner takes all events for superseding ones.
    """
    return _view(
        f"current_{entity(fact)}",
        sql.SQL(
            """SELECT {columns}
  FROM {fact} AS f
 WHERE NOT EXISTS (SELECT
                     FROM {event} AS e
                    WHERE e.supersedes = f.{key} AND e.supersedes IS NOT NULL)"""
        ).format(
            columns=names(fact.column_names, "f"),
            fact=sql.Identifier(schema, fact.name),
            event=event_table(fact),
            key=sql.Identifier(fact.primary_key),
        ),
    )


def history(fact: StarTable, schema: str) -> list[sql.Composed]:
    """etl.<entity>_history: one row per version or delete.

    The fact's columns (of a delete only the business id), op, batch, captured_at, valid_from,
    valid_to (NULL: still so), known_from.
    """
    columns = [
        sql.SQL("e.business_id AS {}").format(sql.Identifier(name))
        if name == fact.business_key
        else sql.Identifier("f", name)
        for name in fact.column_names
    ]
    return _view(
        f"{entity(fact)}_history",
        sql.SQL(
            """SELECT {columns},
       e.op,
       e.batch,
       e.captured_at,
       e.valid_from,
       lead(e.valid_from) OVER (PARTITION BY e.business_id ORDER BY e.batch) AS valid_to,
       e.captured_at AS known_from
  FROM {event} AS e
  LEFT JOIN {fact} AS f ON f.{key} = e.record_id"""
        ).format(
            columns=sql.SQL(", ").join(columns),
            fact=sql.Identifier(schema, fact.name),
            event=event_table(fact),
            key=sql.Identifier(fact.primary_key),
        ),
    )


def as_of(fact: StarTable, schema: str) -> list[sql.Composed]:
    """etl.<entity>_as_of(valid_at, known_at): the fact's rows that were true at `valid_at`.

    Per business id the newest event of those with captured_at <= known_at and valid_from <=
    valid_at; none if that is a delete. A plain SQL function, so that the planner sees through it.
    """
    name = sql.Identifier(ETL, f"{entity(fact)}_as_of")
    body = sql.SQL(
        """
    SELECT f.*
      FROM (SELECT DISTINCT ON (e.business_id) e.business_id, e.record_id
              FROM {event} AS e
             WHERE e.captured_at <= known_at
               AND e.valid_from <= valid_at
             ORDER BY e.business_id, e.valid_from DESC) AS newest
      JOIN {fact} AS f ON f.{key} = newest.record_id AND f.{business_key} = newest.business_id
"""
    ).format(
        event=event_table(fact),
        fact=sql.Identifier(schema, fact.name),
        key=sql.Identifier(fact.primary_key),
        business_key=sql.Identifier(fact.business_key),
    )
    arguments = "valid_at timestamp, known_at timestamp"
    return [
        sql.SQL("DROP FUNCTION IF EXISTS {}({})").format(name, sql.SQL(arguments)),
        sql.SQL(
            "CREATE FUNCTION {}({} DEFAULT 'infinity')\nRETURNS SETOF {}\n"
            "LANGUAGE sql STABLE PARALLEL SAFE AS $body${}$body$"
        ).format(name, sql.SQL(arguments), sql.Identifier(schema, fact.name), body),
    ]


def _view(name: str, query: sql.Composed) -> list[sql.Composed]:
    view = sql.Identifier(ETL, name)
    return [
        sql.SQL("DROP VIEW IF EXISTS {}").format(view),
        sql.SQL("CREATE VIEW {} AS\n{}").format(view, query),
    ]
