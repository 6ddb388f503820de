"""Deletes from totesys to the warehouse: found although no stamp tells of them, kept as history.

Their parts: the difference in spark/test_exact_difference, deletions of facts in
spark/test_fact_versions, of dimensions in spark/test_star_dimensions, their events in
test_warehouse_facts; too many at once in test_mass_delete_guard.
The tests are one story on one lake and run in order.
"""

from typing import Any

import boto3
import pytest

from fixtures.harness import Harness
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.lake_tables import FACT_DELETION
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import RawCommit, raw_log
from totesys_etl.lake.star import read_star

DELETES = """
    CREATE TABLE kept_payment AS SELECT * FROM payment WHERE payment_id = 7;
    CREATE TABLE kept_design AS SELECT * FROM design WHERE design_id = 10;
    DELETE FROM payment WHERE payment_id IN (7, 9);
    DELETE FROM sales_order WHERE sales_order_id = 5;
    DELETE FROM design WHERE design_id = 10
"""
"""Transaction 9 refers to sales order 5: PostgreSQL sets that to NULL."""

UNNOTICED = """
    CREATE TABLE same_payment AS SELECT * FROM payment WHERE payment_id = 2;
    DELETE FROM payment WHERE payment_id = 2;
    INSERT INTO payment SELECT * FROM same_payment;
    INSERT INTO currency VALUES (4, 'JPY', now(), now());
    DELETE FROM currency WHERE currency_id = 4
"""
"""Deleted and there again, there and deleted again, before anybody looks."""

RETURNS = """
    INSERT INTO payment SELECT * FROM kept_payment;
    INSERT INTO design SELECT * FROM kept_design
"""


def run(harness: Harness) -> RawCommit:
    commit = harness.ingest()
    harness.transform()
    harness.load()
    assert commit is not None
    return commit


@pytest.fixture(scope="module")
def harness(shared_harness: Harness) -> Harness:
    """The founding rows are in the warehouse, and then there were deletes, all in batch 2."""
    shared_harness.transform()
    shared_harness.load()
    shared_harness.source.execute(DELETES.encode())
    shared_harness.source.execute(UNNOTICED.encode())
    run(shared_harness)
    return shared_harness


def rows(harness: Harness, query: str) -> list[tuple[Any, ...]]:
    return harness.warehouse.execute(query.encode()).fetchall()


def test_the_lake_has_each_deleted_key_with_its_last_values(harness: Harness) -> None:
    raw = harness.arguments["raw_bucket"]
    commit = raw_log(boto3.client("s3"), raw).read(2)
    spark = harness.glue_context.spark_session
    deleted = {
        name: sorted(
            (row["op"], row[f"{name}_id"])
            for row in read_changes(spark, raw, SOURCE_TABLES[name], [commit]).collect()
        )
        for name, table in commit.tables.items()
        if table.changes
    }
    assert deleted == {
        "payment": [("delete", 7), ("delete", 9)],
        "sales_order": [("delete", 5)],
        "design": [("delete", 10)],
        "transaction": [("update", 9)],
    }
    (design,) = read_changes(spark, raw, SOURCE_TABLES["design"], [commit]).collect()
    assert (design["design_name"], design["file_name"]) == ("Bronze", "bronze-20220806-e5da.json")
    assert commit.tables["payment"].live == 8


def test_the_star_lists_deleted_facts(harness: Harness) -> None:
    head = harness.star_head()
    assert head is not None
    found = read_star(
        harness.glue_context.spark_session,
        harness.arguments["processed_bucket"],
        FACT_DELETION,
        head.tables["fact_deletion"].partitions,
    )
    assert sorted(
        tuple(r) for r in found.select("fact_table", "business_id", "batch").collect()
    ) == [
        ("fact_payment", 7, 2),
        ("fact_payment", 9, 2),
        ("fact_sales_order", 5, 2),
    ]


def test_a_deleted_fact_is_not_current_and_its_history_ends(harness: Harness) -> None:
    current = rows(harness, "SELECT payment_id FROM etl.current_payment ORDER BY 1")
    assert [key for (key,) in current] == [1, 2, 3, 4, 5, 6, 8, 10]
    assert rows(harness, "SELECT count(*) FROM fact_payment") == [(10,)]
    assert rows(
        harness,
        """SELECT op, payment_record_id, batch, valid_to IS NULL FROM etl.payment_history
            WHERE payment_id = 7 ORDER BY batch""",
    ) == [("insert", 7, 1, False), ("delete", None, 2, True)]
    assert rows(
        harness, "SELECT fact_table, business_id, batch FROM etl.fact_deletion ORDER BY 1, 2"
    ) == [("fact_payment", 7, 2), ("fact_payment", 9, 2), ("fact_sales_order", 5, 2)]


def test_as_of_still_shows_what_was_there(harness: Harness) -> None:
    before = "(SELECT min(captured_at) FROM etl.fact_payment_event)"
    known_then = f"SELECT count(*) FROM etl.payment_as_of(timestamp '2099-01-01', {before})"
    known_now = "SELECT count(*) FROM etl.payment_as_of(timestamp '2099-01-01')"
    assert (rows(harness, known_then), rows(harness, known_now)) == ([(10,)], [(8,)])


def test_a_deleted_dimension_row_stays_for_the_facts_and_is_listed(harness: Harness) -> None:
    assert rows(harness, "SELECT design_name FROM dim_design WHERE design_id = 10") == [("Bronze",)]
    assert rows(harness, "SELECT dim_table, business_id FROM etl.dim_deletion") == [
        ("dim_design", 10)
    ]


def test_what_a_delete_does_to_other_rows_arrives_with_it(harness: Harness) -> None:
    assert rows(harness, "SELECT sales_order_id FROM dim_transaction WHERE transaction_id = 9") == [
        (None,)
    ]


def test_a_key_that_comes_back_is_a_new_version_and_both_deletes_are_remembered(
    harness: Harness,
) -> None:
    harness.source.execute(RETURNS.encode())
    commit = run(harness)
    assert (commit.tables["payment"].inserted, commit.tables["design"].inserted) == (1, 1)
    assert rows(
        harness,
        """SELECT op, payment_record_id, batch, valid_to IS NULL FROM etl.payment_history
            WHERE payment_id = 7 ORDER BY batch""",
    ) == [("insert", 7, 1, False), ("delete", None, 2, False), ("insert", 11, 3, True)]
    assert rows(harness, "SELECT business_id FROM etl.fact_deletion ORDER BY 1") == [
        (5,),
        (7,),
        (9,),
    ]
    assert rows(harness, "SELECT count(*) FROM etl.dim_deletion") == [(0,)]
    assert harness.audit() is not None
