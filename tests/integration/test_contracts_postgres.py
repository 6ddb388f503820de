"""The DDL printed from the contracts, seen in PostgreSQL's own catalogue."""

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.all_types import ALL_TYPES
from glue_fixtures.servers import Database
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.model import SourceTable, StarTable
from totesys_etl.contracts.types import physical_type
from totesys_etl.render.postgres import drop_foreign_key_ddl, foreign_key_ddl, source_ddl, star_ddl

COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), attnotnull
    FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0
    ORDER BY attnum
"""
CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('f', 'p')
    ORDER BY conname
"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = %s ORDER BY indexname"
DEFAULTS = """
    SELECT attname, pg_get_expr(adbin, adrelid)
    FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = %s::regclass
    ORDER BY attnum
"""


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def source(connection: psycopg.Connection) -> psycopg.Connection:
    """All source tables and the all-types one."""
    for statement in source_ddl([*SOURCE_TABLES.values(), ALL_TYPES]):
        connection.execute(statement)
    return connection


@pytest.fixture
def warehouse(connection: psycopg.Connection) -> psycopg.Connection:
    """All star tables."""
    for statement in star_ddl(STAR_TABLES.values()):
        connection.execute(statement)
    return connection


def declared(table: SourceTable | StarTable) -> list[tuple[str, str, bool]]:
    return [(c.name, physical_type(c.type), not c.nullable) for c in table.columns]


def test_source_columns_are_as_declared(source: psycopg.Connection) -> None:
    for table in (*SOURCE_TABLES.values(), ALL_TYPES):
        assert source.execute(COLUMNS, [table.name]).fetchall() == declared(table)


def test_star_columns_are_as_declared(warehouse: psycopg.Connection) -> None:
    for table in STAR_TABLES.values():
        assert warehouse.execute(COLUMNS, [table.name]).fetchall() == declared(table)


def test_keys_of_transaction(source: psycopg.Connection) -> None:
    assert source.execute(CONSTRAINTS, ["transaction"]).fetchall() == [
        ("transaction_pkey", "PRIMARY KEY (transaction_id)"),
        (
            "transaction_purchase_order_id_fkey",
            "FOREIGN KEY (purchase_order_id) REFERENCES purchase_order(purchase_order_id)"
            " ON UPDATE CASCADE ON DELETE SET NULL",
        ),
        (
            "transaction_sales_order_id_fkey",
            "FOREIGN KEY (sales_order_id) REFERENCES sales_order(sales_order_id)"
            " ON UPDATE CASCADE ON DELETE SET NULL",
        ),
    ]
    assert source.execute(INDEXES, ["transaction"]).fetchall() == [
        ("transaction_pkey",),
        ("transaction_purchase_order_id_key",),
        ("transaction_sales_order_id_key",),
    ]


def test_source_defaults(source: psycopg.Connection) -> None:
    assert source.execute(DEFAULTS, ["staff"]).fetchall() == [
        ("staff_id", "nextval('staff_staff_id_seq'::regclass)"),
        ("created_at", "CURRENT_TIMESTAMP"),
    ]


def test_enum_labels(source: psycopg.Connection) -> None:
    labels = source.execute('SELECT enum_range(NULL::"PaymentTypeName")::text[]').fetchone()
    assert labels == (["SALES_RECEIPT", "SALES_REFUND", "PURCHASE_PAYMENT", "PURCHASE_REFUND"],)


def test_only_record_ids_of_facts_are_serial(warehouse: psycopg.Connection) -> None:
    defaults = [row for name in STAR_TABLES for row in warehouse.execute(DEFAULTS, [name])]
    assert [name for name, _ in defaults] == [
        *("sales_record_id", "purchase_record_id", "payment_record_id"),
    ]


def test_foreign_keys_of_a_fact_are_dropped_and_added_again(warehouse: psycopg.Connection) -> None:
    table = STAR_TABLES["fact_payment"]
    before = warehouse.execute(CONSTRAINTS, [table.name]).fetchall()
    assert len(before) == 1 + 7
    day = "FOREIGN KEY (payment_date) REFERENCES dim_date(date_id)"
    assert ("fact_payment_payment_date_fkey", day) in before
    for _ in range(2):
        for statement in drop_foreign_key_ddl(table):
            warehouse.execute(statement)
    assert warehouse.execute(CONSTRAINTS, [table.name]).fetchall() == [
        ("fact_payment_pkey", "PRIMARY KEY (payment_record_id)")
    ]
    for statement in foreign_key_ddl(table):
        warehouse.execute(statement)
    assert warehouse.execute(CONSTRAINTS, [table.name]).fetchall() == before


def test_tables_live_in_the_schema_that_is_asked_for(connection: psycopg.Connection) -> None:
    connection.execute('CREATE SCHEMA "Odd schema"')
    for statement in source_ddl(SOURCE_TABLES.values(), "Odd schema"):
        connection.execute(statement)
    for statement in star_ddl(STAR_TABLES.values(), "Odd schema"):
        connection.execute(statement)
    schemas = connection.execute(
        "SELECT schemaname, count(*) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') GROUP BY 1"
    ).fetchall()
    assert schemas == [("Odd schema", 22)]
