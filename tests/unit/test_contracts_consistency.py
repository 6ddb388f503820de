"""The set of contracts as a whole: one false statement about another table is refused."""

from dataclasses import replace
from typing import Any

import pytest

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, check_set, load_order
from totesys_etl.contracts.model import ForeignKey, Join, SourceTable, StarColumn, StarTable
from totesys_etl.contracts.origins import CalendarField, Copy, CurrencyName, Origin, TextDate
from totesys_etl.contracts.types import BigInteger, ColumnType, Date, Enumeration, Integer, Varchar
from totesys_etl.errors import ContractInvalid


def check(*changed: SourceTable | StarTable) -> None:
    """check_set of all contracts with `changed` in the place of theirs."""
    source, star = dict(SOURCE_TABLES), dict(STAR_TABLES)
    for table in changed:
        if isinstance(table, SourceTable):
            source[table.name] = table
        else:
            star[table.name] = table
    check_set(source, star)


def star_with(table: str, column: str, **changes: Any) -> StarTable:
    given = STAR_TABLES[table]
    columns = tuple(replace(c, **changes) if c.name == column else c for c in given.columns)
    return replace(given, columns=columns)


def source_with(table: str, column: str, **changes: Any) -> SourceTable:
    given = SOURCE_TABLES[table]
    columns = tuple(replace(c, **changes) if c.name == column else c for c in given.columns)
    return replace(given, columns=columns)


def test_the_contracts_fit_together() -> None:
    check()


def test_source_tables_are_in_load_order() -> None:
    assert [t.name for t in load_order(SOURCE_TABLES.values())] == list(SOURCE_TABLES)


def test_load_order_puts_the_referenced_table_first() -> None:
    reverse = [t.name for t in load_order(reversed(SOURCE_TABLES.values()))]
    for table in SOURCE_TABLES.values():
        for key in table.foreign_keys:
            assert reverse.index(key.table) < reverse.index(table.name)


def test_load_order_refuses_a_circle() -> None:
    key = ForeignKey("sales_order_id", "payment", "payment_id")
    circle = replace(SOURCE_TABLES["sales_order"], foreign_keys=(key,))
    with pytest.raises(ContractInvalid, match=r"\['payment', .*\] form a circle"):
        check(circle)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (ForeignKey("design_id", "bag", "design_id"), "there is no table bag"),
        (ForeignKey("design_id", "design", "file_name"), "must refer to design_id"),
        (ForeignKey("agreed_payment_date", "design", "design_id"), "have different types"),
        (
            ForeignKey("design_id", "design", "design_id", on_delete="SET NULL"),
            "SET NULL on a column that is NOT NULL",
        ),
    ],
)
def test_source_foreign_key_refused(key: ForeignKey, message: str) -> None:
    with pytest.raises(ContractInvalid, match=rf"sales_order\.{key.column}: .*{message}"):
        check(replace(SOURCE_TABLES["sales_order"], foreign_keys=(key,)))


def test_star_foreign_key_of_another_type_refused() -> None:
    with pytest.raises(ContractInvalid, match=r"fact_sales_order.design_id: .*different types"):
        check(star_with("fact_sales_order", "design_id", type=BigInteger()))


def test_one_enum_with_two_sets_of_labels_refused() -> None:
    other = Enumeration("TransactionType", ("SALE",))
    with pytest.raises(
        ContractInvalid, match=r"transaction.transaction_type: enum TransactionType"
    ):
        check(source_with("payment_type", "payment_type_name", type=other))


@pytest.mark.parametrize(
    ("table", "column", "origin", "message"),
    [
        ("dim_design", "file_name", Copy("design", "file"), "design has no column file"),
        ("dim_design", "file_name", Copy("design", "design_id"), "cannot hold Copy"),
        ("fact_payment", "payment_date", TextDate("payment", "payment_id"), "cannot hold TextDate"),
        (
            "dim_currency",
            "currency_name",
            CurrencyName("currency", "currency_id"),
            "cannot hold CurrencyName",
        ),
        ("dim_date", "quarter", CalendarField("season"), "no calendar field season"),
        ("dim_date", "quarter", CalendarField("day_name"), "cannot hold CalendarField"),
        ("dim_location", "city", Copy("address", "district"), "make it nullable or give a default"),
        ("dim_design", "design_id", Copy("design", "file_name"), "primary_key must be design.des"),
    ],
)
def test_origin_refused(table: str, column: str, origin: Origin, message: str) -> None:
    with pytest.raises(ContractInvalid, match=message):
        check(star_with(table, column, origin=origin))


@pytest.mark.parametrize(
    ("table", "column", "type"),
    [
        ("fact_sales_order", "created_time", Date()),
        ("fact_sales_order", "unit_price", Integer()),
        ("fact_sales_order", "sales_record_id", BigInteger()),
        ("dim_currency", "currency_code", Varchar(2)),
    ],
)
def test_type_that_cannot_hold_its_origin_refused(
    table: str, column: str, type: ColumnType
) -> None:
    with pytest.raises(ContractInvalid, match=f"{table}.{column}: .* cannot hold"):
        check(star_with(table, column, type=type))


def test_a_join_over_a_nullable_column_may_miss() -> None:
    with pytest.raises(ContractInvalid, match=r"dim_staff.department_name is NOT NULL"):
        check(source_with("staff", "department_id", nullable=True))


@pytest.mark.parametrize(
    ("join", "message"),
    [
        (Join("department", "department_id", "manager"), "join must be on department_id"),
        (Join("department", "email_address", "department_id"), "has another type than the key"),
        (Join("department", "boss_id", "department_id"), "staff has no column boss_id"),
    ],
)
def test_join_refused(join: Join, message: str) -> None:
    with pytest.raises(ContractInvalid, match=message):
        check(replace(STAR_TABLES["dim_staff"], join=join))


def test_unknown_source_refused() -> None:
    column = StarColumn("bag_id", Integer(), Copy("bag", "bag_id"))
    table = replace(
        STAR_TABLES["dim_design"],
        source="bag",
        columns=(column,),
        primary_key="bag_id",
        business_key="bag_id",
    )
    with pytest.raises(ContractInvalid, match=r"dim_design.source: there is no source table bag"):
        check_set(SOURCE_TABLES, {"dim_design": table})
