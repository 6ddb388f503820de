"""Spark's side of `canonical` and `star_fingerprints`: the same texts and sums, over frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts.model import Column, SourceTable
from totesys_etl.contracts.types import ColumnType, Date, Integer, Text, Time
from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.canonical import (
    DIGITS,
    NON_FINITE,
    RANGE_SIZE,
    is_free_text,
    shift_of,
)
from totesys_etl.fingerprints.star import checked_size


def spark_canonical(columns: Iterable[Column]) -> SparkColumn:
    """The canonical text of a row of `columns` and `non_finite`, as `snapshot_query` gives them.

    Raises TypeUnsupported.
    """
    values = [spark_text(c.name, c.type) for c in columns]
    return F.concat_ws("|", *values, spark_text(NON_FINITE, Text()))


def spark_fingerprints(
    frame: DataFrame, table: SourceTable, size: int = RANGE_SIZE, by: SparkColumn | None = None
) -> DataFrame:
    """Range, rows and fingerprint (long each) per `size` keys of `frame`, as in PostgreSQL.

    `frame` has the columns of `snapshot_query`; others are ignored. With `by`, one row per range
    and value of it, which comes second, as column `by`. Raises TypeUnsupported.
    """
    digest = F.md5(spark_canonical(table.columns))
    prefix = F.conv(F.substring(digest, 1, DIGITS), 16, 10).cast("long")
    number = F.shiftright(F.col(table.primary_key), shift_of(size)).cast("long")
    keys = [number.alias("range"), *([] if by is None else [by.alias("by")])]
    return frame.groupBy(*keys).agg(
        F.count(F.lit(1)).alias("rows"), F.sum(prefix).alias("fingerprint")
    )


def spark_text(name: str, type: ColumnType) -> SparkColumn:
    """The same text, '~' for NULL. Raises TypeUnsupported."""
    column = F.col(name)
    text = column.cast("string")
    if is_free_text(name, type):
        text = F.concat(F.length(column).cast("string"), F.lit(":"), column)
    return F.coalesce(text, F.lit("~"))


def spark_star_fingerprints(
    frame: DataFrame, columns: Sequence[Column], size: int = RANGE_SIZE, by: str | None = None
) -> DataFrame:
    """Range, rows and fingerprint (long each) of `frame`, which has `columns` and maybe others.

    Grain: one key range that has rows; with `by` (a column), one range and value of it, which comes
    first. `size` is RANGE_SIZE or 1. Raises TypeUnsupported, ContractInvalid.
    """
    digest = F.md5(F.concat_ws("|", *map(_star_text, columns)))
    prefix = F.conv(F.substring(digest, 1, DIGITS), 16, 10).cast("long")
    keys = [_star_range(columns[0], size).cast("long").alias("range")]
    if by is not None:
        keys.insert(0, F.col(by))
    return frame.groupBy(*keys).agg(
        F.count(F.lit(1)).alias("rows"), F.sum(prefix).alias("fingerprint")
    )


def spark_in_range(key: Column, number: int) -> SparkColumn:
    """Condition: `key` lies in this range."""
    return _star_range(key, RANGE_SIZE) == F.lit(number)


def _star_text(column: Column) -> SparkColumn:
    if isinstance(column.type, Time):
        # PostgreSQL prints a time without the zeros at its end; the lake's always has milliseconds.
        text = F.regexp_replace(F.col(column.name), r"\.?0+$", "")
        return F.coalesce(text, F.lit("~"))
    return spark_text(column.name, column.type)


def _star_range(key: Column, size: int) -> SparkColumn:
    column = F.col(key.name)
    match key.type, checked_size(size):
        case Integer(), 1:
            return column
        case Integer(), _:
            return F.shiftright(column, RANGE_SIZE.bit_length() - 1)
        case Date(), 1:
            return F.year(column) * 10000 + F.month(column) * 100 + F.day(column)
        case Date(), _:
            return F.year(column)
    raise ContractInvalid(f"{key.name}: only an integer or a day is a key of a star table")
