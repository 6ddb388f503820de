"""First loads in bulk: foreign keys and indexes go away for the copy and come back the same."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fixtures.warehouse_rows import DAY_1, DAY_2, payment, payment_dimensions, star_rows
from glue_fixtures.servers import Database
from totesys_etl.errors import (
    WarehouseContradictsContract,
)
from totesys_etl.load.fact import BULK_ROWS
from totesys_etl.load.warehouse import LoadBatch, Warehouse
from totesys_etl.warehouse.copy import Batches

Conn = psycopg.Connection[Any]


@pytest.fixture
def conn(database: Database) -> Iterator[Conn]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        Warehouse(connection).prepare()
        yield connection


def first_commit(rows: Batches | None = None) -> LoadBatch:
    rows = rows or star_rows("fact_payment", payment(1, 7, 1, DAY_1))
    return LoadBatch(1, 1, 1, DAY_1, "run", payment_dimensions(), {"fact_payment": rows})


def many_payments(**values: Any) -> Batches:
    rows = [payment(i, i, 1, DAY_1) for i in range(1, BULK_ROWS + 1)]
    rows[-1] |= values
    return star_rows("fact_payment", *rows)


def foreign_keys(conn: Conn) -> dict[str, tuple[int, str]]:
    """Name -> (oid, definition) of fact_payment's foreign keys."""
    query = (
        "SELECT conname, oid, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'fact_payment'::regclass AND contype = 'f' AND convalidated"
    )
    return {name: (oid, definition) for name, oid, definition in conn.execute(query)}


def test_a_small_first_load_keeps_the_foreign_keys(conn: Conn) -> None:
    before = foreign_keys(conn)
    Warehouse(conn).apply(first_commit())
    assert len(before) == 7
    assert foreign_keys(conn) == before


def test_a_bulk_first_load_makes_the_same_foreign_keys_and_indexes_anew(conn: Conn) -> None:
    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'etl' ORDER BY 1"
    keys_before, indexes_before = foreign_keys(conn), conn.execute(indexes).fetchall()
    Warehouse(conn).apply(first_commit(many_payments()))
    keys = foreign_keys(conn)

    assert {n: d for n, (_, d) in keys.items()} == {n: d for n, (_, d) in keys_before.items()}
    assert {oid for oid, _ in keys.values()}.isdisjoint({oid for oid, _ in keys_before.values()})
    assert conn.execute(indexes).fetchall() == indexes_before
    for table in ("fact_payment", "etl.fact_payment_event", "etl.current_payment"):
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (BULK_ROWS,)
    analyzed = (
        "SELECT reltuples FROM pg_class WHERE relname IN ('fact_payment', 'fact_payment_event')"
    )
    assert conn.execute(analyzed).fetchall() == [(BULK_ROWS,)] * 2


def test_a_bulk_first_load_of_many_batches_knows_what_is_superseded(conn: Conn) -> None:
    update = payment(BULK_ROWS + 1, 1, 2, DAY_2, "update", paid=True)
    rows = many_payments()
    both = [rows, star_rows("fact_payment", update)]
    facts: dict[str, Batches] = {"fact_payment": lambda: (b for r in both for b in r())}
    Warehouse(conn).apply(LoadBatch(1, 1, 2, DAY_2, "run", payment_dimensions(), facts))
    superseding = (
        "SELECT record_id, supersedes FROM etl.fact_payment_event WHERE supersedes IS NOT NULL"
    )
    assert conn.execute(superseding).fetchall() == [(BULK_ROWS + 1, 1)]
    assert conn.execute("SELECT count(*) FROM etl.current_payment").fetchone() == (BULK_ROWS,)


def test_a_bulk_first_load_with_a_wrong_key_leaves_nothing(conn: Conn) -> None:
    before = foreign_keys(conn)
    with pytest.raises(WarehouseContradictsContract, match=r"transaction_id\)=\(99\)"):
        Warehouse(conn).apply(first_commit(many_payments(transaction_id=99)))
    assert foreign_keys(conn) == before
    assert conn.execute("SELECT count(*) FROM fact_payment").fetchone() == (0,)


def test_a_bulk_first_load_into_a_table_of_another_owner_keeps_the_keys(
    conn: Conn, database: Database
) -> None:
    role = psycopg.sql.Identifier(f"loader_{database.name}")
    conn.execute(psycopg.sql.SQL("CREATE ROLE {}").format(role))
    try:
        for grant in (
            "USAGE ON SCHEMA public, etl",
            "ALL ON ALL TABLES IN SCHEMA public, etl",
            "ALL ON ALL SEQUENCES IN SCHEMA public",
        ):
            conn.execute(psycopg.sql.SQL(f"GRANT {grant} TO {{}}").format(role))
        before = foreign_keys(conn)
        conn.execute(psycopg.sql.SQL("SET ROLE {}").format(role))
        Warehouse(conn).apply(first_commit(many_payments()))
        assert foreign_keys(conn) == before
        assert conn.execute("SELECT count(*) FROM etl.current_payment").fetchone() == (BULK_ROWS,)
    finally:
        conn.execute("RESET ROLE")
        conn.execute(psycopg.sql.SQL("DROP OWNED BY {}").format(role))
        conn.execute(psycopg.sql.SQL("DROP ROLE {}").format(role))
