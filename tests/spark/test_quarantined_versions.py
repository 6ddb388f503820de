"""Versions that do not convert: every column and value is named, nothing else is held up.

From totesys to the warehouse: integration/test_quarantine.
"""

from datetime import datetime

import pytest

from fixtures.star_rows import (
    assert_rows,
    captured,
    change,
    changes_frame,
    lake_frame,
    sales_version,
)
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.transform.facts import fact_versions

SALES = STAR_TABLES["fact_sales_order"]
FACTS = (SALES, STAR_TABLES["fact_purchase_orders"], STAR_TABLES["fact_payment"])


def quarantined(record_id, key, column_name, value, reason, op="insert", batch=1):
    return {
        "record_id": record_id,
        "business_id": key,
        "column_name": column_name,
        "value": value,
        "reason": reason,
        "op": op,
        "batch": batch,
        "captured_at": captured(batch),
        "valid_from": captured(batch),
        "star_table": "fact_sales_order",
    }


def test_a_version_that_can_not_be_had_is_quarantined_and_its_record_id_stays_reserved(spark):
    era = "is infinite, NaN or no date of this era"
    given = changes_frame(
        spark,
        "sales_order",
        change("sales_order", "insert", 1),
        change("sales_order", "insert", 2, agreed_payment_date="2024-02-30"),
        change(
            "sales_order",
            "insert",
            3,
            unit_price=None,
            created_at=None,
            non_finite="created_at=infinity,unit_price=NaN",
        ),
        change("sales_order", "insert", 4, agreed_delivery_date=None, staff_id=None),
        change("sales_order", "insert", 5, agreed_payment_date="2101-01-01"),
        change("sales_order", "insert", 6, last_updated=datetime(1970, 1, 1, 8)),
        change("sales_order", "insert", 7),
    )
    facts = fact_versions(SALES, given, before=0)
    kept = (sales_version(1, 1, "insert", 1), sales_version(7, 7, "insert", 1))
    assert_rows(facts.versions, lake_frame(spark, lake_tables.star(SALES), *kept))
    payment_date = "sales_order.agreed_payment_date"
    bounds = "is outside 1990-01-01..2100-12-31"
    expected = [
        quarantined(
            2,
            2,
            "agreed_payment_date",
            "2024-02-30",
            "sales_order.agreed_payment_date is not a day",
        ),
        quarantined(3, 3, "created_date", "infinity", f"sales_order.created_at {era}"),
        quarantined(3, 3, "created_time", "infinity", f"sales_order.created_at {era}"),
        quarantined(3, 3, "unit_price", "NaN", f"sales_order.unit_price {era}"),
        quarantined(4, 4, "agreed_delivery_date", None, "sales_order.agreed_delivery_date is NULL"),
        quarantined(4, 4, "sales_staff_id", None, "sales_order.staff_id is NULL"),
        quarantined(5, 5, "agreed_payment_date", "2101-01-01", f"{payment_date} {bounds}"),
        quarantined(
            6, 6, "last_updated_date", "1970-01-01 08:00:00", f"sales_order.last_updated {bounds}"
        ),
    ]
    assert_rows(facts.quarantine, lake_frame(spark, lake_tables.QUARANTINE, *expected))
    assert (facts.count, facts.quarantined) == (7, 5)


def test_a_correction_at_the_source_arrives_as_a_version_of_its_own(spark):
    wrong = change("sales_order", "insert", 2, agreed_payment_date="tomorrow")
    corrected = change("sales_order", "update", 2, batch=2, changed=["agreed_payment_date"])
    facts = fact_versions(SALES, changes_frame(spark, "sales_order", wrong, corrected), before=0)
    expected = sales_version(2, 2, "update", 2)
    assert_rows(facts.versions, lake_frame(spark, lake_tables.star(SALES), expected))
    assert (facts.count, facts.quarantined) == (2, 1)


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_a_row_of_nulls_names_every_column_that_needs_a_value(spark, table):
    source = SOURCE_TABLES[table.source]
    nulls = {name: None for name in source.column_names if name != source.primary_key}
    given = changes_frame(spark, source.name, change(source.name, "insert", 1, **nulls))
    facts = fact_versions(table, given, before=0)
    assert facts.versions.isEmpty()
    names = [row["column_name"] for row in facts.quarantine.collect()]
    assert names == [*table.column_names[2:]]
