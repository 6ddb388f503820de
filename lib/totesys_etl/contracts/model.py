"""What a table is: columns, keys, grain and, for star tables, where every value comes from.

Contracts are frozen and refuse to exist when incomplete or contradictory (`ContractInvalid`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol, TypeAlias

from totesys_etl.contracts.origins import (
    CalendarField,
    Copy,
    CurrencyName,
    DateOf,
    Origin,
    RecordId,
    TextDate,
    TimeOf,
)
from totesys_etl.contracts.types import ColumnType, Integer, Timestamp
from totesys_etl.errors import ContractInvalid

RESERVED_COLUMNS = frozenset(
    {
        *("op", "changed", "captured_at", "valid_from", "non_finite", "batch"),
        *("deleted_in_batch", "ingest_date", "range"),
    }
)
"""Names the lake adds to source rows; no source column may bear one."""

ReferentialAction: TypeAlias = Literal["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"]


class Column(Protocol):
    """What every printer needs to know of a column of a source, star or lake table."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> ColumnType: ...

    @property
    def nullable(self) -> bool: ...


@dataclass(frozen=True)
class ForeignKey:
    """`column` refers to `table`.`references`, with what SQL does on delete and on update."""

    column: str
    table: str
    references: str
    on_delete: ReferentialAction = "NO ACTION"
    on_update: ReferentialAction = "NO ACTION"


@dataclass(frozen=True)
class SourceColumn:
    """One physical column of totesys; `default` is SQL, None for no default (a key is serial)."""

    name: str
    type: ColumnType
    nullable: bool = False
    unique: bool = False
    default: str | None = None


@dataclass(frozen=True)
class SourceTable:
    """One table of totesys in physical column order. Key: `primary_key` (one integer column)."""

    name: str
    grain: str
    columns: tuple[SourceColumn, ...]
    primary_key: str
    foreign_keys: tuple[ForeignKey, ...] = ()

    def __post_init__(self) -> None:
        _check_table(self.name, self.grain, [c.name for c in self.columns])
        key = self.column(self.primary_key)
        if not isinstance(key.type, Integer) or key.nullable:
            raise ContractInvalid(f"{self.name}.primary_key {key.name} must be a NOT NULL integer")
        for stamp in ("created_at", "last_updated"):
            column = self.column(stamp)
            if not isinstance(column.type, Timestamp) or column.nullable:
                raise ContractInvalid(f"{self.name}.{stamp} must be a NOT NULL timestamp")
        reserved = RESERVED_COLUMNS & {c.name for c in self.columns}
        if reserved:
            raise ContractInvalid(f"{self.name}.columns: reserved name {sorted(reserved)}")
        for foreign_key in self.foreign_keys:
            self.column(foreign_key.column)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> SourceColumn:
        """The column called `name`; ContractInvalid if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractInvalid(f"{self.name} has no column {name}")


class Kind(Enum):
    """What a star table holds."""

    FACT = "fact"
    DIMENSION = "dimension"


@dataclass(frozen=True)
class Join:
    """LEFT JOIN of source `table` on driving `column` = `table`.`references` (its key)."""

    table: str
    column: str
    references: str


@dataclass(frozen=True)
class StarColumn:
    """One warehouse column in ERD order with its origin."""

    name: str
    type: ColumnType
    origin: Origin
    nullable: bool = False


@dataclass(frozen=True)
class StarTable:
    """One warehouse table. `source` is the driving source table (None: generated).

    `business_key` of a fact is the natural id that its versions share; a dimension's is its
    primary key. `alias` is a second name under which a view shows the table.
    """

    name: str
    kind: Kind
    grain: str
    columns: tuple[StarColumn, ...]
    primary_key: str
    business_key: str
    source: str | None
    join: Join | None = None
    foreign_keys: tuple[ForeignKey, ...] = ()
    alias: str | None = None

    def __post_init__(self) -> None:
        _check_table(self.name, self.grain, self.column_names)
        if self.column(self.primary_key).nullable:
            raise ContractInvalid(f"{self.name}.primary_key {self.primary_key} must be NOT NULL")
        self.column(self.business_key)
        for foreign_key in self.foreign_keys:
            if self.column(foreign_key.column).nullable:
                raise ContractInvalid(f"{self.name}.{foreign_key.column}: foreign key is nullable")
        for column in self.columns:
            self._check_origin(column)
        is_record = isinstance(self.column(self.primary_key).origin, RecordId)
        if (self.kind is Kind.FACT) != is_record:
            raise ContractInvalid(f"{self.name}.primary_key: only a fact's key is a record id")
        if self.kind is Kind.FACT and self.primary_key == self.business_key:
            raise ContractInvalid(f"{self.name}.business_key is the surrogate {self.primary_key}")

    def _check_origin(self, column: StarColumn) -> None:
        match column.origin:
            case Copy(table=table) | CurrencyName(table=table):
                known = {self.source} | ({self.join.table} if self.join else set())
                if table not in known:
                    raise ContractInvalid(
                        f"{self.name}.{column.name}: origin {table} is neither source nor join"
                    )
            case DateOf(table=table) | TimeOf(table=table) | TextDate(table=table):
                if table != self.source:
                    raise ContractInvalid(
                        f"{self.name}.{column.name}: origin table {table} is not {self.source}"
                    )
            case CalendarField():
                if self.source is not None:
                    raise ContractInvalid(f"{self.name}.{column.name}: calendar has no source")
            case RecordId():
                if column.name != self.primary_key:
                    raise ContractInvalid(f"{self.name}.{column.name}: record id must be the key")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def source_tables(self) -> tuple[str, ...]:
        """Driving table first, then the joined one."""
        tables = (self.source,) if self.source else ()
        return tables + ((self.join.table,) if self.join else ())

    @property
    def mapped_columns(self) -> frozenset[str]:
        """Columns of the driving table that any column of this table is made from."""
        return frozenset(
            c.origin.column
            for c in self.columns
            if not isinstance(c.origin, CalendarField | RecordId) and c.origin.table == self.source
        )

    def column(self, name: str) -> StarColumn:
        """The column called `name`; ContractInvalid if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractInvalid(f"{self.name} has no column {name}")


def _check_table(name: str, grain: str, columns: Iterable[str]) -> None:
    names = list(columns)
    if not name or name != name.lower():
        raise ContractInvalid(f"table name {name!r} must be lower case and not empty")
    if not grain.strip():
        raise ContractInvalid(f"{name}.grain is empty: say what one row is")
    if not names:
        raise ContractInvalid(f"{name}.columns is empty")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ContractInvalid(f"{name}.columns: {twice} appear twice")
