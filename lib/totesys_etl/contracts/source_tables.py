"""The 11 tables of totesys in physical column order, referenced tables first.

Source: schema dump of the live database (PostgreSQL 13, managed by Prisma). The ERD drawing says
varchar where the database has text, and draws `design.last_updated` third where it is last.
"""

from __future__ import annotations

from totesys_etl.contracts.model import (
    ForeignKey,
    ReferentialAction,
    SourceColumn,
    SourceTable,
)
from totesys_etl.contracts.types import (
    Boolean,
    ColumnType,
    Enumeration,
    Integer,
    Numeric,
    Text,
    Timestamp,
    Varchar,
)

MONEY = Numeric(10, 2)
PAYMENT_TYPE_NAME = Enumeration(
    "PaymentTypeName", ("SALES_RECEIPT", "SALES_REFUND", "PURCHASE_PAYMENT", "PURCHASE_REFUND")
)
TRANSACTION_TYPE = Enumeration("TransactionType", ("SALE", "PURCHASE"))

CREATED_AT = SourceColumn("created_at", Timestamp(), default="CURRENT_TIMESTAMP")
LAST_UPDATED = SourceColumn("last_updated", Timestamp())
"""Has neither default nor trigger: the writing client sets it, and not on every edit."""


def _required(name: str, type: ColumnType) -> SourceColumn:
    return SourceColumn(name, type)


def _optional(name: str, type: ColumnType, unique: bool = False) -> SourceColumn:
    return SourceColumn(name, type, nullable=True, unique=unique)


def _refers(
    column: str, table: str, references: str, on_delete: ReferentialAction = "RESTRICT"
) -> ForeignKey:
    """A foreign key as Prisma creates it."""
    return ForeignKey(column, table, references, on_delete=on_delete, on_update="CASCADE")


