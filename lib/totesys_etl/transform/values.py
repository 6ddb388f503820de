"""One star value from one source row, and why it can not be had: expressions per origin.

The frame they are applied to is aliased by the source table's name (`changes.alias("payment")`),
because both sides of a joined dimension have columns of the same name.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from typing import assert_never

from pyspark.sql import Column
from pyspark.sql import functions as F

from totesys_etl.contracts.model import StarColumn, StarTable
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
from totesys_etl.errors import TypeUnsupported
from totesys_etl.transform.currencies import NAMES, UNKNOWN

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2100, 12, 31)
"""Days outside these bounds are typing errors, not dates of business."""

# \A and \z: `$` would let a trailing line feed pass. [0-9]: no digits of other scripts.
_DAY_SHAPE = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"


def given(origin: Origin) -> Column:
    """The source value `origin` starts from. TypeUnsupported when it starts from none."""
    match origin:
        case RecordId() | CalendarField():
            raise TypeUnsupported(f"{type(origin).__name__} has no source column: it is generated")
        case _:
            return F.col(f"`{origin.table}`.`{origin.column}`")


def expression(column: StarColumn) -> Column:
    """The value of `column`, named so; NULL where `violation` gives a reason.

    A record id is taken from the frame as it is (`record_ids.number` has added it).
    TypeUnsupported for a calendar field: `calendar.calendar` makes those.
    """
    match column.origin:
        case RecordId():
            value = F.col(column.name)
        case Copy(default=default) as origin:
            value = given(origin)
            if default is not None:
                value = F.coalesce(value, F.lit(default))
        case DateOf() as origin:
            value = _within_bounds(F.to_date(given(origin)))
        case TimeOf() as origin:
            value = F.date_format(given(origin), "HH:mm:ss.SSS")
        case TextDate() as origin:
            value = _within_bounds(_day(origin))
        case CurrencyName() as origin:
            names = F.create_map(*(F.lit(text) for pair in NAMES.items() for text in pair))
            value = F.coalesce(names[given(origin)], F.lit(UNKNOWN))
        case CalendarField(field):
            raise TypeUnsupported(f"{column.name}: calendar field {field} has no source row")
        case _:
            assert_never(column.origin)
    return value.alias(column.name)


def violation(column: StarColumn) -> Column:
    """Why the row can not give `column` its value: text, or NULL when it can.

    Reasons, each after the source column's name: a value that no lake type holds (it is NULL and
    named in `non_finite`); NULL in a NOT NULL column; text that is not a day yyyy-MM-dd; a day
    outside 1990-01-01..2100-12-31. The row needs the column `non_finite`.
    """
    match column.origin:
        case RecordId() | CalendarField():
            return F.lit(None).cast("string")
        case origin:
            name = f"{origin.table}.{origin.column}"
    era = f"{name} is infinite, NaN or no date of this era"
    reason = F.when(_non_finite(origin.table, origin.column) != "", era)
    if not column.nullable and not _has_default(origin):
        reason = reason.when(given(origin).isNull(), f"{name} is NULL")
    if isinstance(origin, DateOf | TextDate):
        day = _day(origin) if isinstance(origin, TextDate) else F.to_date(given(origin))
        if isinstance(origin, TextDate):
            reason = reason.when(given(origin).isNotNull() & day.isNull(), f"{name} is not a day")
        bounds = f"{name} is outside {FIRST_DAY}..{LAST_DAY}"
        reason = reason.when(~day.between(F.lit(FIRST_DAY), F.lit(LAST_DAY)), bounds)
    return reason


def violated(table: StarTable) -> Column:
    """Whether any column of `table` has a violation: true or false, never NULL.

    The same as asking `violation` for every column, but cheap: all rows are asked, few are told.
    """
    mapped = [c for c in table.columns if not isinstance(c.origin, RecordId | CalendarField)]
    return reduce(lambda one, other: one | other, map(_is_violated, mapped))


def _is_violated(column: StarColumn) -> Column:
    if column.nullable or _has_default(column.origin):
        return violation(column).isNotNull()
    if isinstance(column.origin, DateOf | TextDate):
        return expression(column).isNull()
    # What no lake type holds is NULL in the row, so this covers it.
    return given(column.origin).isNull()


def given_text(column: StarColumn) -> Column:
    """What the source row holds for `column`, as text: 'infinity', '2024-02-30', NULL."""
    match column.origin:
        case RecordId() | CalendarField():
            return F.lit(None).cast("string")
        case origin:
            marked = _non_finite(origin.table, origin.column)
            return F.when(marked != "", marked).otherwise(given(origin).cast("string"))


def _day(origin: TextDate) -> Column:
    """The calendar day a text says, NULL if it says none. Never raises, ANSI mode or not."""
    parsed = F.expr(f"try_cast(`{origin.table}`.`{origin.column}` AS DATE)")
    return F.when(given(origin).rlike(_DAY_SHAPE), parsed)


def _within_bounds(day: Column) -> Column:
    return F.when(day.between(F.lit(FIRST_DAY), F.lit(LAST_DAY)), day)


def _has_default(origin: Origin) -> bool:
    return isinstance(origin, CurrencyName) or (
        isinstance(origin, Copy) and origin.default is not None
    )


def _non_finite(table: str, column: str) -> Column:
    """What `non_finite` says of `column` (infinity, -infinity, NaN), '' or NULL if nothing."""
    return F.regexp_extract(F.col(f"`{table}`.`non_finite`"), f"(?:^|,){column}=([^,]*)", 1)
