"""etl.dim_deletion (what is deleted now) and etl.fact_deletion (every deletion)."""

from __future__ import annotations

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts.model import StarTable
from totesys_etl.warehouse.copy import Batches, copy_batches, peeked
from totesys_etl.warehouse.etl_schema import DELETION_COLUMNS, DIM_DELETION, FACT_DELETION
from totesys_etl.warehouse.staging import stage

_FORGET = sql.SQL(
    """DELETE FROM {} AS t
 WHERE t.dim_table = %s
   AND NOT EXISTS (SELECT FROM {} AS s
                    WHERE (s.business_id, s.batch, s.captured_at, s.valid_from)
                        = (t.business_id, t.batch, t.captured_at, t.valid_from))"""
)
_ADD = sql.SQL(
    """INSERT INTO {} ({}, business_id, batch, captured_at, valid_from)
SELECT %s, business_id, batch, captured_at, valid_from
  FROM {}
    ON CONFLICT DO NOTHING"""
)


def replace_dimension_deletions(cur: Cursor[TupleRow], table: StarTable, rows: Batches) -> None:
    """Make etl.dim_deletion list exactly `rows`, the whole list, for `table`."""
    staged = stage(cur, f"{table.name}_deletion", DIM_DELETION, DELETION_COLUMNS)
    copy_batches(cur, staged, DELETION_COLUMNS, rows())
    cur.execute(_FORGET.format(DIM_DELETION, staged), [table.name])
    cur.execute(_ADD.format(DIM_DELETION, sql.Identifier("dim_table"), staged), [table.name])


def append_fact_deletions(cur: Cursor[TupleRow], table: StarTable, rows: Batches) -> int:
    """Add `rows` to etl.fact_deletion as far as they are not there; returns how many were new."""
    seen, batches = peeked(rows(), 1)
    if not seen:
        return 0
    staged = stage(cur, f"{table.name}_deletion", FACT_DELETION, DELETION_COLUMNS)
    copy_batches(cur, staged, DELETION_COLUMNS, batches)
    cur.execute(_ADD.format(FACT_DELETION, sql.Identifier("fact_table"), staged), [table.name])
    return cur.rowcount
