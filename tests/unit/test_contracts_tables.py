"""What must stay true of the declared tables, whatever else is added to them."""

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.model import Kind
from totesys_etl.contracts.origins import Copy
from totesys_etl.contracts.types import Integer, Numeric, Time, Varchar


def test_source_tables() -> None:
    assert {name: len(table.columns) for name, table in SOURCE_TABLES.items()} == {
        "address": 10,
        "counterparty": 7,
        "currency": 4,
        "department": 6,
        "design": 6,
        "staff": 7,
        "sales_order": 12,
        "purchase_order": 12,
        "payment_type": 4,
        "transaction": 6,
        "payment": 12,
    }


def test_star_tables_dimensions_before_facts() -> None:
    assert {name: len(table.columns) for name, table in STAR_TABLES.items()} == {
        "dim_date": 8,
        "dim_staff": 6,
        "dim_location": 8,
        "dim_currency": 3,
        "dim_design": 4,
        "dim_counterparty": 9,
        "dim_payment_type": 2,
        "dim_transaction": 4,
        "fact_sales_order": 15,
        "fact_purchase_orders": 15,
        "fact_payment": 13,
    }
    assert [t.kind for t in STAR_TABLES.values()] == [Kind.DIMENSION] * 8 + [Kind.FACT] * 3


def test_the_warehouse_has_24_foreign_keys() -> None:
    assert {n: len(t.foreign_keys) for n, t in STAR_TABLES.items() if t.foreign_keys} == {
        "fact_sales_order": 9,
        "fact_purchase_orders": 8,
        "fact_payment": 7,
    }


def test_design_is_in_physical_order_not_in_that_of_the_drawing() -> None:
    assert SOURCE_TABLES["design"].column_names == (
        *("design_id", "created_at", "design_name", "file_location", "file_name", "last_updated"),
    )


def test_the_facts_have_the_agreed_dates_in_different_orders() -> None:
    def dates(table: str) -> list[str]:
        return [
            n for n in STAR_TABLES[table].column_names if n.startswith("agreed_p") or "ry_d" in n
        ]

    assert dates("fact_sales_order") == ["agreed_payment_date", "agreed_delivery_date"]
    assert dates("fact_purchase_orders") == ["agreed_delivery_date", "agreed_payment_date"]


def test_only_the_sales_fact_renames_the_staff_id() -> None:
    sales, purchase = STAR_TABLES["fact_sales_order"], STAR_TABLES["fact_purchase_orders"]
    assert sales.column("sales_staff_id").origin == Copy("sales_order", "staff_id")
    assert purchase.column("staff_id").origin == Copy("purchase_order", "staff_id")


def test_types_of_fact_payment() -> None:
    table = STAR_TABLES["fact_payment"]
    assert table.column("payment_record_id").type == Integer()
    assert table.column("created_time").type == Time()
    assert table.column("payment_amount").type == Numeric(10, 2)


def test_account_numbers_are_no_mapped_columns() -> None:
    dropped = (
        set(SOURCE_TABLES["payment"].column_names) - STAR_TABLES["fact_payment"].mapped_columns
    )
    assert dropped == {"company_ac_number", "counterparty_ac_number"}


def test_a_missing_location_has_a_default() -> None:
    location = STAR_TABLES["dim_staff"].column("location")
    assert location.type == Varchar()
    assert location.origin == Copy("department", "location", default="Unknown")


def test_only_the_purchase_fact_has_an_alias() -> None:
    aliases = {t.name: t.alias for t in STAR_TABLES.values() if t.alias}
    assert aliases == {"fact_purchase_orders": "fact_purchase_order"}


def test_last_updated_never_has_a_default() -> None:
    assert {t.column("last_updated").default for t in SOURCE_TABLES.values()} == {None}
    assert {t.column("created_at").default for t in SOURCE_TABLES.values()} == {"CURRENT_TIMESTAMP"}
