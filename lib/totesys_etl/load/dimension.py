"""Dimensions: the latest row of every key, changed only where a value differs; deleted keys."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts.model import StarTable
from totesys_etl.warehouse.copy import Batches, copy_batches, peeked
from totesys_etl.warehouse.etl_schema import DELETION_COLUMNS, DIM_DELETION
from totesys_etl.warehouse.staging import analyze, is_empty, names, stage


@dataclass(frozen=True)
class TableLoad:
    """What one commit did to one table, in rows; a fact's deletes are events without a row."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0


_UPSERT = sql.SQL(
    """WITH merged AS (
    INSERT INTO {target} ({columns})
    SELECT {staged_columns}
      FROM {staged} AS s
      LEFT JOIN {target} AS t ON t.{key} = s.{key}
     WHERE t.{key} IS NULL
        OR ROW({target_columns}) IS DISTINCT FROM ROW({staged_columns})
    ON CONFLICT ({key}) DO UPDATE
       SET ({columns}) = ROW({excluded_columns})
 RETURNING (xmax = 0) AS inserted
)
SELECT count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted)
  FROM merged"""
)
# The filter comes before ON CONFLICT, which would lock and dirty even rows that it leaves alone.
# xmax is 0 in a row that is new, and this transaction in one that ON CONFLICT locked.


def merge_dimension(
    cur: Cursor[TupleRow], table: StarTable, schema: str, rows: Batches
) -> TableLoad:
    """Make the rows of `table` equal to `rows` for the keys that `rows` has; others stay."""
    seen, batches = peeked(rows(), 1)
    if not seen:
        return TableLoad()
    target = sql.Identifier(schema, table.name)
    if is_empty(cur, target):
        return TableLoad(inserted=copy_batches(cur, target, table.column_names, batches))
    staged = stage(cur, table.name, target, table.column_names)
    copy_batches(cur, staged, table.column_names, batches)
    analyze(cur, staged)
    cur.execute(
        _UPSERT.format(
            target=target,
            staged=staged,
            key=sql.Identifier(table.primary_key),
            columns=names(table.column_names),
            staged_columns=names(table.column_names, "s"),
            target_columns=names(table.column_names, "t"),
            excluded_columns=names(table.column_names, "excluded"),
        )
    )
    inserted, updated = cur.fetchall()[0]
    return TableLoad(inserted=inserted, updated=updated)


_FORGET = sql.SQL(
    """DELETE FROM {} AS t
 WHERE t.dim_table = %s
   AND NOT EXISTS (SELECT FROM {} AS s
                    WHERE (s.business_id, s.batch, s.captured_at, s.valid_from)
                        = (t.business_id, t.batch, t.captured_at, t.valid_from))"""
)
_ADD = sql.SQL(
    """INSERT INTO {} (dim_table, business_id, batch, captured_at, valid_from)
SELECT %s, business_id, batch, captured_at, valid_from
  FROM {}
    ON CONFLICT DO NOTHING"""
)


def replace_dimension_deletions(cur: Cursor[TupleRow], table: StarTable, rows: Batches) -> None:
    """Make etl.dim_deletion list exactly `rows`, the whole list, for `table`."""
    staged = stage(cur, f"{table.name}_deletion", DIM_DELETION, DELETION_COLUMNS)
    copy_batches(cur, staged, DELETION_COLUMNS, rows())
    cur.execute(_FORGET.format(DIM_DELETION, staged), [table.name])
    cur.execute(_ADD.format(DIM_DELETION, staged), [table.name])
