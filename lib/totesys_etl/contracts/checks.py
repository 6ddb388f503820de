"""The set of contracts as a whole: what one table says of another must be true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from totesys_etl.contracts.model import Kind, SourceTable, StarColumn, StarTable
from totesys_etl.contracts.origins import (
    CalendarField,
    Copy,
    CurrencyName,
    DateOf,
    RecordId,
    TextDate,
    TimeOf,
)
from totesys_etl.contracts.types import (
    ColumnType,
    Date,
    Enumeration,
    Integer,
    Text,
    Time,
    Timestamp,
    Varchar,
)
from totesys_etl.errors import ContractInvalid

AnyTable = TypeVar("AnyTable", SourceTable, StarTable)

TEXTS = (Text, Varchar, Enumeration)
CALENDAR_FIELDS: dict[str, type[Date] | type[Integer] | type[Varchar]] = {
    "date": Date,
    "year": Integer,
    "month": Integer,
    "day": Integer,
    "day_of_week": Integer,
    "quarter": Integer,
    "day_name": Varchar,
    "month_name": Varchar,
}


def load_order(tables: Iterable[AnyTable]) -> tuple[AnyTable, ...]:
    """`tables` so that a table comes after all it refers to; otherwise in the given order.

    Raises ContractInvalid when tables refer to each other in a circle.
    """
    waiting = {table.name: table for table in tables}
    ordered: list[AnyTable] = []
    while waiting:
        for table in waiting.values():
            if not any(key.table in waiting for key in table.foreign_keys):
                break
        else:
            raise ContractInvalid(f"foreign keys of {sorted(waiting)} form a circle")
        ordered.append(waiting.pop(table.name))
    return tuple(ordered)


def check_set(source: Mapping[str, SourceTable], star: Mapping[str, StarTable]) -> None:
    """Raises ContractInvalid, naming table and field, for the first statement that is not true."""
    _check_enumerations(source)
    for source_table in source.values():
        _check_foreign_keys(source_table, source)
    for star_table in star.values():
        _check_foreign_keys(star_table, star)
        _check_sources(star_table, source)
        for column in star_table.columns:
            _check_mapping(star_table, column, source)
    load_order(source.values())
    load_order(star.values())


def _check_enumerations(source: Mapping[str, SourceTable]) -> None:
    seen: dict[str, Enumeration] = {}
    for table in source.values():
        for column in table.columns:
            if isinstance(column.type, Enumeration):
                first = seen.setdefault(column.type.name, column.type)
                if first != column.type:
                    raise ContractInvalid(
                        f"{table.name}.{column.name}: enum {first.name} has other labels elsewhere"
                    )


def _check_foreign_keys(table: AnyTable, tables: Mapping[str, AnyTable]) -> None:
    for key in table.foreign_keys:
        where = f"{table.name}.{key.column}: foreign key to {key.table}.{key.references}"
        if key.table not in tables:
            raise ContractInvalid(f"{where}: there is no table {key.table}")
        if key.references != tables[key.table].primary_key:
            raise ContractInvalid(f"{where} must refer to {tables[key.table].primary_key}")
        referring = table.column(key.column)
        if referring.type != tables[key.table].column(key.references).type:
            raise ContractInvalid(f"{where}: the two columns have different types")
        if key.on_delete == "SET NULL" and not referring.nullable:
            raise ContractInvalid(f"{where}: SET NULL on a column that is NOT NULL")


def _check_sources(table: StarTable, source: Mapping[str, SourceTable]) -> None:
    for name in table.source_tables:
        if name not in source:
            raise ContractInvalid(f"{table.name}.source: there is no source table {name}")
    if table.join and table.source:
        key = source[table.source].column(table.join.column)
        joined = source[table.join.table]
        if table.join.references != joined.primary_key:
            raise ContractInvalid(f"{table.name}.join must be on {joined.primary_key}")
        if key.type != joined.column(joined.primary_key).type:
            raise ContractInvalid(f"{table.name}.join: {key.name} has another type than the key")
    if table.source and table.kind is Kind.DIMENSION:
        origin = table.column(table.primary_key).origin
        expected = source[table.source].primary_key
        if not isinstance(origin, Copy) or (origin.table, origin.column) != (
            table.source,
            expected,
        ):
            raise ContractInvalid(f"{table.name}.primary_key must be {table.source}.{expected}")


def _check_mapping(table: StarTable, column: StarColumn, source: Mapping[str, SourceTable]) -> None:
    where = f"{table.name}.{column.name}"
    match column.origin:
        case RecordId():
            fits = isinstance(column.type, Integer)
        case CalendarField(field):
            if field not in CALENDAR_FIELDS:
                raise ContractInvalid(f"{where}: no calendar field {field}")
            fits = isinstance(column.type, CALENDAR_FIELDS[field])
        case origin:
            mapped = source[origin.table].column(origin.column)
            fits = _fits(origin, mapped.type, column.type)
            nullable = mapped.nullable or _may_miss(table, origin.table, source)
            filled = isinstance(origin, CurrencyName) or (
                isinstance(origin, Copy) and origin.default is not None
            )
            if nullable and not (column.nullable or filled):
                raise ContractInvalid(
                    f"{where} is NOT NULL, {origin.table}.{origin.column} may be NULL: "
                    "make it nullable or give a default"
                )
    if not fits:
        raise ContractInvalid(f"{where}: {column.type} cannot hold {column.origin}")


def _may_miss(table: StarTable, origin_table: str, source: Mapping[str, SourceTable]) -> bool:
    """Whether the LEFT JOIN that brings `origin_table` may find no row."""
    if not table.join or not table.source or origin_table == table.source:
        return False
    return source[table.source].column(table.join.column).nullable


def _fits(
    origin: Copy | DateOf | TimeOf | TextDate | CurrencyName, given: ColumnType, wanted: ColumnType
) -> bool:
    match origin:
        case Copy():
            is_text = isinstance(given, TEXTS) and wanted in (Text(), Varchar())
            return given == wanted or is_text
        case DateOf():
            return isinstance(given, Timestamp) and isinstance(wanted, Date)
        case TimeOf():
            return isinstance(given, Timestamp) and isinstance(wanted, Time)
        case TextDate():
            return isinstance(given, Text | Varchar) and isinstance(wanted, Date)
        case CurrencyName():
            return isinstance(given, Text | Varchar) and wanted in (Text(), Varchar())
