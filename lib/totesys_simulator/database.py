"""A totesys in PostgreSQL: the store that the running system writes to."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from .change import Row, Value, key_column
from .errors import NoSuchRow

SETTLE = """
UPDATE payment
SET paid = true, last_updated = %s
FROM payment AS before
WHERE before.payment_id = payment.payment_id
    AND payment.payment_date = %s
    AND NOT payment.paid
RETURNING payment.payment_id, before.last_updated
"""

# Nothing indexes these columns; one pass over each table is cheap even at millions of rows.
NEWEST = """
SELECT max(newest)
FROM (
    SELECT max(created_at) FROM sales_order
    UNION ALL SELECT max(created_at) FROM purchase_order
    UNION ALL SELECT max(created_at) FROM design
    UNION ALL SELECT max(last_updated) FROM payment
) AS stamp (newest)
"""


class DatabaseStore:
    """Implements system.Store; every method is one transaction (a savepoint inside an open one)."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn

    def next_key(self, table: str) -> int:
        """Take the next key of the table's sequence."""
        return self._number(
            table, "SELECT nextval(pg_get_serial_sequence(%s, %s))", (table, key_column(table))
        )

    def highest(self, table: str) -> int:
        """The highest key, 0 for an empty table."""
        return self._number(table, "SELECT coalesce(max({key}), 0) FROM {table}")

    def existing(self, table: str, at_least: int) -> int:
        """The lowest key that is not below `at_least`."""
        return self._number(
            table, "SELECT {key} FROM {table} WHERE {key} >= %s ORDER BY {key} LIMIT 1", (at_least,)
        )

    def value(self, table: str, key: int, column: str) -> Value:
        """One value of one row."""
        value: Value = self.row(table, key)[column]
        return value

    def row(self, table: str, key: int) -> Row:
        """One whole row in physical column order; NoSuchRow names table and key."""
        statement = _statement("SELECT * FROM {table} WHERE {key} = %s", table)
        with self.conn.transaction(), self.conn.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(statement, (key,)).fetchone()
        if found is None:
            raise NoSuchRow(f"table {table} has no row with {key_column(table)} = {key}")
        return found

    def keys_where(self, table: str, column: str, value: Value) -> list[int]:
        """The keys of the rows that hold a value in one column, ascending."""
        statement = _statement(
            "SELECT {key} FROM {table} WHERE {column} = %s ORDER BY 1", table, column
        )
        with self.conn.transaction():
            return [row[0] for row in self.conn.execute(statement, (value,))]

    def insert(self, rows: Sequence[tuple[str, Row]]) -> None:
        """Insert rows with their keys, all in one transaction."""
        with self.conn.transaction():
            for table, row in rows:
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(row)),
                )
                self.conn.execute(statement, list(row.values()))

    def update(self, table: str, key: int, column: str, value: Value) -> None:
        """Set one column of one row and nothing else."""
        statement = _statement("UPDATE {table} SET {column} = %s WHERE {key} = %s", table, column)
        with self.conn.transaction():
            self.conn.execute(statement, (value, key))

    def delete(self, table: str, key: int) -> None:
        """Delete one row; foreign keys of other tables have their say (psycopg.errors)."""
        with self.conn.transaction():
            self.conn.execute(_statement("DELETE FROM {table} WHERE {key} = %s", table), (key,))

    def settle(self, payment_date: str, at: datetime) -> list[tuple[int, datetime]]:
        """Mark the unpaid payments of a date as paid in one statement."""
        with self.conn.transaction():
            return sorted(self.conn.execute(SETTLE, (at, payment_date)).fetchall())

    def newest(self) -> datetime | None:
        """The newest stamp of anything that arrived or was settled; None for an empty totesys."""
        with self.conn.transaction():
            row = self.conn.execute(NEWEST).fetchone()
        return row[0] if row else None

    def _number(
        self, table: str, statement: LiteralString, parameters: Sequence[int | str] = ()
    ) -> int:
        with self.conn.transaction():
            row = self.conn.execute(_statement(statement, table), parameters).fetchone()
        if row is None:
            raise NoSuchRow(f"table {table} has no row with a key of {parameters[0]} or more")
        return int(row[0])


def _statement(text: LiteralString, table: str, column: str = "") -> sql.Composed:
    return sql.SQL(text).format(
        table=sql.Identifier(table),
        key=sql.Identifier(key_column(table)),
        column=sql.Identifier(column),
    )
