"""The bookmark key of a JDBC source: its columns, and the conditions it makes in SQL.

AWS combines several columns to one key; its SQL for that is not documented. Here they are compared
one after the other, as PostgreSQL compares rows.
Source: https://docs.aws.amazon.com/glue/latest/dg/programming-etl-connect-bookmarks.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from awsglue._refusal import JDBC_PAGE, refusal

_Order = Literal["asc", "desc"]


@dataclass(frozen=True)
class Key:
    """Columns of the key, all rising (asc) or all falling (desc)."""

    columns: tuple[str, ...]
    order: _Order

    def newer(self, values: tuple[str, ...]) -> str:
        """The condition of rows beyond `values`."""
        return self._compared(">" if self.order == "asc" else "<", values)

    def within(self, values: tuple[str, ...]) -> str:
        """The condition of rows up to `values`, these included."""
        return self._compared("<=" if self.order == "asc" else ">=", values)

    @property
    def is_null(self) -> str:
        """The condition of rows that have no place in the order."""
        return " OR ".join(f"{identifier(column)} IS NULL" for column in self.columns)

    def extreme(self, table: str, condition: str) -> str:
        """The query for the key of the last row in order, as texts; no row where there is none."""
        texts = ", ".join(f"{identifier(column)}::text" for column in self.columns)
        if len(self.columns) == 1:
            best = "max" if self.order == "asc" else "min"
            column = identifier(self.columns[0])
            return select(f"{best}({column})::text", table, condition)
        direction = "DESC" if self.order == "asc" else "ASC"
        ordered = ", ".join(f"{identifier(column)} {direction}" for column in self.columns)
        placed = f"({condition}) AND NOT ({self.is_null})"
        return f"{select(texts, table, placed)} ORDER BY {ordered} LIMIT 1"

    def _compared(self, operator: str, values: tuple[str, ...]) -> str:
        columns = ", ".join(identifier(column) for column in self.columns)
        given = ", ".join(literal(value) for value in values)
        return f"({columns}) {operator} ({given})"


def given_key(options: Mapping[str, Any]) -> Key | None:
    """The key that jobBookmarkKeys names, None where it is not given."""
    columns = options.get("jobBookmarkKeys") or []
    order = options.get("jobBookmarkKeysSortOrder", "asc")
    if order not in ("asc", "desc"):
        raise ValueError(f"jobBookmarkKeysSortOrder {order!r} is neither asc nor desc")
    if not columns:
        return None
    if not isinstance(columns, list):
        raise refusal(f"jobBookmarkKeys {columns!r} (anything but a list of columns)", JDBC_PAGE)
    for column in columns:
        if column != column.lower():
            raise ValueError(
                f"jobBookmarkKeys {columns!r}: AWS does not support case-sensitive column names as "
                "keys"
            )
    return Key(tuple(columns), cast(_Order, order))


def identifier(name: str) -> str:
    """`name` quoted for PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a PostgreSQL string literal of unknown type: the server reads it as the column's
    type.
    """
    return "'" + value.replace("'", "''") + "'"


def select(what: str, table: str, condition: str = "TRUE") -> str:
    """A query of quoted parts: `table` by identifier(), values by literal()."""
    return " ".join(("SELECT", what, "FROM", table, "WHERE", condition))
