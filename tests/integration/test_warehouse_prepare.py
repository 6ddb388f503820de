"""Migrations, prepared warehouses right and wrong, and missing rights."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fixtures.warehouse_rows import DAY_1, payment, payment_dimensions, star_rows
from glue_fixtures.servers import Database
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import WarehouseContradictsContract, WarehouseRightMissing
from totesys_etl.load.warehouse import LoadBatch, Warehouse
from totesys_etl.render.postgres import star_ddl

ALL = ("star_tables", "etl_tables", "event_tables", "views")


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def role(conn: psycopg.Connection[Any], database: Database) -> Iterator[str]:
    """A role that has no right beyond PUBLIC's; the connection acts as it after SET ROLE."""
    name = f"loader_{database.name}"
    conn.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    conn.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    yield name
    conn.execute("RESET ROLE")
    conn.execute(sql.SQL("DROP OWNED BY {0} CASCADE").format(sql.Identifier(name)))
    conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def make_star(conn: psycopg.Connection[Any], schema: str = "public") -> None:
    for statement in star_ddl(STAR_TABLES.values(), schema):
        conn.execute(statement)


def foreign_keys(conn: psycopg.Connection[Any]) -> int:
    query = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"
    return int(conn.execute(query).fetchall()[0][0])


def act_as(conn: psycopg.Connection[Any], role: str) -> None:
    conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


def minimal_commit() -> LoadBatch:
    facts = {"fact_payment": star_rows("fact_payment", payment(1, 7, 1, DAY_1))}
    return LoadBatch(1, 1, 1, DAY_1, "run", payment_dimensions(), facts)


def test_an_empty_database_gets_everything_once(conn: psycopg.Connection[Any]) -> None:
    assert Warehouse(conn).prepare() == ALL
    assert Warehouse(conn).prepare() == ()
    assert foreign_keys(conn) == 24
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    assert [row[0] for row in conn.execute(tables)] == sorted(STAR_TABLES)


def test_star_tables_in_another_schema(conn: psycopg.Connection[Any]) -> None:
    warehouse = Warehouse(conn, "Sales star")
    assert warehouse.prepare() == ALL
    warehouse.apply(minimal_commit())
    assert warehouse.prepare() == ()
    assert conn.execute('SELECT count(*) FROM "Sales star".fact_payment').fetchone() == (1,)
    assert conn.execute("SELECT count(*) FROM etl.current_payment").fetchone() == (1,)


def test_another_schema_than_before_is_refused(conn: psycopg.Connection[Any]) -> None:
    Warehouse(conn).prepare()
    with pytest.raises(WarehouseContradictsContract, match="lacks fact_payment, fact_purchase_ord"):
        Warehouse(conn, "elsewhere").prepare()


def test_a_changed_migration_is_refused(conn: psycopg.Connection[Any]) -> None:
    Warehouse(conn).prepare()
    conn.execute("UPDATE etl.schema_migration SET checksum = 'other' WHERE number = 2")
    with pytest.raises(WarehouseContradictsContract, match="migration 2 etl_tables was applied"):
        Warehouse(conn).prepare()


def test_views_are_made_anew_when_they_change(conn: psycopg.Connection[Any]) -> None:
    Warehouse(conn).prepare()
    conn.execute("UPDATE etl.schema_migration SET checksum = 'other' WHERE number = 4")
    assert Warehouse(conn).prepare() == ("views",)
    assert Warehouse(conn).prepare() == ()


def test_a_prepared_warehouse_is_used_as_it_is(conn: psycopg.Connection[Any]) -> None:
    make_star(conn)
    oid = "SELECT 'fact_payment'::regclass::oid"
    before = conn.execute(oid).fetchone()
    warehouse = Warehouse(conn)
    assert warehouse.prepare() == ALL
    warehouse.apply(minimal_commit())
    assert conn.execute(oid).fetchone() == before


