"""Contracts as Spark types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

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
