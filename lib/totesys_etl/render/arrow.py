"""Contracts as Arrow types and schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import pyarrow as pa

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


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """The Arrow type that Spark exchanges for `spark_type`; a moment is an instant in UTC."""
    match column_type:
        case Integer():
            return pa.int32()
        case BigInteger():
            return pa.int64()
        case Boolean():
            return pa.bool_()
        case Text() | Varchar() | Enumeration() | Time():
            return pa.string()
        case Numeric(precision, scale):
            return pa.decimal128(precision, scale)
        case Timestamp():
            return pa.timestamp("us", tz="UTC")
        case Date():
            return pa.date32()
        case TextList():
            return pa.list_(pa.string())
        case _:
            assert_never(column_type)


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """The schema of `columns`, in their order; all nullable."""
    return pa.schema([(c.name, arrow_type(c.type)) for c in columns])