def test_tables_that_are_missing_are_added_to_those_there(conn: psycopg.Connection[Any]) -> None:
    make_star(conn)
    conn.execute("DROP TABLE fact_payment")
    Warehouse(conn).prepare()
    assert foreign_keys(conn) == 24


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("dim_design DROP COLUMN file_name", "dim_design.file_name is missing"),
        ("dim_design ADD COLUMN more text", "dim_design has extra columns more"),
        (
            "fact_payment ALTER paid TYPE text USING 'x'",
            "fact_payment.paid is text, must be boolean",
        ),
        (
            "fact_payment ALTER payment_amount TYPE numeric(8,1)",
            r"fact_payment.payment_amount is numeric\(8,1\), must be numeric\(10,2\)",
        ),
        ("dim_staff ALTER location DROP NOT NULL", "dim_staff.location must be NOT NULL"),
        ("dim_location ALTER district SET NOT NULL", "dim_location.district must be nullable"),
        (
            "dim_date DROP CONSTRAINT dim_date_pkey CASCADE",
            r"dim_date's primary key is missing, must be \(date_id\)",
        ),
        (
            "fact_payment DROP CONSTRAINT fact_payment_transaction_id_fkey",
            r"lacks FOREIGN KEY \(transaction_id\) REFERENCES dim_transaction \(transaction_id\)",
        ),
        (
            "fact_payment ADD FOREIGN KEY (payment_id) REFERENCES dim_design",
            r"has another FOREIGN KEY \(payment_id\) REFERENCES dim_design",
        ),
        ("fact_payment ADD UNIQUE (payment_id)", "unique index .* forbids history"),
        (
            "dim_currency DROP COLUMN currency_code, ADD COLUMN currency_code varchar NOT NULL",
            "dim_currency has its columns in another order",
        ),
        (
            "fact_payment ALTER payment_record_id DROP DEFAULT,"
            " ALTER payment_record_id ADD GENERATED ALWAYS AS IDENTITY",
            "payment_record_id is GENERATED ALWAYS",
        ),
    ],
)
def test_a_table_unlike_the_contract_is_refused(
    conn: psycopg.Connection[Any], change: str, difference: str
) -> None:
    make_star(conn)
    conn.execute(f"ALTER TABLE {change}")
    with pytest.raises(WarehouseContradictsContract, match=difference):
        Warehouse(conn).prepare()
    assert conn.execute("SELECT to_regnamespace('etl')").fetchone() == (None,)


def test_all_differences_are_in_one_message(conn: psycopg.Connection[Any]) -> None:
    make_star(conn)
    conn.execute("ALTER TABLE dim_design DROP COLUMN file_name, ADD COLUMN more text")
    conn.execute("DROP TABLE fact_payment")
    conn.execute("CREATE VIEW fact_payment AS SELECT 1 AS payment_id")
    with pytest.raises(WarehouseContradictsContract) as refusal:
        Warehouse(conn).prepare()
    message = str(refusal.value)
    assert "dim_design.file_name is missing; dim_design has extra columns more" in message
    assert "fact_payment is not a table" in message


@pytest.mark.parametrize(
    "change",
    [
        "dim_design ALTER design_name TYPE text",
        "fact_payment ALTER payment_amount TYPE numeric",
        "fact_payment ALTER created_time TYPE time(3)",
    ],
)
def test_a_type_that_holds_the_same_is_as_good(conn: psycopg.Connection[Any], change: str) -> None:
    make_star(conn)
    conn.execute(f"ALTER TABLE {change}")
    assert Warehouse(conn).prepare() == ALL


def test_missing_rights_come_as_grants_that_suffice(
    conn: psycopg.Connection[Any], role: str, database: Database
) -> None:
    act_as(conn, role)
    with pytest.raises(WarehouseRightMissing) as refusal:
        Warehouse(conn).prepare()
    grants = str(refusal.value).split("run as their owner: ")[1]
    assert grants == (
        f'GRANT CREATE ON DATABASE "{database.name}" TO "{role}";'
        f' GRANT USAGE, CREATE ON SCHEMA "public" TO "{role}";'
    )

    conn.execute("RESET ROLE")
    conn.execute(grants)
    act_as(conn, role)
    warehouse = Warehouse(conn)
    assert warehouse.prepare() == ALL
    warehouse.apply(minimal_commit())


def test_a_prepared_warehouse_of_another_owner(
    conn: psycopg.Connection[Any], role: str, database: Database
) -> None:
    """With the rights that the message names the role loads without owning a star table."""
    make_star(conn)
    act_as(conn, role)
    with pytest.raises(WarehouseRightMissing) as refusal:
        Warehouse(conn).prepare()
    message = str(refusal.value)
    assert (
        'GRANT SELECT, INSERT, UPDATE, REFERENCES ON TABLE "public"."dim_design"' in message
        and 'GRANT SELECT, INSERT ON TABLE "public"."fact_payment"' in message
        and 'GRANT UPDATE ON SEQUENCE "public"."fact_payment_payment_record_id_seq"' in message
    )

    conn.execute("RESET ROLE")
    conn.execute(message.split("run as their owner: ")[1])
    act_as(conn, role)
    warehouse = Warehouse(conn)
    warehouse.prepare()
    warehouse.apply(minimal_commit())
    assert conn.execute("SELECT count(*) FROM etl.current_payment").fetchone() == (1,)


def test_rights_in_an_etl_schema_of_another_owner(conn: psycopg.Connection[Any], role: str) -> None:
    Warehouse(conn).prepare()
    act_as(conn, role)
    with pytest.raises(WarehouseRightMissing) as refusal:
        Warehouse(conn).prepare()
    conn.execute("RESET ROLE")
    conn.execute(str(refusal.value).split("run as their owner: ")[1])
    act_as(conn, role)
    warehouse = Warehouse(conn)
    assert warehouse.prepare() == ()
    warehouse.apply(minimal_commit())
