"""The founding day: the rows known from the real totesys, and the oddities worth keeping."""

import re
from collections import Counter
from datetime import datetime
from decimal import Decimal

import pytest

from totesys_simulator.change import TABLES, Row, key_column
from totesys_simulator.seed import founding_rows

OPENED = datetime(2022, 11, 3, 14, 20, 49, 962000)


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return founding_rows()


def test_counts(rows: dict[str, list[Row]]) -> None:
    assert {table: len(rows[table]) for table in rows} == {
        "address": 30,
        "counterparty": 20,
        "currency": 3,
        "department": 8,
        "design": 10,
        "staff": 20,
        "sales_order": 5,
        "purchase_order": 5,
        "payment_type": 4,
        "transaction": 10,
        "payment": 10,
    }


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_contiguous_from_1(rows: dict[str, list[Row]], table: str) -> None:
    keys = [row[key_column(table)] for row in rows[table]]
    assert keys == list(range(1, len(keys) + 1))


def test_an_address_with_nulls_and_one_with_leading_zeros(rows: dict[str, list[Row]]) -> None:
    stamps = {"created_at": OPENED, "last_updated": OPENED}
    assert rows["address"][1] == {
        "address_id": 2,
        "address_line_1": "179 Alexie Cliffs",
        "address_line_2": None,
        "district": None,
        "city": "Aliso Viejo",
        "postal_code": "99305-7380",
        "country": "San Marino",
        "phone": "9621 880720",
        **stamps,
    }
    assert (rows["address"][6]["postal_code"], rows["address"][24]["phone"]) == (
        "02813",
        "0021 366201",
    )


def test_known_orders_with_their_transactions_and_payments(rows: dict[str, list[Row]]) -> None:
    stamp = datetime(2022, 11, 3, 14, 20, 52, 186000)
    assert rows["purchase_order"][1] == {
        "purchase_order_id": 2,
        "created_at": stamp,
        "last_updated": stamp,
        "staff_id": 20,
        "counterparty_id": 17,
        "item_code": "QLZLEXR",
        "item_quantity": 286,
        "item_unit_price": Decimal("199.04"),
        "currency_id": 2,
        "agreed_delivery_date": "2022-11-04",
        "agreed_payment_date": "2022-11-07",
        "agreed_delivery_location_id": 8,
    }
    assert rows["transaction"][0] == {
        "transaction_id": 1,
        "transaction_type": "PURCHASE",
        "sales_order_id": None,
        "purchase_order_id": 2,
        "created_at": stamp,
        "last_updated": stamp,
    }
    assert rows["payment"][0] == {
        "payment_id": 1,
        "created_at": stamp,
        "last_updated": stamp,
        "transaction_id": 1,
        "counterparty_id": 17,
        "payment_amount": Decimal("56925.44"),
        "currency_id": 2,
        "payment_type_id": 3,
        "paid": False,
        "payment_date": "2022-11-07",
        "company_ac_number": 52923196,
        "counterparty_ac_number": 32957646,
    }
    assert rows["payment"][1]["payment_amount"] == Decimal("552548.62")


def test_proportions_of_nulls_and_commas(rows: dict[str, list[Row]]) -> None:
    assert sum(row["address_line_2"] is None for row in rows["address"]) == 20
    assert sum(row["district"] is None for row in rows["address"]) == 14
    assert sum("," in row["counterparty_legal_name"] for row in rows["counterparty"]) == 9
    assert len({row["legal_address_id"] for row in rows["counterparty"]}) == 14


def test_staff_by_department_leaves_sales_empty(rows: dict[str, list[Row]]) -> None:
    by_department = Counter(row["department_id"] for row in rows["staff"])
    assert by_department == {2: 5, 3: 5, 6: 3, 5: 2, 7: 2, 8: 2, 4: 1}


def test_oddities_are_kept(rows: dict[str, list[Row]]) -> None:
    assert rows["department"][3]["location"] == "Leds"
    assert rows["staff"][16]["email_address"] == "irving.o'keefe@terrifictotes.com"
    countries = {row["country"] for row in rows["address"]}
    assert "Democratic People's Republic of Korea" in countries
    assert any("&" in country for country in countries)
    assert any("(" in country for country in countries)


def test_longest_texts(rows: dict[str, list[Row]]) -> None:
    longest = {
        column: max(len(row[column] or "") for row in rows[table])
        for table, column in [
            ("address", "address_line_1"),
            ("address", "city"),
            ("address", "country"),
            ("counterparty", "counterparty_legal_name"),
            ("staff", "email_address"),
        ]
    }
    assert longest["address_line_1"] <= 23
    assert longest["city"] <= 18
    assert longest["country"] == 37
    assert longest["counterparty_legal_name"] == 30
    assert longest["email_address"] == 37


def test_shapes_of_postal_codes_phones_and_files(rows: dict[str, list[Row]]) -> None:
    for row in rows["address"]:
        assert re.fullmatch(r"\d{5}(-\d{4})?", row["postal_code"])
        assert re.fullmatch(r"\d{4} \d{6}", row["phone"])
    for row in rows["design"]:
        pattern = rf"{row['design_name'].lower()}-20\d{{6}}-[a-z0-9]{{4}}\.json"
        assert re.fullmatch(pattern, row["file_name"])
