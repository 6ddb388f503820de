"""dim_date as rows, and the years that versions of facts refer to."""

from datetime import date, datetime

from chispa import assert_df_equality
from pyspark.sql import functions as F

from fixtures.star_rows import frame
from totesys_etl.contracts import STAR_TABLES, lake_tables
from totesys_etl.render.spark import struct_type
from totesys_etl.transform.calendar import Stamp, calendar, years_referenced

NOON = datetime(2024, 2, 29, 12)
DIM_DATE = lake_tables.star(STAR_TABLES["dim_date"])
SALES = STAR_TABLES["fact_sales_order"]


def day(on, day_of_week, day_name, month_name, quarter):
    return {
        "date_id": on,
        "year": on.year,
        "month": on.month,
        "day": on.day,
        "day_of_week": day_of_week,
        "day_name": day_name,
        "month_name": month_name,
        "quarter": quarter,
        "batch": 7,
        "captured_at": NOON,
        "valid_from": NOON,
        "key_range": str(on.year),
    }


def test_days_have_iso_weekdays_english_names_and_true_quarters(spark):
    rows = calendar(spark, {2024: Stamp(7, NOON), 2022: Stamp(7, NOON)})
    days = [
        day(date(2022, 11, 3), 4, "Thursday", "November", 4),
        day(date(2022, 11, 6), 7, "Sunday", "November", 4),
        day(date(2024, 2, 29), 4, "Thursday", "February", 1),
        day(date(2024, 3, 31), 7, "Sunday", "March", 1),
        day(date(2024, 4, 1), 1, "Monday", "April", 2),
        day(date(2024, 9, 30), 1, "Monday", "September", 3),
        day(date(2024, 10, 1), 2, "Tuesday", "October", 4),
        day(date(2024, 12, 31), 2, "Tuesday", "December", 4),
    ]
    schema = struct_type((*DIM_DATE.columns, *DIM_DATE.partition_keys))
    chosen = rows.where(F.col("date_id").isin([one["date_id"] for one in days]))
    expected = frame(spark, schema, *days)
    assert_df_equality(chosen, expected, ignore_nullable=True, ignore_row_order=True)
    assert sorted(map(tuple, rows.groupBy("key_range").count().collect())) == [
        ("2022", 365),
        ("2024", 366),
    ]


def test_no_years_make_no_rows_of_the_same_shape(spark):
    rows = calendar(spark, {})
    assert rows.isEmpty()
    assert rows.columns == [*DIM_DATE.column_names, "key_range"]


def test_every_date_of_a_fact_counts_with_the_first_batch_that_has_it(spark):
    def version(batch, created, updated, payment, delivery):
        return {
            "created_date": created,
            "last_updated_date": updated,
            "agreed_payment_date": payment,
            "agreed_delivery_date": delivery,
            "batch": batch,
            "captured_at": datetime(2024, 1, batch),
        }

    new_year = date(2023, 1, 1)
    versions = frame(
        spark,
        struct_type(lake_tables.star(SALES).columns),
        version(2, date(2022, 12, 31), new_year, new_year, new_year),
        version(3, date(2022, 12, 31), date(2022, 12, 31), date(2024, 2, 29), date(2031, 1, 1)),
        version(1, new_year, new_year, new_year, None),
        version(4, date(1999, 1, 1), new_year, date(2024, 2, 29), new_year),
        version(5, date(1999, 1, 1), new_year, date(2024, 2, 29), new_year),
    )
    assert years_referenced(SALES, versions) == {
        1999: Stamp(4, datetime(2024, 1, 4)),
        2022: Stamp(2, datetime(2024, 1, 2)),
        2023: Stamp(1, datetime(2024, 1, 1)),
        2024: Stamp(3, datetime(2024, 1, 3)),
        2031: Stamp(3, datetime(2024, 1, 3)),
    }
