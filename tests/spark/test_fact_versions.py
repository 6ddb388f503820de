"""Facts as worked examples: given changes, expected versions and deletions.

Their numbering is in test_record_ids, what does not convert in test_quarantined_versions.
"""

from datetime import date, datetime
from decimal import Decimal

import pytest

from fixtures.star_rows import (
    CREATED,
    assert_rows,
    captured,
    change,
    changes_frame,
    lake_frame,
    sales_version,
)
from totesys_etl.contracts import STAR_TABLES, lake_tables
from totesys_etl.errors import ContractInvalid
from totesys_etl.transform.facts import fact_deletions, fact_versions, version_count

SALES = STAR_TABLES["fact_sales_order"]
PURCHASES = STAR_TABLES["fact_purchase_orders"]
PAYMENTS = STAR_TABLES["fact_payment"]
FACTS = (SALES, PURCHASES, PAYMENTS)


def columns(given):
    return [(field.name, field.dataType) for field in given.schema.fields]


def test_a_sales_order_becomes_its_first_version(spark):
    given = changes_frame(spark, "sales_order", change("sales_order", "insert", 2))
    facts = fact_versions(SALES, given, before=0)
    assert_rows(
        facts.versions, lake_frame(spark, lake_tables.star(SALES), sales_version(1, 2, "insert", 1))
    )


def test_a_purchase_order_becomes_its_first_version(spark):
    given = changes_frame(spark, "purchase_order", change("purchase_order", "insert", 1, batch=4))
    expected = {
        "purchase_record_id": 8,
        "purchase_order_id": 1,
        "created_date": date(2022, 11, 3),
        "created_time": "14:20:52.186",
        "last_updated_date": date(2022, 11, 3),
        "last_updated_time": "14:20:52.186",
        "staff_id": 12,
        "counterparty_id": 11,
        "item_code": "ZDOI5EA",
        "item_quantity": 371,
        "item_unit_price": Decimal("361.39"),
        "currency_id": 2,
        "agreed_delivery_date": date(2022, 11, 9),
        "agreed_payment_date": date(2022, 11, 7),
        "agreed_delivery_location_id": 6,
        "op": "insert",
        "batch": 4,
        "captured_at": captured(4),
        "valid_from": captured(4),
        "created_month": "2022-11",
    }
    facts = fact_versions(PURCHASES, given, before=7)
    assert_rows(facts.versions, lake_frame(spark, lake_tables.star(PURCHASES), expected))


def test_the_settlement_of_a_payment_is_a_second_version_that_holds_since_last_updated(spark):
    settled = datetime(2022, 11, 4, 7, 55, 11)
    given = changes_frame(
        spark,
        "payment",
        change("payment", "insert", 2, valid_from=CREATED),
        change(
            "payment",
            "update",
            2,
            batch=70,
            changed=["last_updated", "paid"],
            paid=True,
            last_updated=settled,
            valid_from=settled,
        ),
    )
    first = {
        "payment_record_id": 1,
        "payment_id": 2,
        "created_date": date(2022, 11, 3),
        "created_time": "14:20:52.186",
        "last_updated_date": date(2022, 11, 3),
        "last_updated_time": "14:20:52.186",
        "transaction_id": 2,
        "counterparty_id": 15,
        "payment_amount": Decimal("552548.62"),
        "currency_id": 2,
        "payment_type_id": 3,
        "paid": False,
        "payment_date": date(2022, 11, 4),
        "op": "insert",
        "batch": 1,
        "captured_at": captured(1),
        "valid_from": CREATED,
        "created_month": "2022-11",
    }
    second = first | {
        "payment_record_id": 2,
        "last_updated_date": date(2022, 11, 4),
        "last_updated_time": "07:55:11.000",  # a fraction of .000 is still written
        "paid": True,
        "op": "update",
        "batch": 70,
        "captured_at": captured(70),
        "valid_from": settled,
    }
    facts = fact_versions(PAYMENTS, given, before=0)
    assert_rows(facts.versions, lake_frame(spark, lake_tables.star(PAYMENTS), first, second))


def test_a_silent_edit_is_a_version_although_last_updated_stands_still(spark):
    given = changes_frame(
        spark,
        "sales_order",
        change("sales_order", "insert", 2),
        change("sales_order", "update", 2, batch=2, changed=["staff_id"], staff_id=4),
    )
    facts = fact_versions(SALES, given, before=0)
    assert_rows(
        facts.versions,
        lake_frame(
            spark,
            lake_tables.star(SALES),
            sales_version(1, 2, "insert", 1),
            sales_version(2, 2, "update", 2, sales_staff_id=4),
        ),
    )


def test_an_update_of_unmapped_columns_only_is_no_version_and_uses_up_no_record_id(spark):
    given = changes_frame(
        spark,
        "payment",
        change("payment", "update", 1, changed=["company_ac_number"], company_ac_number=1),
        change("payment", "update", 2, changed=["added_by_a_contract_change"]),
        change("payment", "update", 3, changed=[]),
        change("payment", "update", 4, changed=["company_ac_number", "paid"], paid=True),
    )
    facts = fact_versions(PAYMENTS, given, before=0)
    found = facts.versions.select("payment_record_id", "payment_id").collect()
    assert [tuple(row) for row in found] == [(1, 4)]
    assert facts.count == version_count(PAYMENTS, given) == 1


def test_a_delete_is_a_deletion_and_no_version_and_the_key_may_come_back(spark):
    given = changes_frame(
        spark,
        "sales_order",
        change("sales_order", "insert", 5, batch=1),
        change("sales_order", "delete", 5, batch=2),
        change("sales_order", "insert", 5, batch=3),
    )
    facts = fact_versions(SALES, given, before=0)
    assert_rows(
        facts.versions,
        lake_frame(
            spark,
            lake_tables.star(SALES),
            sales_version(1, 5, "insert", 1),
            sales_version(2, 5, "insert", 3),
        ),
    )
    deleted = {
        "business_id": 5,
        "batch": 2,
        "captured_at": captured(2),
        "valid_from": captured(2),
        "fact_table": "fact_sales_order",
    }
    assert_rows(fact_deletions(SALES, given), lake_frame(spark, lake_tables.FACT_DELETION, deleted))


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_no_changes_make_no_rows_and_every_frame_has_the_shape_of_its_contract(spark, table):
    none = changes_frame(spark, table.source)
    facts = fact_versions(table, none, before=5)
    assert (facts.count, facts.quarantined) == (0, 0)
    assert facts.versions.isEmpty()
    for given, lake_table in (
        (facts.versions, lake_tables.star(table)),
        (facts.quarantine, lake_tables.QUARANTINE),
        (fact_deletions(table, none), lake_tables.FACT_DELETION),
    ):
        assert columns(given) == columns(lake_frame(spark, lake_table))


def test_a_dimension_is_not_a_fact(spark):
    given = changes_frame(spark, "design", change("design", "insert", 1))
    with pytest.raises(ContractInvalid, match="dim_design is not a fact"):
        fact_versions(STAR_TABLES["dim_design"], given, before=0)
