"""Loading without the weight of keys: drop them, load, build them again as they were."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

CONSTRAINTS = """
SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
WHERE conrelid = ANY(%s::regclass[]) AND contype = ANY(%s::"char"[])
ORDER BY conrelid, conname
"""

INDEXES = """
SELECT relname, pg_get_indexdef(indexrelid)
FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid
WHERE indrelid = ANY(%s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY relname
"""


@contextmanager
def without_constraints(conn: psycopg.Connection, tables: Sequence[str]) -> Iterator[None]:
    """Inside, the tables have no foreign keys, no unique or primary keys and no indexes.

    They are rebuilt on leaving, foreign keys last, in one statement a table; a row that breaks one
    fails there. Needs an open transaction, which an error rolls back with everything in it. Only
    the tables themselves may refer to each other's keys.
    """
    names = list(map(_quoted, tables))
    foreign = conn.execute(CONSTRAINTS, (names, ["f"])).fetchall()
    keys = conn.execute(CONSTRAINTS, (names, ["p", "u"])).fetchall()
    indexes = conn.execute(INDEXES, (names,)).fetchall()
    for table, name, _ in foreign + keys:
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        conn.execute(statement.format(sql.Identifier(table), sql.Identifier(name)))
    for name, _ in indexes:
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in indexes:
        conn.execute(definition)
    for constraints in (keys, foreign):
        for table in tables:
            additions = [
                sql.SQL("ADD CONSTRAINT {} {}").format(sql.Identifier(name), sql.SQL(definition))
                for owner, name, definition in constraints
                if owner == table
            ]
            if additions:
                conn.execute(
                    sql.SQL("ALTER TABLE {} {}").format(
                        sql.Identifier(table), sql.SQL(", ").join(additions)
                    )
                )


def _quoted(table: str) -> str:
    return sql.Identifier(table).as_string()
