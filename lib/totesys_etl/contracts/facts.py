"""The three facts of the warehouse in ERD column order, with the full history of every order.

Source: the warehouse ERD. Mind the order of the agreed dates: `fact_sales_order` has payment before
delivery, `fact_purchase_orders` the other way round.
"""

from __future__ import annotations

from totesys_etl.contracts.model import ForeignKey, Kind, StarColumn, StarTable
from totesys_etl.contracts.origins import Copy, DateOf, RecordId, TextDate, TimeOf
from totesys_etl.contracts.types import (
    Boolean,
    ColumnType,
    Date,
    Integer,
    Numeric,
    Time,
    Varchar,
)

VARCHAR = Varchar()
MONEY = Numeric(10, 2)


def _record_id(name: str) -> StarColumn:
    return StarColumn(name, Integer(), RecordId())


def _copy(name: str, type: ColumnType, table: str, column: str | None = None) -> StarColumn:
    """A column of the order itself, under the same name unless `column` says another."""
    return StarColumn(name, type, Copy(table, column or name))


def _stamps(table: str) -> tuple[StarColumn, ...]:
    """created_at and last_updated, each split into date and time."""
    return (
        StarColumn("created_date", Date(), DateOf(table, "created_at")),
        StarColumn("created_time", Time(), TimeOf(table, "created_at")),
        StarColumn("last_updated_date", Date(), DateOf(table, "last_updated")),
        StarColumn("last_updated_time", Time(), TimeOf(table, "last_updated")),
    )


def _text_date(name: str, table: str) -> StarColumn:
    return StarColumn(name, Date(), TextDate(table, name))


def _days(*columns: str) -> tuple[ForeignKey, ...]:
    return tuple(ForeignKey(column, "dim_date", "date_id") for column in columns)


FACT_SALES_ORDER = StarTable(
    name="fact_sales_order",
    kind=Kind.FACT,
    grain="one version of one sales order (full history)",
    columns=(
        _record_id("sales_record_id"),
        _copy("sales_order_id", Integer(), "sales_order"),
        *_stamps("sales_order"),
        _copy("sales_staff_id", Integer(), "sales_order", "staff_id"),
        _copy("counterparty_id", Integer(), "sales_order"),
        _copy("units_sold", Integer(), "sales_order"),
        _copy("unit_price", MONEY, "sales_order"),
        _copy("currency_id", Integer(), "sales_order"),
        _copy("design_id", Integer(), "sales_order"),
        _text_date("agreed_payment_date", "sales_order"),
        _text_date("agreed_delivery_date", "sales_order"),
        _copy("agreed_delivery_location_id", Integer(), "sales_order"),
    ),
    primary_key="sales_record_id",
    business_key="sales_order_id",
    source="sales_order",
    foreign_keys=(
        *_days("created_date", "last_updated_date"),
        ForeignKey("sales_staff_id", "dim_staff", "staff_id"),
        ForeignKey("counterparty_id", "dim_counterparty", "counterparty_id"),
        ForeignKey("currency_id", "dim_currency", "currency_id"),
        ForeignKey("design_id", "dim_design", "design_id"),
        *_days("agreed_payment_date", "agreed_delivery_date"),
        ForeignKey("agreed_delivery_location_id", "dim_location", "location_id"),
    ),
)

FACT_PURCHASE_ORDERS = StarTable(
    name="fact_purchase_orders",
    kind=Kind.FACT,
    grain="one version of one purchase order (full history)",
    columns=(
        _record_id("purchase_record_id"),
        _copy("purchase_order_id", Integer(), "purchase_order"),
        *_stamps("purchase_order"),
        _copy("staff_id", Integer(), "purchase_order"),
        _copy("counterparty_id", Integer(), "purchase_order"),
        _copy("item_code", VARCHAR, "purchase_order"),
        _copy("item_quantity", Integer(), "purchase_order"),
        _copy("item_unit_price", MONEY, "purchase_order"),
        _copy("currency_id", Integer(), "purchase_order"),
        _text_date("agreed_delivery_date", "purchase_order"),
        _text_date("agreed_payment_date", "purchase_order"),
        _copy("agreed_delivery_location_id", Integer(), "purchase_order"),
    ),
    primary_key="purchase_record_id",
    business_key="purchase_order_id",
    source="purchase_order",
    foreign_keys=(
        *_days("created_date", "last_updated_date"),
        ForeignKey("staff_id", "dim_staff", "staff_id"),
        ForeignKey("counterparty_id", "dim_counterparty", "counterparty_id"),
        ForeignKey("currency_id", "dim_currency", "currency_id"),
        *_days("agreed_delivery_date", "agreed_payment_date"),
        ForeignKey("agreed_delivery_location_id", "dim_location", "location_id"),
    ),
    alias="fact_purchase_order",
)

FACT_PAYMENT = StarTable(
    name="fact_payment",
    kind=Kind.FACT,
    grain="one version of one payment (full history)",
    columns=(
        _record_id("payment_record_id"),
        _copy("payment_id", Integer(), "payment"),
        *_stamps("payment"),
        _copy("transaction_id", Integer(), "payment"),
        _copy("counterparty_id", Integer(), "payment"),
        _copy("payment_amount", MONEY, "payment"),
        _copy("currency_id", Integer(), "payment"),
        _copy("payment_type_id", Integer(), "payment"),
        _copy("paid", Boolean(), "payment"),
        _text_date("payment_date", "payment"),
    ),
    primary_key="payment_record_id",
    business_key="payment_id",
    source="payment",
    foreign_keys=(
        *_days("created_date", "last_updated_date"),
        ForeignKey("transaction_id", "dim_transaction", "transaction_id"),
        ForeignKey("counterparty_id", "dim_counterparty", "counterparty_id"),
        ForeignKey("currency_id", "dim_currency", "currency_id"),
        ForeignKey("payment_type_id", "dim_payment_type", "payment_type_id"),
        *_days("payment_date"),
    ),
)

FACTS: tuple[StarTable, ...] = (FACT_SALES_ORDER, FACT_PURCHASE_ORDERS, FACT_PAYMENT)
