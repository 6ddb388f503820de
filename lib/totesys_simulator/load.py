"""Bulk writing into totesys: COPY, and sequences that continue behind it."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from .change import TABLES, Row, key_column
from .errors import NotEmpty

# Parents before children, so that COPY meets every foreign key.
LOAD_ORDER = (
    *("address", "currency", "department", "payment_type", "counterparty", "design", "staff"),
    *("sales_order", "purchase_order", "transaction", "payment"),
)


def refuse_unless_empty(conn: psycopg.Connection) -> None:
    """Raise NotEmpty naming the first table that has a row."""
    for table in TABLES:
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
        row = conn.execute(query).fetchone()
        if row and row[0]:
            raise NotEmpty(
                f"table {table} in database {conn.info.dbname} already has rows: "
                "load into a database that has only been through create_totesys"
            )


def copy_tables(conn: psycopg.Connection, rows: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """COPY whole tables, move their sequences behind them; returns rows per table."""
    for table in LOAD_ORDER:
        if not rows[table]:
            continue
        columns = list(rows[table][0])
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with conn.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows[table]:
                copy.write_row([row[column] for column in columns])
    align_sequences(conn)
    return {table: len(rows[table]) for table in TABLES}


def align_sequences(conn: psycopg.Connection) -> None:
    """Let every table's sequence continue after its highest key."""
    for table in TABLES:
        conn.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence(%s, %s), max({key})) "
                "FROM {table} HAVING max({key}) IS NOT NULL"
            ).format(key=sql.Identifier(key_column(table)), table=sql.Identifier(table)),
            (table, key_column(table)),
        )
