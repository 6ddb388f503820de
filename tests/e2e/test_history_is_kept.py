"""Versions of facts, deletions, and questions about the past, after the story's working day."""

from datetime import datetime, timedelta

import pytest

from fixtures.expected_warehouse import Rows, rows
from fixtures.story import Story

pytestmark = pytest.mark.xdist_group("terraform-platform")


def test_facts_keep_their_history(story: Story) -> None:
    assert rows(
        story.warehouse,
        """SELECT op, sales_staff_id = 7, batch, valid_to IS NULL, known_from = captured_at
             FROM etl.sales_order_history WHERE sales_order_id = 2 ORDER BY batch""",
    ) == [("insert", False, 1, False, True), ("update", True, 2, True, True)]
    # A silent edit leaves last_updated where it was, so it is valid from when it was seen.
    assert rows(
        story.warehouse,
        """SELECT count(DISTINCT (last_updated_date, last_updated_time)),
                  bool_and((valid_from = captured_at) = (op = 'update'))
             FROM etl.sales_order_history WHERE sales_order_id = 2""",
    ) == [(1, True)]


def test_a_column_that_no_fact_carries_makes_no_version(story: Story) -> None:
    assert rows(
        story.warehouse,
        "SELECT op, batch FROM etl.payment_history WHERE payment_id = 3 AND batch = 2",
    ) in ([], [("update", 2)])
    (settled,) = rows(
        story.warehouse,
        "SELECT count(*) FROM etl.payment_history WHERE payment_id = 3 AND op = 'update'",
    )
    assert settled == (int(any(c.key == 3 and c.column == "paid" for c in story.changes)),)


def test_a_delete_is_told_and_ends_the_payment(story: Story) -> None:
    warehouse = story.warehouse
    assert rows(warehouse, "SELECT fact_table, business_id, batch FROM etl.fact_deletion") == [
        ("fact_payment", 7, 2)
    ]
    assert rows(warehouse, "SELECT * FROM etl.current_payment WHERE payment_id = 7") == []
    assert [r[0] for r in rows(
        warehouse, "SELECT op FROM etl.payment_history WHERE payment_id = 7 ORDER BY batch"
    )] == ["insert", "delete"]  # fmt: skip


def test_as_of_tells_what_was_so_and_what_was_known(story: Story) -> None:
    settled = next(c for c in story.changes if c.column == "paid")
    paid = "SELECT paid FROM etl.payment_as_of(%s, %s) WHERE payment_id = %s"
    before, after = settled.at - timedelta(seconds=10), settled.at + timedelta(seconds=10)
    (first_known,) = rows(story.warehouse, "SELECT min(captured_at) FROM etl.fact_payment_event")[0]
    forever = datetime(9999, 1, 1)

    def asked(valid_at: datetime, known_at: datetime) -> Rows:
        return story.warehouse.execute(paid, (valid_at, known_at, settled.key)).fetchall()

    assert asked(before, forever) == [(False,)]
    assert asked(after, forever) == [(True,)]
    assert asked(after, first_known) == [(False,)]
    assert asked(datetime(2022, 1, 1), forever) == []
