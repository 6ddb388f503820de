"""Late commits: transactions that commit after a run, with stamps from before it.

No bookmark over stamps finds them. Here by hand from totesys to the warehouse; among hundreds of
concurrent histories in proof/test_histories. The tests share one lake, and each leaves it working.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from fixtures.expected_warehouse import assert_warehouse_equals_source
from fixtures.harness import Harness
from fixtures.snapshot_moments import while_the_snapshot_is_open

ENTER_ORDER = """
    INSERT INTO sales_order SELECT %(key)s, %(at)s, %(at)s, design_id, staff_id, counterparty_id,
           units_sold, unit_price, currency_id, agreed_delivery_date, agreed_payment_date,
           agreed_delivery_location_id
      FROM sales_order WHERE sales_order_id = 1
"""


@pytest.fixture
def harness(shared_harness: Harness) -> Harness:
    return shared_harness


@contextmanager
def clerk(harness: Harness) -> Iterator[psycopg.Connection[Any]]:
    """Another session at totesys, in a transaction of its own."""
    info = harness.source.info
    with psycopg.connect(info.dsn, password=info.password) as session:
        yield session


def test_a_transaction_begun_before_two_runs_and_committed_between_them_arrives(
    harness: Harness,
) -> None:
    """An insert with an older stamp than anything that was captured, and an update."""
    with clerk(harness) as late:
        late.execute(ENTER_ORDER, {"key": 101, "at": "2022-11-03 08:00"})
        late.execute(
            "UPDATE payment SET paid = true, last_updated = '2022-11-03 18:59' WHERE payment_id = 4"
        )
        # Others work on: the run in between sees a newer stamp, and not the clerk's rows.
        harness.source.execute("UPDATE design SET last_updated = now() WHERE design_id = 1")
        harness.source.execute(ENTER_ORDER, {"key": 102, "at": "2022-11-04 08:00"})
        between = harness.ingest()
        assert between is not None
        assert (between.tables["sales_order"].inserted, between.tables["payment"].changes) == (
            1,
            (),
        )

        late.commit()
    after = harness.ingest()

    assert after is not None
    assert after.batch == between.batch + 1
    assert after.tables["sales_order"].inserted == 1
    assert after.tables["payment"].updated == 1
    certified = harness.certificate().tables
    assert (certified["sales_order"].candidates, certified["sales_order"].beyond_bookmark) == (0, 1)
    harness.transform()
    harness.load()
    assert_warehouse_equals_source(harness.source, harness.warehouse)
    # Known from when it was seen, valid from its own stamp.
    assert harness.warehouse.execute(
        """SELECT valid_from::text, known_from FROM etl.sales_order_history
            WHERE sales_order_id = 101"""
    ).fetchall() == [("2022-11-03 08:00:00", after.captured_at)]


def test_a_transaction_that_commits_while_the_snapshot_is_open_belongs_to_the_next_batch(
    harness: Harness,
) -> None:
    before = harness.raw_head()
    with clerk(harness) as late:
        late.execute(ENTER_ORDER, {"key": 201, "at": "2022-11-05 08:00"})
        harness.source.execute("UPDATE sales_order SET units_sold = 8 WHERE sales_order_id = 3")

        with while_the_snapshot_is_open(harness, late.commit) as connection:
            running = harness.ingest(source_connection=connection)

    assert running is not None
    state = running.tables["sales_order"]
    assert (running.batch, state.inserted, state.updated) == (before + 1, 0, 1)
    following = harness.ingest()
    assert following is not None
    state = following.tables["sales_order"]
    assert (following.batch, state.inserted, state.updated) == (before + 2, 1, 0)


def test_a_transaction_that_is_rolled_back_never_was(harness: Harness) -> None:
    with clerk(harness) as late:
        late.execute(ENTER_ORDER, {"key": 301, "at": "2022-11-06 08:00"})
        assert harness.ingest() is None
        late.rollback()
    assert harness.ingest() is None
