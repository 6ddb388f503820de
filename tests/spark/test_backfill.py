"""A contract with new columns: their values for the rows of the lake, and nothing else."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.evolution import previous_contract, shape
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import Integer, Numeric, Text, Timestamp
from totesys_etl.ingest.diff import backfill, project_markers
from totesys_etl.render.spark import struct_type

ORDER = SourceTable(
    name="order",
    grain="one order",
    columns=(
        SourceColumn("order_id", Integer()),
        SourceColumn("fee", Numeric(10, 2), nullable=True),
        SourceColumn("price", Numeric(10, 2), nullable=True),
        SourceColumn("created_at", Timestamp()),
        SourceColumn("last_updated", Timestamp()),
        SourceColumn("note", Text(), nullable=True),
    ),
    primary_key="order_id",
)
ADDED = ("fee", "note")
BEFORE = previous_contract(
    ORDER, [entry for entry in shape(ORDER) if entry.split()[0] not in ADDED]
)
CREATED, SEEN, NOW = datetime(2024, 5, 1, 9), datetime(2024, 5, 3), datetime(2024, 5, 4)
TICK = CREATED + timedelta(milliseconds=1)
ONE, TWO = Decimal("1.00"), Decimal("2.00")


def _frame(spark: SparkSession, rows: list[Any], columns: Any) -> DataFrame:
    fields = [StructField(f.name, f.dataType, True) for f in struct_type(columns).fields]
    return spark.createDataFrame(rows, StructType(fields))


def _current(spark: SparkSession, *rows: Any) -> DataFrame:
    """Rows: key, price, non_finite, deleted_in_batch."""
    return _frame(
        spark,
        [
            (key, None, price, CREATED, CREATED, None, marker, 1, SEEN, CREATED, deleted)
            for key, price, marker, deleted in rows
        ],
        lake_tables.current(ORDER).columns,
    )


def _snapshot(spark: SparkSession, *rows: Any) -> DataFrame:
    """Rows: key, fee, price, note, non_finite."""
    return _frame(
        spark,
        [
            (key, fee, price, CREATED, CREATED, note, marker)
            for key, fee, price, note, marker in rows
        ],
        (*ORDER.columns, lake_tables.NON_FINITE),
    )


def test_only_the_new_columns_come_from_the_snapshot(spark: SparkSession) -> None:
    current = _current(
        spark,
        (1, ONE, None, None),
        (2, ONE, None, None),
        (3, ONE, None, None),
        (4, None, "price=NaN", None),
        (5, ONE, None, None),
        (6, ONE, None, 1),
        (7, ONE, None, None),
        (8, None, "price=NaN", None),
    )
    snapshot = _snapshot(
        spark,
        (1, TWO, ONE, "both", None),
        (2, None, TWO, "dearer now, which is for the next batch", None),
        (3, None, ONE, None, None),
        (4, None, None, None, "fee=NaN,price=NaN"),
        (6, TWO, ONE, "deleted in the lake, back at the source", None),
        (7, TWO, None, None, "price=NaN"),
        (8, ONE, TWO, None, None),
        (9, TWO, ONE, "the lake has never seen it", None),
    )

    found = backfill(current, snapshot, ORDER, ADDED, NOW)

    def change(key: int, changed: list[str], marker: str | None, *values: Any) -> Any:
        fee, price, note = values
        head = ("update", NOW, TICK, changed, marker)
        return (*head, key, fee, price, CREATED, CREATED, note)

    expected = [
        change(1, ["fee", "note"], None, TWO, ONE, "both"),
        change(2, ["note"], None, None, ONE, "dearer now, which is for the next batch"),
        change(4, ["fee"], "fee=NaN,price=NaN", None, None, None),
        change(7, ["fee"], None, TWO, ONE, None),
        change(8, ["fee"], "price=NaN", ONE, None, None),
    ]
    assert_df_equality(
        found,
        _frame(spark, expected, lake_tables.changes(ORDER).columns),
        ignore_row_order=True,
        ignore_nullable=True,
    )


def test_rows_as_before_name_no_value_of_a_new_column(spark: SparkSession) -> None:
    markers = [None, "fee=NaN", "fee=NaN,price=NaN", "price=NaN,created_at=infinity"]
    rows = spark.createDataFrame([(m,) for m in markers], "non_finite string")

    found = project_markers(rows, BEFORE)

    assert [row[0] for row in found.collect()] == [
        None,
        None,
        "price=NaN",
        "price=NaN,created_at=infinity",
    ]
