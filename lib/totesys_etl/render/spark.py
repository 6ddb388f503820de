"""Contracts as Spark types."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import assert_never

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from totesys_etl.contracts.model import Column
from totesys_etl.contracts.types import (
    BigInteger,
    Boolean,
    ColumnType,
    Date,
    Enumeration,
    Integer,
    Numeric,
    Text,
    TextList,
    Time,
    Timestamp,
    Varchar,
)


def spark_type(column_type: ColumnType) -> DataType:
    """The Spark type that holds `column_type`; a time of day is text, Spark has none."""
    match column_type:
        case Integer():
            return IntegerType()
        case BigInteger():
            return LongType()
        case Boolean():
            return BooleanType()
        case Text() | Varchar() | Enumeration() | Time():
            return StringType()
        case Numeric(precision, scale):
            return DecimalType(precision, scale)
        case Timestamp():
            return TimestampType()
        case Date():
            return DateType()
        case TextList():
            return ArrayType(StringType())
        case _:
            assert_never(column_type)


def struct_type(columns: Iterable[Column]) -> StructType:
    """The Spark schema of `columns`, in their order, with their nullability."""
    return StructType([StructField(c.name, spark_type(c.type), c.nullable) for c in columns])


def literal_rows(
    spark: SparkSession, struct: StructType, rows: Iterable[tuple[object, ...]]
) -> DataFrame:
    """Rows that the driver has, as columns of `struct`: numbers, text, dates, naive UTC moments.

    createDataFrame would start Python workers to hand them over, which takes a short job seconds.
    """
    named = [dict(zip(struct.names, row, strict=True)) for row in rows]
    text = F.lit(json.dumps(named, default=str))
    parsed = F.from_json(text, ArrayType(struct), {"mode": "FAILFAST"})
    return spark.range(0, 1, 1, 1).select(F.inline(parsed))
