"""Temporary tables: rows of a commit on their way into tables that have rows already."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Cursor, sql
from psycopg.rows import TupleRow


def stage(
    cur: Cursor[TupleRow], name: str, like: sql.Composable, columns: Sequence[str]
) -> sql.Identifier:
    """A temporary table with `columns` of `like`, all nullable; gone at commit."""
    cur.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
        ).format(sql.Identifier(f"staged_{name}"), names(columns), like)
    )
    return sql.Identifier("pg_temp", f"staged_{name}")


def staged(cur: Cursor[TupleRow], name: str) -> sql.Identifier | None:
    """What `stage` made under this name in this transaction, None if it did not."""
    cur.execute("SELECT to_regclass('pg_temp.' || quote_ident(%s)) IS NULL", [f"staged_{name}"])
    return None if cur.fetchall()[0][0] else sql.Identifier("pg_temp", f"staged_{name}")


def analyze(cur: Cursor[TupleRow], staged: sql.Identifier) -> None:
    """Temporary tables are outside autovacuum's reach; the planner needs their size."""
    cur.execute(sql.SQL("ANALYZE {}").format(staged))


def is_empty(cur: Cursor[TupleRow], table: sql.Identifier) -> bool:
    """Whether `table` has no row."""
    cur.execute(sql.SQL("SELECT NOT EXISTS (SELECT FROM {})").format(table))
    return bool(cur.fetchall()[0][0])


def names(columns: Sequence[str], of: str | None = None) -> sql.Composed:
    """A comma separated column list, each with the alias `of`."""
    path = () if of is None else (of,)
    return sql.SQL(", ").join(sql.Identifier(*path, c) for c in columns)
