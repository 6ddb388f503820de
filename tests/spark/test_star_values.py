"""Single values: what converts, and what is said of what does not."""

from datetime import date, datetime

import pytest
from chispa import assert_df_equality

from totesys_etl.contracts.model import StarColumn
from totesys_etl.contracts.origins import (
    CalendarField,
    Copy,
    CurrencyName,
    DateOf,
    RecordId,
    TextDate,
    TimeOf,
)
from totesys_etl.contracts.types import Date, Integer, Text, Time
from totesys_etl.errors import TypeUnsupported
from totesys_etl.transform.values import expression, given_text, violation

NOT_A_DAY = "payment.d is not a day"
OUTSIDE = "payment.d is outside 1990-01-01..2100-12-31"
ERA = "payment.d is infinite, NaN or no date of this era"


def judged(spark, column, rows, type="string"):
    """(value, reason) of `column` for rows (d, non_finite) of source table payment."""
    source = spark.createDataFrame(rows, f"d {type}, non_finite string").alias("payment")
    found = source.select(expression(column).alias("value"), violation(column).alias("reason"))
    return [tuple(row) for row in found.collect()]


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_text_dates_are_read_strictly(spark, ansi):
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    try:
        found = judged(
            spark,
            StarColumn("d", Date(), TextDate("payment", "d")),
            [
                ("2024-02-29", None),
                ("1990-01-01", None),
                ("2100-12-31", None),
                ("1989-12-31", None),
                ("2101-01-01", None),
                ("9999-12-31", None),
                ("0000-01-01", None),
                ("2023-02-29", None),
                ("2024-2-9", None),
                ("2024-02-09\n", None),
                (" 2024-02-09", None),
                ("2024-02-09T00:00:00", None),
                ("09/02/2024", None),
                ("20240209", None),
                ("２０２４-02-09", None),
                ("infinity", None),
                ("", None),
                (None, None),
            ],
        )
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
    assert found == [
        (date(2024, 2, 29), None),
        (date(1990, 1, 1), None),
        (date(2100, 12, 31), None),
        (None, OUTSIDE),
        (None, OUTSIDE),
        (None, OUTSIDE),
        (None, OUTSIDE),
        *[(None, NOT_A_DAY)] * 10,
        (None, "payment.d is NULL"),
    ]


def test_days_and_times_of_timestamps(spark):
    moments = [
        (datetime(2024, 11, 15, 14, 40, 10, 188_000), None),
        (datetime(2024, 11, 15), None),
        (datetime(1989, 12, 31, 23, 59, 59, 999_000), None),
        (None, "other=NaN,d=-infinity"),
        (None, "unpaid=infinity"),
        (None, None),
    ]
    assert judged(spark, StarColumn("d", Date(), DateOf("payment", "d")), moments, "timestamp") == [
        (date(2024, 11, 15), None),
        (date(2024, 11, 15), None),
        (None, OUTSIDE),
        (None, ERA),
        (None, "payment.d is NULL"),
        (None, "payment.d is NULL"),
    ]
    assert judged(spark, StarColumn("t", Time(), TimeOf("payment", "d")), moments, "timestamp") == [
        ("14:40:10.188", None),
        ("00:00:00.000", None),
        ("23:59:59.999", None),
        (None, ERA),
        (None, "payment.d is NULL"),
        (None, "payment.d is NULL"),
    ]


def test_copies_keep_text_as_it_is_and_put_the_default_for_null_only(spark):
    rows = [("02813", None), ('O\'Hara, "&" (x)', None), ("", None), ("NULL", None), (None, None)]
    texts = [text for text, _ in rows[:-1]]
    plain = judged(spark, StarColumn("d", Text(), Copy("payment", "d")), rows)
    assert plain == [*((text, None) for text in texts), (None, "payment.d is NULL")]
    nullable = judged(spark, StarColumn("d", Text(), Copy("payment", "d"), nullable=True), rows)
    assert nullable == [*((text, None) for text in texts), (None, None)]
    default = judged(spark, StarColumn("d", Text(), Copy("payment", "d", "Unknown")), rows)
    assert default == [*((text, None) for text in texts), ("Unknown", None)]


def test_a_currency_is_named_by_its_exact_code_only(spark):
    column = StarColumn("currency_name", Text(), CurrencyName("payment", "d"))
    codes = [("GBP", None), ("JPY", None), ("gbp", None), ("ZZZ", None), (None, None)]
    assert judged(spark, column, codes) == [
        ("Pound Sterling", None),
        ("Yen", None),
        ("Unknown", None),
        ("Unknown", None),
        ("Unknown", None),
    ]


def test_what_the_row_held_is_given_as_text(spark):
    column = StarColumn("d", Date(), DateOf("payment", "d"))
    schema = "d timestamp, non_finite string"
    rows = [(datetime(1970, 1, 1), None), (None, "c=x,d=infinity"), (None, "c=x"), (None, None)]
    found = (
        spark.createDataFrame(rows, schema)
        .alias("payment")
        .select(given_text(column).alias("value"))
    )
    expected = [("1970-01-01 00:00:00",), ("infinity",), (None,), (None,)]
    assert_df_equality(found, spark.createDataFrame(expected, "value string"))


def test_generated_columns_have_no_source_value(spark):
    record_id = StarColumn("sales_record_id", Integer(), RecordId())
    row = spark.createDataFrame([(7,)], "sales_record_id int")
    found = row.select(expression(record_id), violation(record_id), given_text(record_id)).first()
    assert tuple(found) == (7, None, None)
    with pytest.raises(TypeUnsupported, match="calendar field quarter"):
        expression(StarColumn("quarter", Integer(), CalendarField("quarter")))
