"""Types of the contracts in the words that people use for PostgreSQL's."""

from __future__ import annotations

from totesys_etl.contracts.types import ColumnType, Enumeration, physical_type

_SHORT = {
    "character varying": "varchar",
    "timestamp(3) without time zone": "timestamp(3)",
    "time without time zone": "time",
}


def short_type(column_type: ColumnType) -> str:
    """Return the type's name, in its short form where PostgreSQL has one."""
    if isinstance(column_type, Enumeration):
        return column_type.name
    name = physical_type(column_type)
    base, bracket, rest = name.partition("(") if name.startswith("character") else (name, "", "")
    return _SHORT.get(base, base) + bracket + rest
