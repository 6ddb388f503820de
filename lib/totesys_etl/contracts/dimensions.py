"""The eight dimensions of the warehouse in ERD column order, latest version of every row only.

Source: the warehouse ERD. A dimension's key is the natural id of its source row, or the day.
"""

from __future__ import annotations

from totesys_etl.contracts.model import Join, Kind, StarColumn, StarTable
from totesys_etl.contracts.origins import CalendarField, Copy, CurrencyName
from totesys_etl.contracts.types import ColumnType, Date, Integer, Varchar

VARCHAR = Varchar()


def _copy(
    name: str,
    type: ColumnType,
    table: str,
    column: str,
    nullable: bool = False,
    default: str | None = None,
) -> StarColumn:
    return StarColumn(name, type, Copy(table, column, default), nullable)


def _calendar(name: str, type: ColumnType, field: str) -> StarColumn:
    return StarColumn(name, type, CalendarField(field))


DIM_DATE = StarTable(
    name="dim_date",
    kind=Kind.DIMENSION,
    grain="one calendar day, weekends included",
    columns=(
        _calendar("date_id", Date(), "date"),
        _calendar("year", Integer(), "year"),
        _calendar("month", Integer(), "month"),
        _calendar("day", Integer(), "day"),
        _calendar("day_of_week", Integer(), "day_of_week"),
        _calendar("day_name", VARCHAR, "day_name"),
        _calendar("month_name", VARCHAR, "month_name"),
        _calendar("quarter", Integer(), "quarter"),
    ),
    primary_key="date_id",
    business_key="date_id",
    source=None,
)

DIM_STAFF = StarTable(
    name="dim_staff",
    kind=Kind.DIMENSION,
    grain="one staff member, latest version",
    columns=(
        _copy("staff_id", Integer(), "staff", "staff_id"),
        _copy("first_name", VARCHAR, "staff", "first_name"),
        _copy("last_name", VARCHAR, "staff", "last_name"),
        _copy("department_name", VARCHAR, "department", "department_name"),
        # The ERD says NOT NULL, the source column is nullable.
        _copy("location", VARCHAR, "department", "location", default="Unknown"),
        _copy("email_address", VARCHAR, "staff", "email_address"),
    ),
    primary_key="staff_id",
    business_key="staff_id",
    source="staff",
    join=Join(table="department", column="department_id", references="department_id"),
)

DIM_LOCATION = StarTable(
    name="dim_location",
    kind=Kind.DIMENSION,
    grain="one address, latest version",
    columns=(
        _copy("location_id", Integer(), "address", "address_id"),
        _copy("address_line_1", VARCHAR, "address", "address_line_1"),
        _copy("address_line_2", VARCHAR, "address", "address_line_2", nullable=True),
        _copy("district", VARCHAR, "address", "district", nullable=True),
        _copy("city", VARCHAR, "address", "city"),
        _copy("postal_code", VARCHAR, "address", "postal_code"),
        _copy("country", VARCHAR, "address", "country"),
        _copy("phone", VARCHAR, "address", "phone"),
    ),
    primary_key="location_id",
    business_key="location_id",
    source="address",
)

DIM_CURRENCY = StarTable(
    name="dim_currency",
    kind=Kind.DIMENSION,
    grain="one currency, latest version",
    columns=(
        _copy("currency_id", Integer(), "currency", "currency_id"),
        _copy("currency_code", VARCHAR, "currency", "currency_code"),
        StarColumn("currency_name", VARCHAR, CurrencyName("currency", "currency_code")),
    ),
    primary_key="currency_id",
    business_key="currency_id",
    source="currency",
)

DIM_DESIGN = StarTable(
    name="dim_design",
    kind=Kind.DIMENSION,
    grain="one design, latest version",
    columns=(
        _copy("design_id", Integer(), "design", "design_id"),
        _copy("design_name", VARCHAR, "design", "design_name"),
        _copy("file_location", VARCHAR, "design", "file_location"),
        _copy("file_name", VARCHAR, "design", "file_name"),
    ),
    primary_key="design_id",
    business_key="design_id",
    source="design",
)


def _legal(name: str, column: str, nullable: bool = False) -> StarColumn:
    """A column of the counterparty's legal address."""
    return _copy(f"counterparty_legal_{name}", VARCHAR, "address", column, nullable)


DIM_COUNTERPARTY = StarTable(
    name="dim_counterparty",
    kind=Kind.DIMENSION,
    grain="one counterparty with its legal address, latest version of both",
    columns=(
        _copy("counterparty_id", Integer(), "counterparty", "counterparty_id"),
        _copy("counterparty_legal_name", VARCHAR, "counterparty", "counterparty_legal_name"),
        _legal("address_line_1", "address_line_1"),
        _legal("address_line_2", "address_line_2", nullable=True),
        _legal("district", "district", nullable=True),
        _legal("city", "city"),
        _legal("postal_code", "postal_code"),
        _legal("country", "country"),
        _legal("phone_number", "phone"),
    ),
    primary_key="counterparty_id",
    business_key="counterparty_id",
    source="counterparty",
    join=Join(table="address", column="legal_address_id", references="address_id"),
)

DIM_PAYMENT_TYPE = StarTable(
    name="dim_payment_type",
    kind=Kind.DIMENSION,
    grain="one payment type, latest version",
    columns=(
        _copy("payment_type_id", Integer(), "payment_type", "payment_type_id"),
        _copy("payment_type_name", VARCHAR, "payment_type", "payment_type_name"),
    ),
    primary_key="payment_type_id",
    business_key="payment_type_id",
    source="payment_type",
)

DIM_TRANSACTION = StarTable(
    name="dim_transaction",
    kind=Kind.DIMENSION,
    grain="one transaction, latest version",
    columns=(
        _copy("transaction_id", Integer(), "transaction", "transaction_id"),
        _copy("transaction_type", VARCHAR, "transaction", "transaction_type"),
        _copy("sales_order_id", Integer(), "transaction", "sales_order_id", nullable=True),
        _copy("purchase_order_id", Integer(), "transaction", "purchase_order_id", nullable=True),
    ),
    primary_key="transaction_id",
    business_key="transaction_id",
    source="transaction",
)

DIMENSIONS: tuple[StarTable, ...] = (
    DIM_DATE,
    DIM_STAFF,
    DIM_LOCATION,
    DIM_CURRENCY,
    DIM_DESIGN,
    DIM_COUNTERPARTY,
    DIM_PAYMENT_TYPE,
    DIM_TRANSACTION,
)