ADDRESS = SourceTable(
    name="address",
    grain="one postal address",
    columns=(
        _required("address_id", Integer()),
        _required("address_line_1", Text()),
        _optional("address_line_2", Text()),
        _optional("district", Text()),
        _required("city", Text()),
        _required("postal_code", Text()),
        _required("country", Text()),
        _required("phone", Text()),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="address_id",
)

COUNTERPARTY = SourceTable(
    name="counterparty",
    grain="one company that Terrific Totes buys from or sells to",
    columns=(
        _required("counterparty_id", Integer()),
        _required("counterparty_legal_name", Text()),
        _required("legal_address_id", Integer()),
        _optional("commercial_contact", Text()),
        _optional("delivery_contact", Text()),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="counterparty_id",
    foreign_keys=(_refers("legal_address_id", "address", "address_id"),),
)

CURRENCY = SourceTable(
    name="currency",
    grain="one currency that orders may be priced in",
    columns=(
        _required("currency_id", Integer()),
        _required("currency_code", Varchar(3)),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="currency_id",
)

DEPARTMENT = SourceTable(
    name="department",
    grain="one department of Terrific Totes",
    columns=(
        _required("department_id", Integer()),
        _required("department_name", Text()),
        _optional("location", Text()),
        _optional("manager", Text()),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="department_id",
)

DESIGN = SourceTable(
    name="design",
    grain="one tote bag design and the file that holds it",
    columns=(
        _required("design_id", Integer()),
        CREATED_AT,
        _required("design_name", Text()),
        _required("file_location", Text()),
        _required("file_name", Text()),
        LAST_UPDATED,
    ),
    primary_key="design_id",
)

STAFF = SourceTable(
    name="staff",
    grain="one member of staff",
    columns=(
        _required("staff_id", Integer()),
        _required("first_name", Text()),
        _required("last_name", Text()),
        _required("department_id", Integer()),
        _required("email_address", Text()),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="staff_id",
    foreign_keys=(_refers("department_id", "department", "department_id"),),
)

SALES_ORDER = SourceTable(
    name="sales_order",
    grain="one order of one design by one counterparty",
    columns=(
        _required("sales_order_id", Integer()),
        CREATED_AT,
        LAST_UPDATED,
        _required("design_id", Integer()),
        _required("staff_id", Integer()),
        _required("counterparty_id", Integer()),
        _required("units_sold", Integer()),
        _required("unit_price", MONEY),
        _required("currency_id", Integer()),
        _required("agreed_delivery_date", Text()),
        _required("agreed_payment_date", Text()),
        _required("agreed_delivery_location_id", Integer()),
    ),
    primary_key="sales_order_id",
    foreign_keys=(
        _refers("design_id", "design", "design_id"),
        _refers("staff_id", "staff", "staff_id"),
        _refers("counterparty_id", "counterparty", "counterparty_id"),
        _refers("currency_id", "currency", "currency_id"),
        _refers("agreed_delivery_location_id", "address", "address_id"),
    ),
)

PURCHASE_ORDER = SourceTable(
    name="purchase_order",
    grain="one order of one item from one counterparty",
    columns=(
        _required("purchase_order_id", Integer()),
        CREATED_AT,
        LAST_UPDATED,
        _required("staff_id", Integer()),
        _required("counterparty_id", Integer()),
        _required("item_code", Text()),
        _required("item_quantity", Integer()),
        _required("item_unit_price", MONEY),
        _required("currency_id", Integer()),
        _required("agreed_delivery_date", Text()),
        _required("agreed_payment_date", Text()),
        _required("agreed_delivery_location_id", Integer()),
    ),
    primary_key="purchase_order_id",
    foreign_keys=(
        _refers("staff_id", "staff", "staff_id"),
        _refers("counterparty_id", "counterparty", "counterparty_id"),
        _refers("currency_id", "currency", "currency_id"),
        _refers("agreed_delivery_location_id", "address", "address_id"),
    ),
)

PAYMENT_TYPE = SourceTable(
    name="payment_type",
    grain="one kind of payment",
    columns=(
        _required("payment_type_id", Integer()),
        _required("payment_type_name", PAYMENT_TYPE_NAME),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="payment_type_id",
)

TRANSACTION = SourceTable(
    name="transaction",
    grain="one sale or one purchase: what links an order to its payment",
    columns=(
        _required("transaction_id", Integer()),
        _required("transaction_type", TRANSACTION_TYPE),
        _optional("sales_order_id", Integer(), unique=True),
        _optional("purchase_order_id", Integer(), unique=True),
        CREATED_AT,
        LAST_UPDATED,
    ),
    primary_key="transaction_id",
    foreign_keys=(
        _refers("sales_order_id", "sales_order", "sales_order_id", on_delete="SET NULL"),
        _refers("purchase_order_id", "purchase_order", "purchase_order_id", on_delete="SET NULL"),
    ),
)

PAYMENT = SourceTable(
    name="payment",
    grain="the payment, made or due, of one transaction",
    columns=(
        _required("payment_id", Integer()),
        CREATED_AT,
        LAST_UPDATED,
        SourceColumn("transaction_id", Integer(), unique=True),
        _required("counterparty_id", Integer()),
        _required("payment_amount", MONEY),
        _required("currency_id", Integer()),
        _required("payment_type_id", Integer()),
        _required("paid", Boolean()),
        _required("payment_date", Text()),
        _required("company_ac_number", Integer()),
        _required("counterparty_ac_number", Integer()),
    ),
    primary_key="payment_id",
    foreign_keys=(
        _refers("transaction_id", "transaction", "transaction_id"),
        _refers("counterparty_id", "counterparty", "counterparty_id"),
        _refers("currency_id", "currency", "currency_id"),
        _refers("payment_type_id", "payment_type", "payment_type_id"),
    ),
)

SOURCE_TABLES: dict[str, SourceTable] = {
    table.name: table
    for table in (
        ADDRESS,
        COUNTERPARTY,
        CURRENCY,
        DEPARTMENT,
        DESIGN,
        STAFF,
        SALES_ORDER,
        PURCHASE_ORDER,
        PAYMENT_TYPE,
        TRANSACTION,
        PAYMENT,
    )
}
