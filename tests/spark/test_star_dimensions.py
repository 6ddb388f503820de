"""Dimensions as worked examples: given current rows and changes, expected rows and key ranges."""

from datetime import datetime

import pytest
from chispa import assert_df_equality

from fixtures.star_rows import captured, change, changes_frame, current_frame, frame, latest
from totesys_etl.contracts import STAR_TABLES, lake_tables
from totesys_etl.contracts.model import Kind
from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.canonical import range_name
from totesys_etl.render.spark import struct_type
from totesys_etl.transform.dimensions import (
    dim_deletions,
    dimension_rows,
    touched_ranges,
    unknown_currencies,
)
from totesys_etl.transform.record_ids import key_range

COUNTERPARTY = STAR_TABLES["dim_counterparty"]
STAFF = STAR_TABLES["dim_staff"]
MAPPED = [t for t in STAR_TABLES.values() if t.kind is Kind.DIMENSION and t.source]


def shape(lake_table):
    return struct_type((*lake_table.columns, *lake_table.partition_keys))


def stamped(batch, key_range="00000"):
    moment = captured(batch)
    return {"batch": batch, "captured_at": moment, "valid_from": moment, "key_range": key_range}


def assert_rows(spark, table, current, *expected):
    frames = {name: current_frame(spark, name, *rows) for name, rows in current.items()}
    wanted = frame(spark, shape(lake_tables.star(table)), *expected)
    given = dimension_rows(table, frames)
    assert_df_equality(given, wanted, ignore_nullable=True, ignore_row_order=True)


def test_staff_with_their_department_whatever_is_odd_in_the_text(spark):
    assert_rows(
        spark,
        STAFF,
        {
            "staff": [
                latest("staff", 17),
                latest("staff", 13, first_name="Stan", last_name="Lehner", department_id=4),
                latest("staff", 21, first_name="NULL", last_name="", department_id=9),
                latest("staff", 22, first_name=None, department_id=404),
            ],
            "department": [
                latest("department", 3),
                latest("department", 4, department_name="Dispatch", location="Leds"),
                latest("department", 9, batch=3, department_name="Design", location=None),
                latest("department", 1, department_name="Sales"),
            ],
        },
        {
            "staff_id": 17,
            "first_name": "Irving",
            "last_name": "O'Keefe",
            "department_name": "Production",
            "location": "Leeds",
            "email_address": "irving.o'keefe@terrifictotes.com",
            **stamped(1),
        },
        {
            "staff_id": 13,
            "first_name": "Stan",
            "last_name": "Lehner",
            "department_name": "Dispatch",
            "location": "Leds",
            "email_address": "irving.o'keefe@terrifictotes.com",
            **stamped(1),
        },
        {
            "staff_id": 21,
            "first_name": "NULL",
            "last_name": "",
            "department_name": "Design",
            "location": "Unknown",
            "email_address": "irving.o'keefe@terrifictotes.com",
            **stamped(3),
        },
        {
            "staff_id": 22,
            "first_name": "Unknown",
            "last_name": "O'Keefe",
            "department_name": "Unknown",
            "location": "Unknown",
            "email_address": "irving.o'keefe@terrifictotes.com",
            **stamped(1),
        },
    )


def test_a_counterparty_with_its_address_stamped_by_the_later_of_both(spark):
    moved = datetime(2022, 11, 3, 14, 29)
    assert_rows(
        spark,
        COUNTERPARTY,
        {
            "counterparty": [latest("counterparty", 1), latest("counterparty", 2, batch=9)],
            "address": [latest("address", 15, batch=5, valid_from=moved, postal_code="02813")],
        },
        *(
            {
                "counterparty_id": key,
                "counterparty_legal_name": "Fahey and Sons",
                "counterparty_legal_address_line_1": "6826 Herzog Via",
                "counterparty_legal_address_line_2": None,
                "counterparty_legal_district": "Avon",
                "counterparty_legal_city": "New Patienceburgh",
                "counterparty_legal_postal_code": "02813",
                "counterparty_legal_country": "Turkey",
                "counterparty_legal_phone_number": "1803 637401",
                **stamps,
            }
            for key, stamps in ((1, stamped(5) | {"valid_from": captured(1)}), (2, stamped(9)))
        ),
    )


def test_addresses_keep_nulls_and_leading_zeros(spark):
    line, phone = "49967 Kaylah Flat, Tremaine's", "0021 366201"
    assert_rows(
        spark,
        STAR_TABLES["dim_location"],
        {
            "address": [
                latest("address", 25, address_line_1=line, district=None, phone="0021 366201")
            ]
        },
        {
            "location_id": 25,
            "address_line_1": line,
            "address_line_2": None,
            "district": None,
            "city": "New Patienceburgh",
            "postal_code": "28441",
            "country": "Turkey",
            "phone": phone,
            **stamped(1),
        },
    )


def test_deleted_keys_stay_and_nullable_ids_stay_null(spark):
    purchase = {"transaction_type": "PURCHASE", "sales_order_id": None, "purchase_order_id": 2}
    assert_rows(
        spark,
        STAR_TABLES["dim_transaction"],
        {
            "transaction": [
                latest("transaction", 1, batch=2, deleted_in_batch=2, **purchase),
                latest("transaction", 65_536),
                latest("transaction", -1),
            ]
        },
        {"transaction_id": 1, **purchase, **stamped(2)},
        *(
            {
                "transaction_id": key,
                "transaction_type": "SALE",
                "sales_order_id": 1,
                "purchase_order_id": None,
                **stamped(1, name),
            }
            for key, name in ((65_536, "00001"), (-1, "-0001"))
        ),
    )


