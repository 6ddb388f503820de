"""The closed set of column types. Every printer handles each of them or raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from totesys_etl.errors import ContractInvalid


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
