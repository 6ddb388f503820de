"""Contracts as Spark schemas; canonical text in Spark alone."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from fixtures.all_types import ALL_TYPES
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import LakeColumn, changes, star
from totesys_etl.contracts.types import Boolean, Date, Integer, Numeric, Text, TextList, Timestamp
from totesys_etl.errors import ContractInvalid, TypeUnsupported
from totesys_etl.fingerprints.spark import spark_canonical, spark_fingerprints
from totesys_etl.render.spark import literal_rows, spark_type, struct_type


def test_struct_type_of_every_type() -> None:
    optional = changes(ALL_TYPES).columns[5:]
    assert struct_type(optional) == T.StructType(
        [
            T.StructField("all_types_id", T.IntegerType()),
            T.StructField("whole", T.LongType()),
            T.StructField("flag", T.BooleanType()),
            T.StructField("words", T.StringType()),
            T.StructField("code", T.StringType()),
            T.StructField("mood", T.StringType()),
            T.StructField("price", T.DecimalType(10, 2)),
            T.StructField("rate", T.DecimalType(38, 6)),
            T.StructField("seen_at", T.TimestampType()),
            T.StructField("day", T.DateType()),
            T.StructField("clock", T.StringType()),
            T.StructField("created_at", T.TimestampType()),
            T.StructField("last_updated", T.TimestampType()),
        ]
    )
    assert spark_type(TextList()) == T.ArrayType(T.StringType())


def test_struct_type_keeps_nullability() -> None:
    schema = struct_type(star(STAR_TABLES["dim_transaction"]).columns)
    assert [f.name for f in schema if f.nullable] == ["sales_order_id", "purchase_order_id"]


COLUMNS = (
    LakeColumn("id", Integer()),
    LakeColumn("word", Text(), nullable=True),
    LakeColumn("paid", Boolean(), nullable=True),
    LakeColumn("price", Numeric(10, 2), nullable=True),
    LakeColumn("at", Timestamp(), nullable=True),
    LakeColumn("day", Date(), nullable=True),
)


def test_canonical_text(spark: SparkSession) -> None:
    at, day = datetime(2022, 11, 3, 14, 20, 52, 186000), date(2022, 11, 3)
    rows = [
        (1, "totes", True, Decimal("3.90"), at, day, None),
        (2, "~", False, Decimal("-0.10"), at.replace(microsecond=100000), day, "price=NaN"),
        (3, "", None, None, at.replace(microsecond=0), None, None),
        (4, None, None, None, None, None, None),
        (5, "é👍|:", None, None, None, None, None),
    ]
    schema = struct_type((*COLUMNS, LakeColumn("non_finite", Text(), nullable=True)))
    actual = spark.createDataFrame(rows, schema).select(spark_canonical(COLUMNS).alias("text"))
    expected = spark.createDataFrame(
        [
            ("1|5:totes|true|3.90|2022-11-03 14:20:52.186|2022-11-03|~",),
            ("2|1:~|false|-0.10|2022-11-03 14:20:52.1|2022-11-03|9:price=NaN",),
            ("3|0:|~|~|2022-11-03 14:20:52|~|~",),
            ("4|~|~|~|~|~|~",),
            ("5|4:é👍|:|~|~|~|~|~",),
        ],
        "text string",
    )
    assert_df_equality(actual, expected, ignore_nullable=True)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (LakeColumn("rate", Numeric(38, 7)), "rate: canonical text of Numeric"),
        (LakeColumn("tags", TextList()), "tags: a text list has no canonical text"),
    ],
)
def test_unsafe_types_are_refused(spark: SparkSession, column: LakeColumn, message: str) -> None:
    with pytest.raises(TypeUnsupported, match=message):
        spark_canonical([column])


@pytest.mark.parametrize("size", [0, -256, 100, 131072])
def test_range_sizes_other_than_powers_of_two_are_refused(spark: SparkSession, size: int) -> None:
    frame = spark.range(1).toDF("all_types_id")
    with pytest.raises(ContractInvalid, match=f"range size {size} must be a power of two"):
        spark_fingerprints(frame, ALL_TYPES, size)


def test_literal_rows_are_those_of_create_data_frame(spark: SparkSession) -> None:
    struct = T.StructType(
        [
            T.StructField("key", T.IntegerType()),
            T.StructField("large", T.LongType()),
            T.StructField("text", T.StringType()),
            T.StructField("day", T.DateType()),
            T.StructField("moment", T.TimestampType()),
            T.StructField("names", T.ArrayType(T.StringType())),
        ]
    )
    moment = datetime(2024, 2, 29, 23, 59, 59, 999001)
    rows = [
        (1, 2**40, 'quotes " \\ and \N{OWL}\n', date(1, 1, 1), moment, ["a", ""]),
        (-(2**31), -1, "", date(9999, 12, 31), datetime(2024, 1, 1), []),
        (None, None, None, None, None, None),
    ]
    found = literal_rows(spark, struct, rows)
    assert_df_equality(found, spark.createDataFrame(rows, struct))
    assert literal_rows(spark, struct, []).schema == struct
    assert literal_rows(spark, struct, []).isEmpty()


def test_a_literal_row_of_another_type_is_an_error(spark: SparkSession) -> None:
    struct = T.StructType([T.StructField("key", T.IntegerType())])
    with pytest.raises((PySparkException, Py4JJavaError), match="FAILFAST"):
        literal_rows(spark, struct, [("many",)]).collect()
