"""Current state, history and any instant: one worked example through all views."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest

from fixtures.warehouse_rows import deletions, payment_dimensions, sales_order, star_rows
from glue_fixtures.servers import Database
from totesys_etl.load.warehouse import LoadBatch, Warehouse

# Captured at 09:00 of four days. Order 1 is inserted on the 2nd, moved on the 3rd at 08:00 and
# deleted on the 5th. Order 2 became so on the 2nd at 12:00, but its transaction committed late: it
# was seen on the 4th.
SEEN = {batch: datetime(2026, 11, batch + 1, 9, 0) for batch in (1, 2, 3, 4)}
MOVED = datetime(2026, 11, 3, 8, 0)
LATE = datetime(2026, 11, 2, 12, 0)
DELETED = SEEN[4]


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        warehouse = Warehouse(connection)
        warehouse.prepare()
        facts = {
            1: sales_order(1, 1, 1, SEEN[1]),
            2: sales_order(2, 1, 2, SEEN[2], "update", valid_from=MOVED, design_id=2),
            3: sales_order(3, 2, 3, SEEN[3], valid_from=LATE),
        }
        for number in (1, 2, 3, 4):
            rows = [facts[number]] if number in facts else []
            warehouse.apply(
                LoadBatch(
                    number,
                    number,
                    number,
                    SEEN[number],
                    "run",
                    dimensions=payment_dimensions() if number == 1 else {},
                    facts={"fact_sales_order": star_rows("fact_sales_order", *rows)},
                    fact_deletions={"fact_sales_order": deletions((1, 4, DELETED))}
                    if number == 4
                    else {},
                )
            )
        yield connection


def test_current_is_what_is_not_superseded(conn: psycopg.Connection[Any]) -> None:
    query = "SELECT sales_record_id, sales_order_id, design_id FROM etl.current_sales_order"
    assert conn.execute(query).fetchall() == [(3, 2, 1)]


def test_history_has_an_interval_for_every_version_and_delete(
    conn: psycopg.Connection[Any],
) -> None:
    query = (
        "SELECT sales_record_id, sales_order_id, design_id, op, batch, captured_at, valid_from,"
        " valid_to, known_from FROM etl.sales_order_history ORDER BY batch"
    )
    assert conn.execute(query).fetchall() == [
        (1, 1, 1, "insert", 1, SEEN[1], SEEN[1], MOVED, SEEN[1]),
        (2, 1, 2, "update", 2, SEEN[2], MOVED, DELETED, SEEN[2]),
        (3, 2, 1, "insert", 3, SEEN[3], LATE, None, SEEN[3]),
        (None, 1, None, "delete", 4, SEEN[4], DELETED, None, SEEN[4]),
    ]


NOW = datetime(2026, 12, 1)


@pytest.mark.parametrize(
    ("valid_at", "known_at", "record_ids"),
    [
        (datetime(2026, 11, 2, 8, 59), NOW, []),
        (SEEN[1], NOW, [1]),
        (LATE, SEEN[2], [1]),  # order 2 was so already, but nobody had seen it
        (LATE, SEEN[3], [1, 3]),
        (MOVED, SEEN[1], [1]),
        (MOVED, SEEN[2], [2]),
        (MOVED, NOW, [2, 3]),
        (NOW, SEEN[3], [2, 3]),  # before the delete was known
        (DELETED, NOW, [3]),
        (NOW, None, [3]),
    ],
)
def test_as_of(
    conn: psycopg.Connection[Any],
    valid_at: datetime,
    known_at: datetime | None,
    record_ids: list[int],
) -> None:
    arguments = [valid_at] if known_at is None else [valid_at, known_at]
    query = (
        f"SELECT sales_record_id FROM etl.sales_order_as_of({', '.join(['%s'] * len(arguments))})"
        " ORDER BY 1"
    )
    assert conn.execute(query, arguments).fetchall() == [(i,) for i in record_ids]


def test_as_of_returns_whole_facts(conn: psycopg.Connection[Any]) -> None:
    versions = conn.execute("SELECT * FROM fact_sales_order WHERE sales_record_id = 3").fetchall()
    assert conn.execute("SELECT * FROM etl.sales_order_as_of('infinity')").fetchall() == versions


def test_every_view_answers(conn: psycopg.Connection[Any]) -> None:
    for entity in ("sales_order", "purchase_order", "payment"):
        for source in (
            f"etl.current_{entity}",
            f"etl.{entity}_history",
            f"etl.{entity}_as_of(now()::timestamp)",
        ):
            conn.execute(f"SELECT * FROM {source}")
    alias = conn.execute("SELECT * FROM etl.fact_purchase_order")
    fact = conn.execute("SELECT * FROM fact_purchase_orders")
    assert [c.name for c in alias.description or []] == [c.name for c in fact.description or []]
