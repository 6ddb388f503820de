"""Fact versions and their events: what supersedes what, and what is refused."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from fixtures.warehouse_rows import (
    DAY_1,
    DAY_2,
    DAY_3,
    commit,
    deletions,
    first_commit,
    payment,
    payment_dimensions,
    payments,
    sales_order,
    star_rows,
)
from glue_fixtures.servers import Database
from totesys_etl.errors import (
    WarehouseContradictsContract,
)
from totesys_etl.load.dimension import TableLoad
from totesys_etl.load.warehouse import Warehouse


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def warehouse(conn: psycopg.Connection[Any]) -> Warehouse:
    warehouse = Warehouse(conn)
    warehouse.prepare()
    return warehouse


EVENTS = (
    "SELECT record_id, payment_id, op, batch, supersedes FROM"
    " (SELECT *, business_id AS payment_id FROM etl.fact_payment_event) AS e"
    " ORDER BY batch, payment_id"
)


def test_a_version_supersedes_the_newest_one_before_it(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    """Record id 3 is reserved by a quarantined version: the one before it stays current."""
    warehouse.apply(first_commit(payment(1, 7, 1, DAY_1), payment(2, 8, 1, DAY_1)))
    warehouse.apply(commit(2, DAY_2, facts=payments(payment(4, 7, 2, DAY_2, "update", paid=True))))
    warehouse.apply(commit(3, DAY_3, facts=payments(payment(5, 8, 3, DAY_3, "update", paid=True))))

    assert conn.execute(EVENTS).fetchall() == [
        (1, 7, "insert", 1, None),
        (2, 8, "insert", 1, None),
        (4, 7, "update", 2, 1),
        (5, 8, "update", 3, 2),
    ]
    assert conn.execute(
        "SELECT payment_record_id, payment_id, paid FROM etl.current_payment ORDER BY 1"
    ).fetchall() == [(4, 7, True), (5, 8, True)]


def test_delete_and_insert_again(warehouse: Warehouse, conn: psycopg.Connection[Any]) -> None:
    warehouse.apply(first_commit(payment(1, 7, 1, DAY_1)))
    gone = {"fact_payment": deletions((7, 2, DAY_2))}
    report = warehouse.apply(commit(2, DAY_2, fact_deletions=gone))
    assert report.tables == {"fact_payment": TableLoad(deleted=1)}
    assert conn.execute("SELECT * FROM etl.current_payment").fetchall() == []
    assert conn.execute("SELECT * FROM etl.fact_deletion").fetchall() == [
        ("fact_payment", 7, 2, DAY_2, DAY_2)
    ]

    warehouse.apply(commit(3, DAY_3, facts=payments(payment(2, 7, 3, DAY_3))))
    assert conn.execute(EVENTS).fetchall() == [
        (1, 7, "insert", 1, None),
        (None, 7, "delete", 2, 1),
        (2, 7, "insert", 3, None),
    ]
    assert conn.execute("SELECT payment_record_id FROM etl.current_payment").fetchall() == [(2,)]


@pytest.mark.parametrize("earlier_commit", [True, False])
def test_many_batches_in_one_commit_make_the_same_events(
    warehouse: Warehouse, conn: psycopg.Connection[Any], earlier_commit: bool
) -> None:
    """The same six events, batch 1 in a commit of its own or all in one."""
    head = [payment(1, 7, 1, DAY_1), payment(2, 8, 1, DAY_1)]
    tail = [
        payment(3, 7, 2, DAY_2, "update", paid=True),
        payment(4, 7, 3, DAY_3, "update", paid=False),
        payment(5, 8, 4, DAY_3),
    ]
    gone = {"fact_payment": deletions((8, 2, DAY_2))}
    if earlier_commit:
        warehouse.apply(first_commit(*head))
        warehouse.apply(commit(2, DAY_3, (2, 4), facts=payments(*tail), fact_deletions=gone))
    else:
        whole = payments(*head, *tail)
        warehouse.apply(
            commit(
                1,
                DAY_3,
                (1, 4),
                dimensions=payment_dimensions(),
                facts=whole,
                fact_deletions=gone,
            )
        )

    assert conn.execute(EVENTS).fetchall() == [
        (1, 7, "insert", 1, None),
        (2, 8, "insert", 1, None),
        (3, 7, "update", 2, 1),
        (None, 8, "delete", 2, 2),
        (4, 7, "update", 3, 3),
        (5, 8, "insert", 4, None),
    ]


def test_a_record_id_with_other_values_is_refused(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    warehouse.apply(first_commit(payment(1, 7, 1, DAY_1)))
    changed = payment(1, 7, 1, DAY_1, payment_amount=Decimal("0.01"))
    with pytest.raises(WarehouseContradictsContract, match=r"fact_payment.payment_record_id 1 "):
        warehouse.apply(commit(2, DAY_2, facts=payments(payment(2, 9, 2, DAY_2), changed)))
    assert conn.execute("SELECT count(*) FROM fact_payment").fetchone() == (1,)
    assert warehouse.loaded_through() == 1


def test_another_event_in_the_same_batch_is_refused(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    warehouse.apply(first_commit(payment(1, 7, 1, DAY_1)))
    with pytest.raises(WarehouseContradictsContract, match="payment_id 7 in batch 1"):
        warehouse.apply(commit(2, DAY_2, facts=payments(payment(2, 7, 1, DAY_2))))
    assert conn.execute("SELECT count(*) FROM fact_payment").fetchone() == (1,)


def test_the_serial_goes_on_after_the_newest_record_id(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    warehouse.apply(first_commit(payment(1, 7, 1, DAY_1), payment(41, 8, 1, DAY_1)))
    query = "SELECT nextval(pg_get_serial_sequence('fact_payment', 'payment_record_id'))"
    assert conn.execute(query).fetchone() == (42,)


def test_a_row_that_breaks_a_foreign_key_is_refused_wholly(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    with pytest.raises(WarehouseContradictsContract, match=r"commit 1: .*design_id\)=\(99\)"):
        warehouse.apply(
            commit(
                1,
                DAY_1,
                dimensions=payment_dimensions(),
                facts={
                    "fact_sales_order": star_rows(
                        "fact_sales_order", sales_order(1, 1, 1, DAY_1, design_id=99)
                    )
                },
            )
        )
    assert conn.execute("SELECT count(*) FROM dim_design").fetchone() == (0,)
    assert warehouse.loaded_through() == 0
