"""The oracle's unit: one thing that truly changed in the source."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Value = int | str | Decimal | datetime | None  # bool is an int to the type checker
Row = dict[str, Any]  # column -> Value

TABLES = (
    "address",
    "counterparty",
    "currency",
    "department",
    "design",
    "staff",
    "sales_order",
    "purchase_order",
    "payment_type",
    "transaction",
    "payment",
)


def key_column(table: str) -> str:
    """Primary key of a totesys table: always `<table>_id`."""
    return f"{table}_id"


@dataclass(frozen=True)
class Change:
    """An insert or a delete of one row, or an update of one column of one row.

    insert: `column` and `old` are None, `new` is the whole row. update: one Change per changed
    column with its Python values. delete: `old` is the whole row, `new` is None.
    `silent` means that last_updated did not move; `synthetic` that the real totesys has never
    been seen to do this. `at` is when it happened on the simulator's clock (naive UTC).
    """

    table: str
    key: int
    op: Literal["insert", "update", "delete"]
    column: str | None
    old: Value | Row
    new: Value | Row
    silent: bool
    synthetic: bool
    at: datetime


def inserted(table: str, row: Row, synthetic: bool = False) -> Change:
    """The insert of `row`, at its own created_at."""
    key, at = row[key_column(table)], row["created_at"]
    return Change(table, key, "insert", None, None, dict(row), False, synthetic, at)
