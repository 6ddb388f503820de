"""totesys on its first afternoon, 2022-11-03: the static tables, ten designs, ten orders."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import psycopg

from . import company, values
from .change import TABLES, Row, Value, key_column
from .company import OPENED, STAFFED
from .load import copy_tables, refuse_unless_empty
from .session import transaction
from .values import Kind

# material, location, drawn, suffix
DESIGNS = (
    ("Wooden", "/lib", date(2020, 11, 28), "jdvi"),
    ("Rubber", "/opt/include", date(2022, 1, 17), "k0qe"),
    ("Steel", "/System", date(2021, 6, 21), "13gb"),
    ("Metal", "/usr/src", date(2021, 3, 9), "9wzt"),
    ("Frozen", "/var/spool", date(2022, 9, 30), "u4mh"),
    ("Cotton", "/etc/mail", date(2021, 12, 2), "b7xr"),
    ("Granite", "/sbin", date(2022, 5, 25), "0pny"),
    ("Wooden", "/usr", date(2022, 7, 17), "npgz"),
    ("Plastic", "/private/tmp", date(2020, 12, 14), "c2fj"),
    ("Bronze", "/home/user/dir", date(2022, 8, 6), "e5da"),
)

# ms of the stamp; design, staff, counterparty, units, price, currency, delivery, payment, address
SALES = (
    (186, 6, 11, 18, 70219, "3.12", 3, "2022-11-08", "2022-11-04", 21),
    (186, 3, 19, 8, 42972, "3.94", 2, "2022-11-07", "2022-11-08", 8),
    (188, 4, 10, 4, 65839, "2.91", 3, "2022-11-06", "2022-11-07", 19),
    (188, 9, 3, 13, 18450, "2.07", 1, "2022-11-03", "2022-11-05", 30),
    (186, 1, 15, 20, 96113, "3.58", 2, "2022-11-10", "2022-11-03", 12),
)

# ms of the stamp; staff, counterparty, item, quantity, price, currency, delivery, payment, address
PURCHASES = (
    (187, 12, 11, "ZDOI5EA", 371, "361.39", 2, "2022-11-09", "2022-11-07", 6),
    (186, 20, 17, "QLZLEXR", 286, "199.04", 2, "2022-11-04", "2022-11-07", 8),
    (187, 7, 15, "T0VQ8HM", 839, "658.58", 2, "2022-11-06", "2022-11-04", 27),
    (187, 2, 9, "4KXW1BU", 64, "87.25", 1, "2022-11-05", "2022-11-09", 14),
    (186, 18, 2, "I9MET53", 316, "803.82", 3, "2022-11-10", "2022-11-05", 2),
)

# The ten orders in the order of their transactions: kind, order id.
TRANSACTIONS: tuple[tuple[Kind, int], ...] = (
    *(("purchase", 2), ("purchase", 3), ("sale", 1), ("purchase", 1), ("purchase", 4)),
    *(("sale", 2), ("sale", 3), ("purchase", 5), ("sale", 5), ("sale", 4)),
)

# Account numbers (company, counterparty) of the first two payments; the others are drawn.
ACCOUNTS = ((52923196, 32957646), (67305075, 31622269))


def _static(table: str, columns: tuple[str, ...], rows: tuple[tuple[Value, ...], ...]) -> list[Row]:
    at = STAFFED if table in ("staff", "counterparty") else OPENED
    return [
        {key_column(table): key}
        | dict(zip(columns, row, strict=True))
        | {"created_at": at, "last_updated": at}
        for key, row in enumerate(rows, start=1)
    ]


def static_rows() -> dict[str, list[Row]]:
    """Rows of the six tables that never change, ids 1 to N."""
    staff = tuple(
        (first, last, department, f"{first}.{last}@terrifictotes.com".lower())
        for first, last, department in company.STAFF
    )
    columns = {
        "address": "address_line_1 address_line_2 district city postal_code country phone",
        "counterparty": "counterparty_legal_name legal_address_id commercial_contact "
        "delivery_contact",
        "currency": "currency_code",
        "department": "department_name location manager",
        "staff": "first_name last_name department_id email_address",
        "payment_type": "payment_type_name",
    }
    rows: dict[str, tuple[tuple[Value, ...], ...]] = {
        "address": company.ADDRESSES,
        "counterparty": company.COUNTERPARTIES,
        "currency": tuple((code,) for code in company.CURRENCIES),
        "department": company.DEPARTMENTS,
        "staff": staff,
        "payment_type": tuple((name,) for name in company.PAYMENT_TYPES),
    }
    return {
        table: _static(table, tuple(names.split()), rows[table]) for table, names in columns.items()
    }


def _design(key: int, name: str, location: str, drawn: date, suffix: str) -> Row:
    return {
        "design_id": key,
        "created_at": OPENED,
        "design_name": name,
        "file_location": location,
        "file_name": values.file_name(name, drawn, suffix),
        "last_updated": OPENED,
    }


def _orders(table: str, columns: str, rows: tuple[tuple[int | str, ...], ...]) -> list[Row]:
    orders = []
    for key, (millisecond, *cells) in enumerate(rows, start=1):
        at = OPENED.replace(second=52, microsecond=0) + timedelta(milliseconds=int(millisecond))
        order: Row = {key_column(table): key, "created_at": at, "last_updated": at}
        for column, cell in zip(columns.split(), cells, strict=True):
            order[column] = Decimal(cell) if column.endswith("unit_price") else cell
        orders.append(order)
    return orders


def founding_rows() -> dict[str, list[Row]]:
    """Every row of the founding day by table, keys ascending from 1."""
    rows = static_rows()
    rows["design"] = [_design(key, *cells) for key, cells in enumerate(DESIGNS, start=1)]
    terms = "currency_id agreed_delivery_date agreed_payment_date agreed_delivery_location_id"
    rows["sales_order"] = _orders(
        "sales_order", f"design_id staff_id counterparty_id units_sold unit_price {terms}", SALES
    )
    rows["purchase_order"] = _orders(
        "purchase_order",
        f"staff_id counterparty_id item_code item_quantity item_unit_price {terms}",
        PURCHASES,
    )
    rows["transaction"], rows["payment"] = [], []
    rng = Random(OPENED.isoformat())
    for key, (kind, order_key) in enumerate(TRANSACTIONS, start=1):
        order = rows[values.ORDER_TABLE[kind]][order_key - 1]
        rows["transaction"].append(values.transaction(kind, order, key))
        rows["payment"].append(values.payment(rng, kind, order, key, key))
    for payment, (company_account, counterparty_account) in zip(
        rows["payment"], ACCOUNTS, strict=False
    ):
        payment["company_ac_number"] = company_account
        payment["counterparty_ac_number"] = counterparty_account
    return {table: rows[table] for table in TABLES}


def seed(conn: psycopg.Connection) -> dict[str, int]:
    """Fill an empty totesys with its founding day; returns rows per table.

    Raises NotEmpty when a table already has rows.
    """
    with transaction(conn):
        refuse_unless_empty(conn)
        return copy_tables(conn, founding_rows())
