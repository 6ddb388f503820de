"""The simulated totesys as a database: schema, reader, founding day, history."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from totesys_simulator import TABLES, create_reader, create_totesys, history, seed
from totesys_simulator.errors import NotEmpty, OpenTransaction, UnsafeRole


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        create_totesys(connection)
        yield connection


def fingerprints(conn: psycopg.Connection) -> dict[str, str]:
    """md5 of every table's rows in the order of their keys."""
    return {
        table: conn.execute(
            f'SELECT md5(string_agg(t::text, chr(10) ORDER BY {table}_id)) FROM "{table}" AS t'
        ).fetchone()[0]
        for table in TABLES
    }


def columns(conn: psycopg.Connection, table: str) -> list[tuple[str, str]]:
    """Column names and types in physical order."""
    return conn.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        (table,),
    ).fetchall()


def test_design_has_the_physical_column_order_not_the_drawn_one(conn: psycopg.Connection) -> None:
    stamp = "timestamp(3) without time zone"
    assert columns(conn, "design") == [
        ("design_id", "integer"),
        ("created_at", stamp),
        ("design_name", "text"),
        ("file_location", "text"),
        ("file_name", "text"),
        ("last_updated", stamp),
    ]


def test_the_schema_holds_the_tables_and_prismas_own(conn: psycopg.Connection) -> None:
    found = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {name for (name,) in found} == {*TABLES, "_prisma_migrations"}
    (migrations,) = conn.execute("SELECT count(*) FROM _prisma_migrations").fetchone()
    assert migrations == 2


def test_deleting_an_order_frees_its_transaction_but_a_parent_is_held(
    conn: psycopg.Connection,
) -> None:
    seed(conn)
    conn.execute("DELETE FROM sales_order WHERE sales_order_id = 1")
    row = conn.execute("SELECT sales_order_id FROM transaction WHERE transaction_id = 3").fetchone()
    assert row == (None,)
    with pytest.raises(psycopg.IntegrityError, match="sales_order_staff_id_fkey"):
        conn.execute("DELETE FROM staff WHERE staff_id = 19")


def test_an_order_has_one_transaction(conn: psycopg.Connection) -> None:
    seed(conn)
    with pytest.raises(psycopg.errors.UniqueViolation):
        conn.execute(
            "INSERT INTO transaction (transaction_type, sales_order_id, last_updated) "
            "VALUES ('SALE', 1, now())"
        )


def test_sequences_continue_after_the_seed(conn: psycopg.Connection) -> None:
    counts = seed(conn)
    assert (counts["address"], counts["payment"]) == (30, 10)
    row = conn.execute(
        "INSERT INTO currency (currency_code, last_updated) VALUES ('JPY', now()) "
        "RETURNING currency_id"
    ).fetchone()
    assert row == (4,)


def test_loading_twice_is_refused_and_changes_nothing(conn: psycopg.Connection) -> None:
    seed(conn)
    before = fingerprints(conn)
    with pytest.raises(NotEmpty, match="address"):
        history(conn, date(2022, 11, 20))
    assert fingerprints(conn) == before


def test_an_open_transaction_is_refused(database: Any) -> None:
    with psycopg.connect(database.conninfo) as conn:
        conn.execute("SELECT 1")
        with pytest.raises(OpenTransaction, match="commit or roll back"):
            create_totesys(conn)


def test_history_has_the_size_of_the_real_totesys(conn: psycopg.Connection) -> None:
    counts = history(conn, date(2024, 11, 15))
    real = {"design": 473, "sales_order": 11187, "purchase_order": 4649, "payment": 15836}
    assert {table: counts[table] for table in real} == pytest.approx(real, rel=0.03)
    in_database = {
        table: conn.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in TABLES
    }
    assert in_database == counts


def test_the_same_seed_gives_identical_rows_in_two_databases(postgres: Any, database: Any) -> None:
    prints = []
    for name in (database.name, f"{database.name}_b"):
        if name != database.name:
            postgres.create_database(name)
        conninfo = psycopg.conninfo.make_conninfo(database.conninfo, dbname=name)
        with psycopg.connect(conninfo) as conn:
            create_totesys(conn)
            history(conn, date(2023, 1, 10), seed=11)
            prints.append(fingerprints(conn))
    postgres.drop_database(f"{database.name}_b")
    assert prints[0] == prints[1]


@pytest.fixture
def role(conn: psycopg.Connection) -> Iterator[str]:
    """A role name of its own; the role, if made, is dropped afterwards."""
    name = f'Reader "{conn.info.dbname}"'
    yield name
    quoted = psycopg.sql.Identifier(name)
    if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None:
        conn.execute(psycopg.sql.SQL("DROP OWNED BY {}").format(quoted))
        conn.execute(psycopg.sql.SQL("DROP ROLE {}").format(quoted))


def test_the_reader_reads_the_tables_and_can_do_nothing_else(
    conn: psycopg.Connection, database: Any, role: str
) -> None:
    seed(conn)
    create_reader(conn, role, "it's secret")
    conninfo = psycopg.conninfo.make_conninfo(database.conninfo, user=role, password="it's secret")
    with psycopg.connect(conninfo, autocommit=True) as reader:
        for table in TABLES:
            assert reader.execute(f'SELECT count(*) > 0 FROM "{table}"').fetchone() == (True,)
        for forbidden in (
            "INSERT INTO currency (currency_code, last_updated) VALUES ('JPY', now())",
            "UPDATE staff SET first_name = 'X'",
            "DELETE FROM payment",
            "TRUNCATE payment",
            "SELECT nextval('payment_payment_id_seq')",
            "SELECT * FROM _prisma_migrations",
            "CREATE TABLE mine (a int)",
            "CREATE TEMPORARY TABLE mine (a int)",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)


def test_the_password_is_renewed_and_kept_as_a_scram_verifier(
    conn: psycopg.Connection, database: Any, role: str
) -> None:
    create_reader(conn, role, "first")
    create_reader(conn, role, "second")
    stored = conn.execute(
        "SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role,)
    ).fetchone()
    assert stored[0].startswith("SCRAM-SHA-256$")
    conninfo = psycopg.conninfo.make_conninfo(database.conninfo, user=role, password="first")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(conninfo)


def test_a_role_that_may_do_more_is_refused(conn: psycopg.Connection, role: str) -> None:
    conn.execute(psycopg.sql.SQL("CREATE ROLE {} CREATEDB").format(psycopg.sql.Identifier(role)))
    with pytest.raises(UnsafeRole, match="more than a reader"):
        create_reader(conn, role, "secret")
