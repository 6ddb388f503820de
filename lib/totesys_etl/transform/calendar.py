"""dim_date: whole years, without a gap, from 2022 to the year after the latest date referenced.

A year's rows carry the stamp of the first batch that needed them, so that they are the same
however batches were grouped into commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import LakeColumn, star
from totesys_etl.contracts.model import StarTable
from totesys_etl.contracts.origins import CalendarField
from totesys_etl.errors import ContractInvalid
from totesys_etl.render.spark import literal_rows, struct_type

FIRST_YEAR = 2022
"""totesys began on 2022-11-03."""

# Not from the locale: the names are the warehouse's, wherever the job runs.
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, order=True)
class Stamp:
    """A raw batch and when it was captured (naive UTC)."""

    batch: int
    captured_at: datetime


def years_referenced(table: StarTable, versions: DataFrame) -> dict[int, Stamp]:
    """Year -> first batch to need it, of all dates by which a fact's `versions` refer to dim_date.

    One Spark action: a row per combination of years, of which there are few.
    """
    days = [key.column for key in table.foreign_keys if key.table == "dim_date"]
    if not days:
        return {}
    first = F.min(F.struct("batch", "captured_at")).alias("first")
    found = versions.groupBy(*(F.year(day).alias(day) for day in days)).agg(first).collect()
    return merged(
        {row[day]: Stamp(row["first"]["batch"], row["first"]["captured_at"])}
        for row in found
        for day in days
        if row[day] is not None
    )


def merged(references: Iterable[Mapping[int, Stamp]]) -> dict[int, Stamp]:
    """One mapping out of several facts': per year the earliest stamp."""
    earliest: dict[int, Stamp] = {}
    for reference in references:
        for year, stamp in reference.items():
            earliest[year] = min(stamp, earliest.get(year, stamp))
    return earliest


def years_needed(known: Iterable[int], referenced: Mapping[int, Stamp]) -> dict[int, Stamp]:
    """The years to add to a calendar that has the years `known`, each with its stamp.

    From 2022, or the earliest year referenced, to the latest one + 1. Nothing referenced and
    nothing known: no calendar yet.
    """
    years = set(known)
    added: dict[int, Stamp] = {}
    for year, stamp in sorted(referenced.items(), key=lambda item: (item[1], item[0])):
        first, last = min({FIRST_YEAR, year, *years}), max({FIRST_YEAR, year + 1, *years})
        added |= {y: stamp for y in range(first, last + 1) if y not in years}
        years.update(range(first, last + 1))
    return dict(sorted(added.items()))


def calendar(spark: SparkSession, years: Mapping[int, Stamp]) -> DataFrame:
    """Rows of dim_date: lake_tables.star(dim_date) columns + key_range, the year as text 'yyyy'.

    valid_from of a calendar row is its captured_at: it is there since it was needed.
    """
    table = STAR_TABLES["dim_date"]
    lake_table = star(table)
    columns: tuple[LakeColumn, ...] = (*lake_table.columns, *lake_table.partition_keys)
    rows = [
        (*_row(table, day), stamp.batch, stamp.captured_at, stamp.captured_at, f"{year:04d}")
        for year, stamp in sorted(years.items())
        for day in _days(year)
    ]
    return literal_rows(spark, struct_type(columns), rows)


def _days(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    length = (date(year, 12, 31) - first).days + 1
    return (first + timedelta(days=n) for n in range(length))


def _row(table: StarTable, day: date) -> tuple[date | int | str, ...]:
    fields: dict[str, date | int | str] = {
        "date": day,
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "day_of_week": day.isoweekday(),
        "day_name": DAY_NAMES[day.weekday()],
        "month_name": MONTH_NAMES[day.month - 1],
        "quarter": (day.month + 2) // 3,
    }
    return tuple(fields[_field(table, column.origin)] for column in table.columns)


def _field(table: StarTable, origin: object) -> str:
    if not isinstance(origin, CalendarField):
        raise ContractInvalid(f"{table.name}: {origin} is not a calendar field")
    return origin.field
