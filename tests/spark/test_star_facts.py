"""Facts as worked examples: given changes, expected versions, deletions and quarantine."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from chispa import assert_df_equality

from fixtures.star_rows import CREATED, captured, change, changes_frame, frame
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.contracts.spark import struct_type
from totesys_etl.errors import ContractInvalid
from totesys_etl.star.facts import fact_deletions, fact_versions, version_count

SALES = STAR_TABLES["fact_sales_order"]
PURCHASES = STAR_TABLES["fact_purchase_orders"]
PAYMENTS = STAR_TABLES["fact_payment"]
FACTS = (SALES, PURCHASES, PAYMENTS)


def shape(lake_table):
    return struct_type((*lake_table.columns, *lake_table.partition_keys))


def columns(schema):
    return [(field.name, field.dataType) for field in schema.fields]


def equal(given, expected):
    assert_df_equality(given, expected, ignore_nullable=True, ignore_row_order=True)


def version(record_id, key, op, batch, **differs):
    """The version that an ordinary sales order becomes."""
    return {
        "sales_record_id": record_id,
        "sales_order_id": key,
        "created_date": date(2022, 11, 3),
        "created_time": "14:20:52.186",
        "last_updated_date": date(2022, 11, 3),
        "last_updated_time": "14:20:52.186",
        "sales_staff_id": 19,
        "counterparty_id": 8,
        "units_sold": 42972,
        "unit_price": Decimal("3.94"),
        "currency_id": 2,
        "design_id": 3,
        "agreed_payment_date": date(2022, 11, 8),
        "agreed_delivery_date": date(2022, 11, 7),
        "agreed_delivery_location_id": 9,
        "op": op,
        "batch": batch,
        "captured_at": captured(batch),
        "valid_from": captured(batch),
        "created_month": "2022-11",
    } | differs


def test_a_sales_order_becomes_its_first_version(spark):
    given = changes_frame(spark, "sales_order", change("sales_order", "insert", 2))
    facts = fact_versions(SALES, given, before=0)
    equal(facts.versions, frame(spark, shape(lake_tables.star(SALES)), version(1, 2, "insert", 1)))


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
    equal(facts.versions, frame(spark, shape(lake_tables.star(PURCHASES)), expected))


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
    equal(facts.versions, frame(spark, shape(lake_tables.star(PAYMENTS)), first, second))


def test_a_silent_edit_is_a_version_although_last_updated_stands_still(spark):
    given = changes_frame(
        spark,
        "sales_order",
        change("sales_order", "insert", 2),
        change("sales_order", "update", 2, batch=2, changed=["staff_id"], staff_id=4),
    )
    facts = fact_versions(SALES, given, before=0)
    equal(
        facts.versions,
        frame(
            spark,
            shape(lake_tables.star(SALES)),
            version(1, 2, "insert", 1),
            version(2, 2, "update", 2, sales_staff_id=4),
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
    equal(
        facts.versions,
        frame(
            spark,
            shape(lake_tables.star(SALES)),
            version(1, 5, "insert", 1),
            version(2, 5, "insert", 3),
        ),
    )
    deleted = {
        "business_id": 5,
        "batch": 2,
        "captured_at": captured(2),
        "valid_from": captured(2),
        "fact_table": "fact_sales_order",
    }
    equal(fact_deletions(SALES, given), frame(spark, shape(lake_tables.FACT_DELETION), deleted))


def test_record_ids_rank_by_batch_then_key_over_all_key_ranges(spark):
    keys = [(1, 65_536), (1, -1), (1, 3), (1, 70_000), (1, 65_535), (2, 2), (2, -70_000)]
    given = changes_frame(
        spark, "sales_order", *(change("sales_order", "insert", key, b) for b, key in keys)
    )
    versions = fact_versions(SALES, given, before=100).versions
    found = versions.select("sales_record_id", "batch", "sales_order_id").collect()
    assert sorted(map(tuple, found)) == [
        (101, 1, -1),
        (102, 1, 3),
        (103, 1, 65_535),
        (104, 1, 65_536),
        (105, 1, 70_000),
        (106, 2, -70_000),
        (107, 2, 2),
    ]


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
    kept = (version(1, 1, "insert", 1), version(7, 7, "insert", 1))
    equal(facts.versions, frame(spark, shape(lake_tables.star(SALES)), *kept))
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
    equal(facts.quarantine, frame(spark, shape(lake_tables.QUARANTINE), *expected))
    assert (facts.count, facts.quarantined) == (7, 5)


def test_a_correction_at_the_source_arrives_as_a_version_of_its_own(spark):
    wrong = change("sales_order", "insert", 2, agreed_payment_date="tomorrow")
    corrected = change("sales_order", "update", 2, batch=2, changed=["agreed_payment_date"])
    facts = fact_versions(SALES, changes_frame(spark, "sales_order", wrong, corrected), before=0)
    expected = version(2, 2, "update", 2)
    equal(facts.versions, frame(spark, shape(lake_tables.star(SALES)), expected))
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
        assert columns(given.schema) == columns(shape(lake_table))


def test_record_ids_never_wrap_around(spark):
    given = changes_frame(spark, "sales_order", change("sales_order", "insert", 1))
    fact_versions(SALES, given, before=2**31 - 2)
    with pytest.raises(ContractInvalid, match="2147483648 does not fit"):
        fact_versions(SALES, given, before=2**31 - 1)


def test_a_dimension_is_not_a_fact(spark):
    given = changes_frame(spark, "design", change("design", "insert", 1))
    with pytest.raises(ContractInvalid, match="dim_design is not a fact"):
        fact_versions(STAR_TABLES["dim_design"], given, before=0)
