"""The rows totesys writes, each value drawn from a seeded generator as it was measured.

Rows are dicts in the physical column order of their table. Foreign keys are drawn by the caller,
who knows which rows exist.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Literal

from .change import Row, Value

Kind = Literal["sale", "purchase"]
ORDER_TABLE: dict[Kind, str] = {"sale": "sales_order", "purchase": "purchase_order"}
PRICED: dict[Kind, tuple[str, str]] = {
    "sale": ("units_sold", "unit_price"),
    "purchase": ("item_quantity", "item_unit_price"),
}
PAYMENT_TYPE: dict[Kind, int] = {"sale": 1, "purchase": 3}
REFUND_TYPE = {1: 2, 3: 4}

MATERIALS = (
    *("Frozen", "Granite", "Steel", "Bronze", "Soft", "Concrete"),
    *("Plastic", "Cotton", "Rubber", "Metal", "Fresh", "Wooden"),
)
# Only names: nothing here reads or writes these folders.
LOCATIONS = (
    *("/Applications", "/Library", "/Network", "/System", "/Users", "/bin", "/boot"),
    *("/boot/defaults", "/dev", "/etc", "/etc/defaults", "/etc/mail", "/etc/namedb"),
    *("/etc/periodic", "/etc/ppp", "/home", "/home/user", "/home/user/dir", "/lib"),
    *("/lost+found", "/media", "/mnt", "/net", "/opt", "/opt/bin", "/opt/include", "/opt/lib"),
    *("/opt/sbin", "/opt/share", "/private", "/private/tmp", "/private/var", "/proc", "/rescue"),
    *("/root", "/sbin", "/selinux", "/srv", "/sys", "/tmp", "/usr", "/usr/X11R6", "/usr/bin"),  # noqa: S108
    *("/usr/include", "/usr/lib", "/usr/libdata", "/usr/libexec", "/usr/local/bin"),
    *("/usr/local/src", "/usr/obj", "/usr/ports", "/usr/sbin", "/usr/share", "/usr/src", "/var"),
    *("/var/log", "/var/mail", "/var/spool", "/var/tmp", "/var/yp"),  # noqa: S108
)

# Columns that change without last_updated moving, and the table whose keys they hold, if any.
SILENT: dict[str, dict[str, str | None]] = {
    "sales_order": {
        "staff_id": "staff",
        "design_id": "design",
        "agreed_delivery_date": None,
        "agreed_delivery_location_id": "address",
    },
    "purchase_order": {
        "staff_id": "staff",
        "item_code": None,
        "agreed_delivery_date": None,
        "agreed_delivery_location_id": "address",
    },
    "design": {"file_location": None},
}


def money(rng: Random, low: int, high: int) -> Decimal:
    """A uniform amount of `low` to `high`, in steps of 0.01."""
    return Decimal(rng.randint(low * 100, high * 100)).scaleb(-2)


def _text(rng: Random, alphabet: str, length: int) -> str:
    return "".join(rng.choices(alphabet, k=length))


def agreed_date(rng: Random, since: datetime, days: int) -> str:
    """The day (YYYY-MM-DD, as text) a uniform span of 0 to `days` days after `since`."""
    return (since + timedelta(days=days * rng.random())).date().isoformat()


def sale(rng: Random, at: datetime, key: int, foreign: dict[str, int]) -> Row:
    """A sales_order; `foreign` holds a key for design, staff, counterparty, currency, address."""
    return {
        "sales_order_id": key,
        "created_at": at,
        "last_updated": at,
        "design_id": foreign["design"],
        "staff_id": foreign["staff"],
        "counterparty_id": foreign["counterparty"],
        "units_sold": rng.randint(1000, 100_000),
        "unit_price": money(rng, 2, 4),
        "currency_id": foreign["currency"],
        "agreed_delivery_date": agreed_date(rng, at, 7),
        "agreed_payment_date": agreed_date(rng, at, 6),
        "agreed_delivery_location_id": foreign["address"],
    }


def purchase(rng: Random, at: datetime, key: int, foreign: dict[str, int]) -> Row:
    """A purchase_order; `foreign` holds a key for staff, counterparty, currency, address."""
    return {
        "purchase_order_id": key,
        "created_at": at,
        "last_updated": at,
        "staff_id": foreign["staff"],
        "counterparty_id": foreign["counterparty"],
        "item_code": _text(rng, ascii_uppercase + digits, 7),
        "item_quantity": rng.randint(1, 1000),
        "item_unit_price": money(rng, 3, 1000),
        "currency_id": foreign["currency"],
        "agreed_delivery_date": agreed_date(rng, at, 7),
        "agreed_payment_date": agreed_date(rng, at, 6),
        "agreed_delivery_location_id": foreign["address"],
    }


def transaction(kind: Kind, order: Row, key: int) -> Row:
    """The transaction of an order: same stamps, one of the two order ids, the other NULL."""
    return {
        "transaction_id": key,
        "transaction_type": kind.upper(),
        "sales_order_id": order.get("sales_order_id"),
        "purchase_order_id": order.get("purchase_order_id"),
        "created_at": order["created_at"],
        "last_updated": order["last_updated"],
    }


def amount(kind: Kind, order: Row) -> Decimal:
    """Quantity times unit price: exact, for the quantity is whole and the price has two places."""
    quantity, price = PRICED[kind]
    total: Decimal = order[quantity] * order[price]
    return total


def payment(rng: Random, kind: Kind, order: Row, transaction_key: int, key: int) -> Row:
    """The payment of an order, a copy of its terms, unpaid, with fresh account numbers."""
    return {
        "payment_id": key,
        "created_at": order["created_at"],
        "last_updated": order["last_updated"],
        "transaction_id": transaction_key,
        "counterparty_id": order["counterparty_id"],
        "payment_amount": amount(kind, order),
        "currency_id": order["currency_id"],
        "payment_type_id": PAYMENT_TYPE[kind],
        "paid": False,
        "payment_date": order["agreed_payment_date"],
        "company_ac_number": rng.randint(10_000_000, 99_999_999),
        "counterparty_ac_number": rng.randint(10_000_000, 99_999_999),
    }


def design(rng: Random, at: datetime, key: int) -> Row:
    """A design whose file is 1 to 728 days older than the row."""
    name = rng.choice(MATERIALS)
    drawn = at.date() - timedelta(days=rng.randint(1, 728))
    return {
        "design_id": key,
        "created_at": at,
        "design_name": name,
        "file_location": rng.choice(LOCATIONS),
        "file_name": file_name(name, drawn, _text(rng, ascii_lowercase + digits, 4)),
        "last_updated": at,
    }


def file_name(name: str, drawn: date, suffix: str) -> str:
    """`<name lower>-<YYYYMMDD>-<suffix>.json`."""
    return f"{name.lower()}-{drawn:%Y%m%d}-{suffix}.json"


def edited(rng: Random, column: str, at: datetime) -> Value:
    """A new value for a silently edited column that is not a foreign key.

    A new delivery date lies 0 to 7 days after the edit, however old the order is.
    """
    if column == "agreed_delivery_date":
        return agreed_date(rng, at, 7)
    if column == "item_code":
        return _text(rng, ascii_uppercase + digits, 7)
    if column == "file_location":
        return rng.choice(LOCATIONS)
    raise ValueError(f"column {column} is never edited silently: see SILENT")
