"""A generated totesys keeps the schema and the laws of the real one; and the command line."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from totesys_simulator import TABLES, Simulator, create_totesys, scale
from totesys_simulator.__main__ import main
from totesys_simulator.errors import OutOfTime

ORDERS = 5000
SCHEMA = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
ORDER BY 1, 2, 3
"""

# Each counts rows that break a law; all must be 0.
BROKEN = {
    "transaction without its one order": """
        SELECT count(*) FROM transaction
        WHERE (sales_order_id IS NULL) = (transaction_type = 'SALE')
            OR (purchase_order_id IS NULL) = (transaction_type = 'PURCHASE')""",
    "payment unlike its order": """
        SELECT count(*) FROM payment
        JOIN transaction USING (transaction_id)
        LEFT JOIN sales_order AS s USING (sales_order_id)
        LEFT JOIN purchase_order AS p USING (purchase_order_id)
        WHERE (
            payment.created_at, payment.counterparty_id, payment.currency_id, payment_date,
            payment_amount, payment_type_id
        ) IS DISTINCT FROM (
            coalesce(s.created_at, p.created_at), coalesce(s.counterparty_id, p.counterparty_id),
            coalesce(s.currency_id, p.currency_id),
            coalesce(s.agreed_payment_date, p.agreed_payment_date),
            coalesce(units_sold * unit_price, item_quantity * item_unit_price),
            CASE transaction_type WHEN 'SALE' THEN 1 ELSE 3 END
        ) OR transaction.created_at <> payment.created_at""",
    "settled on another morning, or not settled on its own": """
        SELECT count(*) FROM payment
        WHERE paid <> (
            payment_date::date > created_at::date AND payment_date::date < '2024-11-15'
            AND extract(isodow FROM payment_date::date) <= 5
        ) OR CASE WHEN paid THEN last_updated::date <> payment_date::date
            ELSE last_updated <> created_at END""",
    "outside working hours": """
        SELECT count(*) FROM transaction WHERE extract(isodow FROM created_at) > 5
            OR created_at::time NOT BETWEEN '08:00' AND '19:00'
            OR created_at >= '2024-11-15' OR created_at < '2022-11-04'""",
    "value out of range": """
        SELECT count(*) FROM sales_order
        WHERE units_sold NOT BETWEEN 1000 AND 100000 OR unit_price NOT BETWEEN 2 AND 4
            OR agreed_delivery_date::date - created_at::date NOT BETWEEN 0 AND 7
            OR agreed_payment_date::date - created_at::date NOT BETWEEN 0 AND 6""",
    "item code of another shape or used twice": """
        SELECT count(*) FILTER (WHERE item_code !~ '^[A-Z0-9]{7}$')
            + count(*) - count(DISTINCT item_code) FROM purchase_order""",
    "design younger than its order": """
        SELECT count(*) FROM sales_order AS s JOIN design AS d USING (design_id)
        WHERE d.created_at > s.created_at""",
}


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        create_totesys(connection)
        yield connection


def fingerprint(conn: psycopg.Connection) -> list[str]:
    return [
        conn.execute(
            f'SELECT md5(string_agg(t::text, chr(10) ORDER BY {table}_id)) FROM "{table}" AS t'
        ).fetchone()[0]
        for table in TABLES
    ]


def test_scale_keeps_schema_laws_and_counts(conn: psycopg.Connection) -> None:
    schema = conn.execute(SCHEMA).fetchall()
    counts = scale(conn, ORDERS, seed=2)
    assert conn.execute(SCHEMA).fetchall() == schema
    assert (counts["sales_order"], counts["purchase_order"]) == (3540, 1460)
    assert counts == {
        table: conn.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in TABLES
    }
    broken = {law: conn.execute(query).fetchone()[0] for law, query in BROKEN.items()}
    assert broken == dict.fromkeys(BROKEN, 0)


def test_keys_are_contiguous_and_life_goes_on(conn: psycopg.Connection) -> None:
    scale(conn, ORDERS, seed=2)
    assert conn.execute("SELECT min(payment_id), max(payment_id) FROM payment").fetchone() == (
        1,
        ORDERS,
    )
    changes = Simulator(conn, seed=1).workday()
    new = [c.key for c in changes if c.table == "payment" and c.op == "insert"]
    assert sorted(new) == list(range(ORDERS + 1, ORDERS + 1 + len(new))) and new


def test_the_seed_decides_the_rows(postgres: Any, database: Any) -> None:
    prints = {}
    for seed, name in [(2, "a"), (2, "b"), (3, "c")]:
        postgres.create_database(f"{database.name}_{name}")
        conninfo = psycopg.conninfo.make_conninfo(
            database.conninfo, dbname=f"{database.name}_{name}"
        )
        with psycopg.connect(conninfo) as conn:
            create_totesys(conn)
            scale(conn, 500, seed=seed)
            prints[name] = fingerprint(conn)
        postgres.drop_database(f"{database.name}_{name}")
    assert prints["a"] == prints["b"] != prints["c"]


def test_scale_needs_a_workday(conn: psycopg.Connection) -> None:
    with pytest.raises(OutOfTime, match="choose a later end"):
        scale(conn, 10, until=date(2022, 11, 4))


def test_the_command_line(
    database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPASSWORD", database.password)
    url = f"host={database.host} port={database.port} dbname={database.name} user={database.user}"
    main(["create", "--url", url])
    main(["history", "--url", url, "--until", "2022-11-12", "--seed", "1"])
    main(["workday", "--url", url, "--days", "2", "--seed", "1"])
    created, past, worked = map(json.loads, capsys.readouterr().out.splitlines())
    assert created == {}
    assert past["address"] == 30 and past["payment"] > 10
    assert worked["payment.insert"] == worked["transaction.insert"] > 0


def test_scale_on_the_command_line(
    database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPASSWORD", database.password)
    url = f"host={database.host} port={database.port} dbname={database.name} user={database.user}"
    main(["create", "--url", url])
    main(["scale", "--url", url, "--orders", "100"])
    assert json.loads(capsys.readouterr().out.splitlines()[1])["payment"] == 100
