"""etl.load_ledger: which commits the warehouse has, one row each, written with their data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.connection import Connection
from totesys_etl.errors import CommitMissing, WarehouseAhead
from totesys_etl.warehouse.etl_schema import LEDGER


@dataclass(frozen=True)
class LedgerEntry:
    """What identifies a commit: its number, the raw batches in it, the newest one's time."""

    number: int
    raw_from: int
    raw_through: int
    captured_at: datetime


def loaded_through(conn: Connection) -> int:
    """Number of the newest commit in the warehouse, 0 if there is none."""
    row = conn.execute(sql.SQL("SELECT coalesce(max(commit_number), 0) FROM {}").format(LEDGER))
    return int(row.fetchall()[0][0])


def newest(cur: Cursor[TupleRow]) -> LedgerEntry | None:
    """The newest commit in the warehouse, None if there is none."""
    cur.execute(
        sql.SQL(
            "SELECT commit_number, raw_from, raw_through, captured_at FROM {}"
            " ORDER BY commit_number DESC LIMIT 1"
        ).format(LEDGER)
    )
    row = cur.fetchone()
    return LedgerEntry(*row) if row else None


def entries(cur: Cursor[TupleRow]) -> list[LedgerEntry]:
    """Every commit in the warehouse, in order."""
    cur.execute(
        sql.SQL(
            "SELECT commit_number, raw_from, raw_through, captured_at FROM {}"
            " ORDER BY commit_number"
        ).format(LEDGER)
    )
    return [LedgerEntry(*row) for row in cur.fetchall()]


def is_loaded(cur: Cursor[TupleRow], entry: LedgerEntry) -> bool:
    """Whether the ledger has `entry`; False means that it is the very next one.

    Raises WarehouseAhead if the ledger's commit of that number is another one, CommitMissing if
    commits before it have not been loaded.
    """
    cur.execute(
        sql.SQL(
            "SELECT raw_from, raw_through, captured_at FROM {} WHERE commit_number = %s"
        ).format(LEDGER),
        [entry.number],
    )
    row = cur.fetchone()
    if row is not None:
        if LedgerEntry(entry.number, *row) != entry:
            raise WarehouseAhead(
                f"etl.load_ledger has commit {entry.number} with raw batches {row[0]} to {row[1]},"
                f" captured at {row[2]}; the lake's has {entry.raw_from} to {entry.raw_through},"
                f" captured at {entry.captured_at}: this warehouse was loaded from another lake;"
                " load an empty database instead"
            )
        return True
    cur.execute(sql.SQL("SELECT coalesce(max(commit_number), 0) FROM {}").format(LEDGER))
    newest = int(cur.fetchall()[0][0])
    if entry.number != newest + 1:
        raise CommitMissing(
            f"commit {entry.number} cannot be loaded: the warehouse has commits through {newest}"
            f" and needs {newest + 1} next"
        )
    return False


def record(
    cur: Cursor[TupleRow], entry: LedgerEntry, run_id: str, counts: Mapping[str, object]
) -> None:
    """Write the ledger's row for `entry`."""
    cur.execute(
        sql.SQL(
            "INSERT INTO {} (commit_number, raw_from, raw_through, captured_at, run_id, counts)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
        ).format(LEDGER),
        [
            entry.number,
            entry.raw_from,
            entry.raw_through,
            entry.captured_at,
            run_id,
            json.dumps(counts),
        ],
    )
