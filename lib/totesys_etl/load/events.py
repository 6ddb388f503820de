"""etl.<fact>_event: one append-only row per version or delete, and which version it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts.model import StarTable
from totesys_etl.errors import WarehouseContradictsContract
from totesys_etl.load.fact import BULK_ROWS
from totesys_etl.warehouse.copy import Batches, copy_batches, peeked
from totesys_etl.warehouse.etl_schema import (
    EVENT_COLUMNS,
    drop_event_index_ddl,
    event_index_ddl,
    event_table,
)
from totesys_etl.warehouse.staging import analyze, is_empty, names, stage

_NOTHING = sql.SQL("")
_INSERT = sql.SQL(
    """WITH ranked AS (
    SELECT s.*,
           lag(s.record_id) OVER key AS ended_in_range,
           row_number() OVER key = 1 AS is_first
      FROM {staged} AS s
    WINDOW key AS (PARTITION BY s.business_id ORDER BY s.batch)
)
INSERT INTO {event} ({columns}, supersedes)
SELECT {ranked_columns}, {supersedes}
  FROM ranked AS r
  {before}
 ORDER BY r.batch, r.business_id
 {on_conflict}"""
)
# A delete's record id is NULL: the version after it ends none, in either way of finding it.

_BEFORE = sql.SQL(
    """LEFT JOIN LATERAL (SELECT e.record_id
                       FROM {event} AS e
                      WHERE e.business_id = r.business_id AND e.batch < r.batch
                      ORDER BY e.batch DESC
                      LIMIT 1) AS before ON r.is_first"""
)
_DIFFERENT = sql.SQL(
    """SELECT s.business_id, s.batch
  FROM {staged} AS s
  JOIN {event} AS e ON e.business_id = s.business_id AND e.batch = s.batch
 WHERE ROW({event_columns}) IS DISTINCT FROM ROW({staged_columns})
 LIMIT 1"""
)


def append_events(
    cur: Cursor[TupleRow],
    table: StarTable,
    versions: Batches,
    deletions: Batches,
    *,
    one_batch: bool,
) -> int:
    """Add one event per version and per deletion, as far as they are not there; return how many.

    `one_batch` says that all rows are of the same raw batch. Raises WarehouseContradictsContract
    when a business id has another event in the same batch.
    """
    seen, rows = peeked(_events(table, versions, deletions), BULK_ROWS)
    if not seen:
        return 0
    if not is_empty(cur, event_table(table)):
        return _merge(cur, table, rows)
    if seen < BULK_ROWS or not _may_rebuild_indexes(cur, table):
        return _fill(cur, table, rows, one_batch)
    _execute_all(cur, drop_event_index_ddl(table.name))
    added = _fill(cur, table, rows, one_batch)
    _execute_all(cur, event_index_ddl(table.name))
    return added


def _events(table: StarTable, versions: Batches, deletions: Batches) -> Iterator[pa.RecordBatch]:
    """Batches of EVENT_COLUMNS; versions first."""
    columns = {"record_id": table.primary_key, "business_id": table.business_key}
    for batch in versions():
        arrays = [batch.column(columns.get(c, c)) for c in EVENT_COLUMNS]
        yield pa.RecordBatch.from_arrays(arrays, names=list(EVENT_COLUMNS))
    for batch in deletions():
        constants = {
            "record_id": pa.nulls(batch.num_rows, pa.int32()),
            "op": pa.repeat("delete", batch.num_rows),
        }
        arrays = [constants[c] if c in constants else batch.column(c) for c in EVENT_COLUMNS]
        yield pa.RecordBatch.from_arrays(arrays, names=list(EVENT_COLUMNS))


def _fill(
    cur: Cursor[TupleRow], table: StarTable, rows: Iterable[pa.RecordBatch], one_batch: bool
) -> int:
    """Into an empty table. A key is once in a batch, so that within one batch nothing is ended."""
    event = event_table(table)
    if one_batch:
        return copy_batches(cur, event, EVENT_COLUMNS, rows)
    staged = _staged(cur, table, rows)
    return _insert(cur, event, staged, sql.SQL("r.ended_in_range"))


def _merge(cur: Cursor[TupleRow], table: StarTable, rows: Iterable[pa.RecordBatch]) -> int:
    event = event_table(table)
    staged = _staged(cur, table, rows)
    added = _insert(
        cur,
        event,
        staged,
        sql.SQL("CASE WHEN r.is_first THEN before.record_id ELSE r.ended_in_range END"),
        before=_BEFORE.format(event=event),
        on_conflict=sql.SQL("ON CONFLICT (business_id, batch) DO NOTHING"),
    )
    cur.execute(
        _DIFFERENT.format(
            staged=staged,
            event=event,
            event_columns=names(EVENT_COLUMNS, "e"),
            staged_columns=names(EVENT_COLUMNS, "s"),
        )
    )
    different = cur.fetchone()
    if different is not None:
        raise WarehouseContradictsContract(
            f"{event.as_string(cur)} has another event of {table.business_key} {different[0]} in"
            f" batch {different[1]} than the lake: run `totesys rebuild --warehouse --swap`"
        )
    return added


def _staged(
    cur: Cursor[TupleRow], table: StarTable, rows: Iterable[pa.RecordBatch]
) -> sql.Identifier:
    staged = stage(cur, f"{table.name}_event", event_table(table), EVENT_COLUMNS)
    copy_batches(cur, staged, EVENT_COLUMNS, rows)
    analyze(cur, staged)
    return staged


def _insert(
    cur: Cursor[TupleRow],
    event: sql.Identifier,
    staged: sql.Identifier,
    supersedes: sql.SQL,
    before: sql.Composable = _NOTHING,
    on_conflict: sql.Composable = _NOTHING,
) -> int:
    cur.execute(
        _INSERT.format(
            staged=staged,
            event=event,
            columns=names(EVENT_COLUMNS),
            ranked_columns=names(EVENT_COLUMNS, "r"),
            supersedes=supersedes,
            before=before,
            on_conflict=on_conflict,
        )
    )
    return cur.rowcount


def _may_rebuild_indexes(cur: Cursor[TupleRow], table: StarTable) -> bool:
    event = event_table(table).as_string(cur)
    cur.execute(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass", [event]
    )
    return bool(cur.fetchall()[0][0])


def _execute_all(cur: Cursor[TupleRow], statements: Iterable[sql.Composed]) -> None:
    for statement in statements:
        cur.execute(statement)
