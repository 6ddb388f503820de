"""Silent edits (last_updated stands still, so no bookmark sees them) from totesys to the warehouse.

That fingerprints find as much as comparing every row is proven in test_change_detection, that
concurrent silent edits are found in proof/test_histories. The tests are one story on one lake and
run in order.
"""

from typing import Any

import boto3
import pytest

from fixtures.expected_warehouse import assert_warehouse_equals_source
from fixtures.harness import Harness
from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import RawCommit, raw_log

EDITS: dict[str, tuple[int, str, Any]] = {
    "sales_order": (2, "units_sold", 7),
    "purchase_order": (1, "item_code", "ZZZZZZZ"),
    "design": (3, "file_location", "/usr/share"),
    "address": (15, "district", "Rutland & (others), 'quoted'"),
    "department": (3, "location", None),
    "payment": (3, "company_ac_number", 12345678),
}
"""Table -> key, column, new value: facts, dimensions, both sides of a join, and a column that no
fact has."""


@pytest.fixture(scope="module")
def harness(shared_harness: Harness) -> Harness:
    """The founding rows are in the warehouse, and then there were silent edits, all in batch 2."""
    shared_harness.transform()
    shared_harness.load()
    for table, (key, column, value) in EDITS.items():
        statement = f"UPDATE {table} SET {column} = %s WHERE {table}_id = %s"
        shared_harness.source.execute(statement.encode(), (value, key))
    # Edited and edited back before anybody looked: nothing has changed.
    shared_harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 5")
    shared_harness.source.execute("UPDATE payment SET paid = NOT paid WHERE payment_id = 5")
    assert shared_harness.ingest() is not None
    shared_harness.transform()
    shared_harness.load()
    return shared_harness


@pytest.fixture
def batch(harness: Harness) -> RawCommit:
    return raw_log(boto3.client("s3"), harness.arguments["raw_bucket"]).read(2)


def rows(harness: Harness, query: str) -> list[tuple[Any, ...]]:
    return harness.warehouse.execute(query.encode()).fetchall()


def test_a_batch_has_the_edited_rows_and_names_the_columns(
    harness: Harness, batch: RawCommit
) -> None:
    spark = harness.glue_context.spark_session
    found = {
        name: [
            (row["op"], row[f"{name}_id"], row["changed"], row[row["changed"][0]])
            for row in read_changes(
                spark, harness.arguments["raw_bucket"], SOURCE_TABLES[name], [batch]
            ).collect()
        ]
        for name, table in batch.tables.items()
        if table.changes
    }
    assert found == {
        name: [("update", key, [column], value)] for name, (key, column, value) in EDITS.items()
    }


def test_the_certificate_counts_what_the_bookmark_did_not_name(harness: Harness) -> None:
    tables = harness.certificate().tables
    assert {name: tables[name].beyond_bookmark for name in EDITS} == dict.fromkeys(EDITS, 1)
    assert {table.candidates for table in tables.values()} == {0}


def test_every_table_of_the_warehouse_equals_the_source(harness: Harness) -> None:
    assert_warehouse_equals_source(harness.source, harness.warehouse)


def test_an_edited_fact_has_a_version_that_holds_from_when_it_was_seen(
    harness: Harness, batch: RawCommit
) -> None:
    assert rows(
        harness,
        """SELECT sales_record_id, units_sold, op, batch, valid_from = captured_at
             FROM etl.sales_order_history WHERE sales_order_id = 2 ORDER BY batch""",
    ) == [(2, 42972, "insert", 1, False), (6, 7, "update", 2, True)]
    assert rows(
        harness, "SELECT valid_to FROM etl.sales_order_history WHERE sales_record_id = 2"
    ) == [(batch.captured_at,)]


def test_a_column_that_no_fact_has_makes_no_version(harness: Harness) -> None:
    assert rows(harness, "SELECT count(*) FROM fact_payment") == [(10,)]
