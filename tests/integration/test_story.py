"""One story in one process: totesys -> lake -> star -> warehouse -> audit.

Three sales orders with their payments are loaded. Then everything happens that a copy by
`last_updated` would miss or choke on: a silent edit, a late commit, a delete, and a value that no
warehouse column can hold. The expected rows of the warehouse are written down here, whole.
"""

from datetime import datetime
from typing import Any

import psycopg

from fixtures.expected_warehouse import assert_warehouse_equals_source
from fixtures.harness import Harness
from totesys_etl.contracts.lake_tables import QUARANTINE
from totesys_etl.lake.star import read_star

SMALL = """
    DELETE FROM payment WHERE payment_id NOT IN (3, 6, 7);
    DELETE FROM transaction WHERE transaction_id NOT IN (3, 6, 7);
    DELETE FROM purchase_order;
    DELETE FROM sales_order WHERE sales_order_id > 3
"""
"""What is left of totesys' first day: sales orders 1, 2 and 3, paid by payments 3, 6 and 7."""

FOUNDED = datetime(2022, 11, 3, 14, 20, 52, 186_000)
FOUNDED_2_MS_LATER = datetime(2022, 11, 3, 14, 20, 52, 188_000)
MORNING = datetime(2022, 11, 3, 8)
"""Before every other row's stamp."""


def sales_history(harness: Harness) -> list[tuple[Any, ...]]:
    return harness.warehouse.execute(
        """SELECT sales_record_id, sales_order_id, units_sold, op, batch, valid_from, valid_to
             FROM etl.sales_order_history ORDER BY batch, sales_order_id"""
    ).fetchall()


def payment_history(harness: Harness) -> list[tuple[Any, ...]]:
    return harness.warehouse.execute(
        """SELECT payment_record_id, payment_id, op, batch, valid_from, valid_to
             FROM etl.payment_history ORDER BY batch, payment_id"""
    ).fetchall()


def deletions(harness: Harness) -> list[tuple[Any, ...]]:
    return harness.warehouse.execute(
        "SELECT fact_table, business_id, batch FROM etl.fact_deletion"
    ).fetchall()


def quarantine(harness: Harness) -> list[tuple[Any, ...]]:
    head = harness.star_head()
    assert head is not None
    rows = read_star(
        harness.glue_context.spark_session,
        harness.arguments["processed_bucket"],
        QUARANTINE,
        head.tables["quarantine"].partitions,
    )
    columns = ("star_table", "record_id", "business_id", "column_name", "value", "reason", "batch")
    return [tuple(row) for row in rows.select(*columns).collect()]


def test_every_change_arrives_and_the_history_is_kept(harness: Harness) -> None:
    source = harness.source
    source.execute(SMALL.encode())

    # A clerk has begun to enter order 4, stamped in the morning; nobody else can see it yet.
    clerk = psycopg.connect(source.info.dsn, password=source.info.password)
    clerk.execute(
        """INSERT INTO sales_order SELECT 4, %(morning)s, %(morning)s, design_id, staff_id,
                  counterparty_id, 1000, unit_price, currency_id, agreed_delivery_date,
                  agreed_payment_date, agreed_delivery_location_id
             FROM sales_order WHERE sales_order_id = 1""",
        {"morning": MORNING},
    )

    # The first run takes what is there.
    first = harness.ingest()
    harness.transform()
    harness.load()

    assert first is not None
    assert sales_history(harness) == [
        (1, 1, 70219, "insert", 1, FOUNDED, None),
        (2, 2, 42972, "insert", 1, FOUNDED, None),
        (3, 3, 65839, "insert", 1, FOUNDED_2_MS_LATER, None),
    ]

    # A late commit, a silent edit, a delete, and a day that does not exist.
    clerk.commit()
    clerk.close()
    source.execute("UPDATE sales_order SET units_sold = 7 WHERE sales_order_id = 2")
    source.execute("DELETE FROM payment WHERE payment_id = 6")
    source.execute(
        """UPDATE sales_order SET agreed_delivery_date = '2022-11-31',
                  last_updated = '2022-11-04 09:00' WHERE sales_order_id = 3"""
    )

    # The second run: of three changed orders, `last_updated` names one; all three are there.
    second = harness.ingest()
    harness.transform()
    harness.load()

    assert second is not None
    seen = second.captured_at
    orders = harness.certificate().tables["sales_order"]
    assert (orders.live, orders.inserted, orders.updated, orders.deleted) == (4, 1, 2, 0)
    assert (orders.candidates, orders.beyond_bookmark) == (1, 2)
    assert sales_history(harness) == [
        (1, 1, 70219, "insert", 1, FOUNDED, None),
        (2, 2, 42972, "insert", 1, FOUNDED, seen),
        (3, 3, 65839, "insert", 1, FOUNDED_2_MS_LATER, None),
        # Nobody knows when the silent edit was made: it holds from when it was seen.
        (4, 2, 7, "update", 2, seen, None),
        # Record id 5 is kept for order 3. The late order holds from its own stamp on.
        (6, 4, 1000, "insert", 2, MORNING, None),
    ]
    assert payment_history(harness) == [
        (1, 3, "insert", 1, FOUNDED, None),
        (2, 6, "insert", 1, FOUNDED, seen),
        (3, 7, "insert", 1, FOUNDED_2_MS_LATER, None),
        (None, 6, "delete", 2, seen, None),
    ]
    assert deletions(harness) == [("fact_payment", 6, 2)]
    assert quarantine(harness) == [
        (
            *("fact_sales_order", 5, 3, "agreed_delivery_date", "2022-11-31"),
            *("sales_order.agreed_delivery_date is not a day", 2),
        )
    ]

    # The audit replays both batches and finds the same in Parquet files and warehouse.
    audited = harness.audit()
    assert audited is not None
    assert (audited.commit, audited.batch) == (2, 2)
    sales, payments = audited.tables["fact_sales_order"], audited.tables["fact_payment"]
    assert (sales.rows, sales.current, sales.deleted, sales.quarantined) == (5, 4, 0, 1)
    assert (payments.rows, payments.current, payments.deleted) == (3, 2, 1)

    # The day is corrected: the order arrives, and every table equals the source, value by value.
    source.execute(
        "UPDATE sales_order SET agreed_delivery_date = '2022-11-30' WHERE sales_order_id = 3"
    )
    third = harness.ingest()
    harness.transform()
    harness.load()

    assert third is not None
    assert sales_history(harness)[-1] == (7, 3, 65839, "update", 3, third.captured_at, None)
    assert_warehouse_equals_source(harness.source, harness.warehouse)
    assert harness.audit() is not None
