"""The closed set of column types. Every printer handles each of them or raises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from totesys_etl.errors import ContractInvalid, TypeUnsupported


@dataclass(frozen=True)
class Integer:
    """32-bit signed integer."""


@dataclass(frozen=True)
class BigInteger:
    """64-bit signed integer."""


@dataclass(frozen=True)
class Boolean:
    """True, false."""


@dataclass(frozen=True)
class Text:
    """Unicode text of any length."""


@dataclass(frozen=True)
class Varchar:
    """Unicode text of at most `length` characters; None: `character varying` without a limit."""

    length: int | None = None

    def __post_init__(self) -> None:
        if self.length is not None and self.length < 1:
            raise ContractInvalid(f"Varchar.length must be at least 1, not {self.length}")


@dataclass(frozen=True)
class Enumeration:
    """A PostgreSQL enum `name` with its `labels`; text everywhere else."""

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.name or not self.labels or len(set(self.labels)) != len(self.labels):
            raise ContractInvalid(
                f"Enumeration.name and distinct labels are required: {self.name!r} {self.labels!r}"
            )


@dataclass(frozen=True)
class Numeric:
    """Exact decimal with `precision` digits, `scale` of them after the point."""

    precision: int
    scale: int

    def __post_init__(self) -> None:
        if not 0 <= self.scale <= self.precision <= 38 or self.precision < 1:
            raise ContractInvalid(
                f"Numeric({self.precision},{self.scale}): need 0 <= scale <= precision <= 38"
            )


@dataclass(frozen=True)
class Timestamp:
    """Naive UTC instant with millisecond precision."""


@dataclass(frozen=True)
class Date:
    """Calendar day."""


@dataclass(frozen=True)
class Time:
    """Time of day with millisecond precision; text `HH:mm:ss.SSS` in Spark, Parquet and Athena."""


@dataclass(frozen=True)
class TextList:
    """A list of texts; lake metadata only, never a source or warehouse column."""


ColumnType: TypeAlias = (
    Integer
    | BigInteger
    | Boolean
    | Text
    | Varchar
    | Enumeration
    | Numeric
    | Timestamp
    | Date
    | Time
    | TextList
)


def physical_type(column_type: ColumnType) -> str:
    """The type as PostgreSQL's `format_type` prints it.

    An enum prints without its schema while that is on the search path. Raises TypeUnsupported.
    """
    match column_type:
        case Integer():
            return "integer"
        case BigInteger():
            return "bigint"
        case Boolean():
            return "boolean"
        case Text():
            return "text"
        case Varchar(length):
            return "character varying" if length is None else f"character varying({length})"
        case Enumeration(name):
            return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else f'"{name}"'
        case Numeric(precision, scale):
            return f"numeric({precision},{scale})"
        case Timestamp():
            return "timestamp(3) without time zone"
        case Date():
            return "date"
        case Time():
            return "time without time zone"
        case TextList():
            raise TypeUnsupported("a text list is lake metadata and has no PostgreSQL column type")
        case _:
            assert_never(column_type)