def test_an_unknown_currency_is_named_unknown_and_reported(spark):
    table = STAR_TABLES["dim_currency"]
    current = [
        latest("currency", 1),
        latest("currency", 2, currency_code="ZZZ"),
        latest("currency", 3, currency_code=None),
    ]
    expected = [
        {"currency_id": 1, "currency_code": "GBP", "currency_name": "Pound Sterling"},
        {"currency_id": 2, "currency_code": "ZZZ", "currency_name": "Unknown"},
        {"currency_id": 3, "currency_code": "Unknown", "currency_name": "Unknown"},
    ]
    assert_rows(spark, table, {"currency": current}, *(row | stamped(1) for row in expected))
    rows = dimension_rows(table, {"currency": current_frame(spark, "currency", *current)})
    assert unknown_currencies(rows) == ("Unknown", "ZZZ")


@pytest.mark.parametrize("table", MAPPED, ids=lambda table: table.name)
def test_every_dimension_has_the_shape_of_its_contract(spark, table):
    rows = dimension_rows(table, {name: current_frame(spark, name) for name in table.source_tables})
    expected = shape(lake_tables.star(table))
    assert [(f.name, f.dataType) for f in rows.schema] == [(f.name, f.dataType) for f in expected]


def touched(spark, changed):
    """Ranges of dim_counterparty, 1 and 70,000 at address 15, -5 at 28, 140,000 nowhere."""
    homes = ((1, 15), (70_000, 15), (-5, 28), (140_000, None))
    rows = [latest("counterparty", key, legal_address_id=home) for key, home in homes]
    current = {
        "counterparty": current_frame(spark, "counterparty", *rows),
        "address": current_frame(spark, "address", latest("address", 15), latest("address", 28)),
    }
    frames = {name: changes_frame(spark, name, *rows) for name, rows in changed.items()}
    return touched_ranges(COUNTERPARTY, frames, current)


def test_either_side_of_a_join_touches_the_ranges_of_the_driving_keys(spark):
    changed = {"counterparty": [change("counterparty", "delete", 140_000)]}
    assert touched(spark, changed) == {"00002"}
    assert touched(spark, {"address": [change("address", "update", 15)]}) == {"00000", "00001"}
    both = changed | {"address": [change("address", "update", 28), change("address", "insert", 99)]}
    assert touched(spark, both) == {"00002", "-0001"}
    assert touched(spark, {}) == frozenset()


def test_a_dimension_of_one_source_is_touched_by_its_own_changes_only(spark):
    changed = {
        "address": changes_frame(spark, "address", change("address", "update", 65_535)),
        "counterparty": changes_frame(spark, "counterparty", change("counterparty", "insert", 1)),
    }
    assert touched_ranges(STAR_TABLES["dim_location"], changed, {}) == {"00000"}


def test_range_names_agree_with_the_contracts(spark):
    keys = [-(2**31), -65_537, -65_536, -1, 0, 65_535, 65_536, 2**31 - 1]
    rows = spark.createDataFrame([(key,) for key in keys], "key int")
    numbers = [row[0] for row in rows.select(key_range(rows["key"])).collect()]
    assert numbers == [key // 65_536 for key in keys]
    current = current_frame(spark, "design", *(latest("design", key) for key in keys))
    named = dimension_rows(STAR_TABLES["dim_design"], {"design": current})
    assert dict(named.select("design_id", "key_range").collect()) == {
        key: range_name(key // 65_536) for key in keys
    }


def test_what_is_deleted_now_after_deletes_and_returns(spark):
    def deleted(key, batch):
        stamps = {"batch": batch, "captured_at": captured(batch), "valid_from": captured(batch)}
        return {"business_id": key, **stamps, "dim_table": "dim_design"}

    deletions = shape(lake_tables.DIM_DELETION)
    previous = frame(spark, deletions, deleted(1, 2), deleted(2, 2), deleted(3, 2))
    changes = changes_frame(
        spark,
        "design",
        change("design", "insert", 2, batch=3),
        change("design", "insert", 3, batch=3),
        change("design", "delete", 3, batch=10),
        change("design", "update", 4, batch=9),
        change("design", "delete", 4, batch=11),
        change("design", "update", 5, batch=4),
        change("design", "delete", 5, batch=5),
        change("design", "insert", 5, batch=6),
    )
    assert_df_equality(
        dim_deletions(STAR_TABLES["dim_design"], previous, changes),
        frame(
            spark, shape(lake_tables.DIM_DELETION), deleted(1, 2), deleted(3, 10), deleted(4, 11)
        ),
        ignore_nullable=True,
        ignore_row_order=True,
    )


def test_facts_and_the_calendar_are_made_elsewhere(spark):
    for name in ("fact_payment", "dim_date"):
        with pytest.raises(ContractInvalid, match=f"{name} has no current rows"):
            dimension_rows(STAR_TABLES[name], {})
