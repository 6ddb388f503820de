"""Where a warehouse column's value comes from. A closed set; star tables are built from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Copy:
    """The value of `table`.`column` as it is; `default` stands in for NULL."""

    table: str
    column: str
    default: str | None = None


@dataclass(frozen=True)
class DateOf:
    """The day of timestamp `table`.`column`."""

    table: str
    column: str


@dataclass(frozen=True)
class TimeOf:
    """The time of day of timestamp `table`.`column`, with milliseconds."""

    table: str
    column: str


@dataclass(frozen=True)
class TextDate:
    """Text `table`.`column` read as yyyy-MM-dd within 1990..2100, else quarantine."""

    table: str
    column: str


@dataclass(frozen=True)
class CurrencyName:
    """ISO 4217 name of the code in `table`.`column`; 'Unknown' for a code that is not active."""

    table: str
    column: str


@dataclass(frozen=True)
class CalendarField:
    """`field` of a generated calendar day: date, year, month, day, day_of_week (ISO),
    day_name, month_name, quarter."""

    field: str


@dataclass(frozen=True)
class RecordId:
    """Surrogate: versions before the batch + rank by (batch, business key)."""


Origin: TypeAlias = Copy | DateOf | TimeOf | TextDate | CurrencyName | CalendarField | RecordId
