"""Capture as worked examples: what the lake has, what the snapshot shows, what the batch is."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructField, StructType

from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import Integer, Numeric, Text, Timestamp
from totesys_etl.ingest.diff import Summary, apply, difference, summary
from totesys_etl.render.spark import struct_type

ORDER = SourceTable(
    name="order",
    grain="one order",
    columns=(
        SourceColumn("order_id", Integer()),
        SourceColumn("note", Text(), nullable=True),
        SourceColumn("price", Numeric(10, 2)),
        SourceColumn("created_at", Timestamp()),
        SourceColumn("last_updated", Timestamp()),
    ),
    primary_key="order_id",
)
CHANGES, CURRENT = lake_tables.changes(ORDER), lake_tables.current(ORDER)
CREATED, EDITED = datetime(2024, 5, 1, 9), datetime(2024, 5, 2, 9)
BEFORE, NOW, FUTURE = datetime(2024, 5, 3), datetime(2024, 5, 4), datetime(2024, 5, 5)
ONE, TWO = Decimal("1.00"), Decimal("2.00")


def _frame(spark: SparkSession, rows: list[Any], columns: Any) -> DataFrame:
    fields = [StructField(f.name, f.dataType, True) for f in struct_type(columns).fields]
    return spark.createDataFrame(rows, StructType(fields))


def _snapshot(spark: SparkSession, *rows: Any) -> DataFrame:
    """Rows: key, note, price, created_at, last_updated, non_finite."""
    return _frame(spark, list(rows), (*ORDER.columns, lake_tables.NON_FINITE))


def _current(spark: SparkSession, *rows: Any) -> DataFrame:
    """Rows: as in a snapshot, then valid_from, deleted_in_batch. All of batch 1, seen BEFORE."""
    filled = [(*row[:6], 1, BEFORE, *row[6:]) for row in rows]
    return _frame(spark, filled, CURRENT.columns)


def _assert_changes(spark: SparkSession, found: DataFrame, *rows: Any) -> None:
    """Rows: op, valid_from, changed, non_finite, then source columns. All seen NOW."""
    filled = [(row[0], NOW, *row[1:]) for row in rows]
    _assert_equal(found, _frame(spark, filled, CHANGES.columns))


def _assert_equal(found: DataFrame, expected: DataFrame) -> None:
    assert_df_equality(
        found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True
    )


def test_a_first_load_inserts_every_row(spark: SparkSession) -> None:
    snapshot = _snapshot(
        spark,
        (1, None, ONE, CREATED, EDITED, None),
        (2, "b", None, None, EDITED, "price=NaN,created_at=infinity"),
        (3, "c", ONE, FUTURE, EDITED, None),
    )

    found = difference(None, snapshot, ORDER, NOW)

    _assert_changes(
        spark,
        found,
        ("insert", CREATED, [], None, 1, None, ONE, CREATED, EDITED),
        ("insert", NOW, [], "price=NaN,created_at=infinity", 2, "b", None, None, EDITED),
        ("insert", NOW, [], None, 3, "c", ONE, FUTURE, EDITED),
    )
    assert "Join" not in _plan(found)


def test_new_changed_and_gone_rows_are_the_difference_and_equal_rows_are_not(
    spark: SparkSession,
) -> None:
    current = _current(
        spark,
        (1, None, ONE, CREATED, CREATED, None, CREATED, None),
        (2, "settled", ONE, CREATED, CREATED, None, CREATED, None),
        (3, "silent", ONE, CREATED, CREATED, None, CREATED, None),
        (4, "gone", ONE, CREATED, CREATED, None, CREATED, None),
        (5, "gone before", ONE, CREATED, CREATED, None, CREATED, 1),
        (6, "back", ONE, CREATED, CREATED, None, BEFORE, 1),
    )
    snapshot = _snapshot(
        spark,
        (1, None, ONE, CREATED, CREATED, None),
        (2, "settled", TWO, CREATED, EDITED, None),
        (3, None, TWO, CREATED, CREATED, None),
        (6, "back", ONE, CREATED, CREATED, None),
        (7, "new", ONE, EDITED, EDITED, None),
    )

    found = difference(current, snapshot, ORDER, NOW)

    tick = BEFORE.replace(microsecond=1000)
    _assert_changes(
        spark,
        found,
        ("update", EDITED, ["price", "last_updated"], None, 2, "settled", TWO, CREATED, EDITED),
        ("update", NOW, ["note", "price"], None, 3, None, TWO, CREATED, CREATED),
        ("delete", NOW, [], None, 4, "gone", ONE, CREATED, CREATED),
        ("insert", tick, [], None, 6, "back", ONE, CREATED, CREATED),
        ("insert", EDITED, [], None, 7, "new", ONE, EDITED, EDITED),
    )


@pytest.mark.parametrize(
    ("last_updated", "previous", "expected"),
    [
        (EDITED, CREATED, EDITED),
        (EDITED, EDITED, EDITED.replace(microsecond=1000)),
        (EDITED, BEFORE, BEFORE.replace(microsecond=1000)),
        (FUTURE, CREATED, NOW),
        (None, CREATED, NOW),
    ],
)
def test_an_update_is_valid_from_its_own_date_but_after_the_version_before(
    spark: SparkSession, last_updated: datetime | None, previous: datetime, expected: datetime
) -> None:
    current = _current(spark, (1, "a", ONE, CREATED, CREATED, None, previous, None))
    snapshot = _snapshot(spark, (1, "a", ONE, CREATED, last_updated, None))

    found = difference(current, snapshot, ORDER, NOW)

    change = ("update", expected, ["last_updated"], None, 1, "a", ONE, CREATED, last_updated)
    _assert_changes(spark, found, change)


def test_a_value_that_is_not_finite_differs_from_null_and_from_another(
    spark: SparkSession,
) -> None:
    current = _current(
        spark,
        (1, "a", None, CREATED, None, "price=NaN,last_updated=infinity", CREATED, None),
        (2, "b", ONE, CREATED, CREATED, None, CREATED, None),
        (3, "c", None, CREATED, CREATED, "price=NaN", CREATED, None),
        (4, "d", None, CREATED, CREATED, "price=NaN", CREATED, None),
    )
    snapshot = _snapshot(
        spark,
        (1, "a", None, CREATED, None, "price=NaN,last_updated=-infinity"),
        (2, "b", None, CREATED, CREATED, "price=NaN"),
        (3, "c", None, CREATED, CREATED, None),
        (4, "d", None, CREATED, CREATED, "price=NaN"),
    )

    found = difference(current, snapshot, ORDER, NOW)

    marker = "price=NaN,last_updated=-infinity"
    _assert_changes(
        spark,
        found,
        ("update", NOW, ["last_updated"], marker, 1, "a", None, CREATED, None),
        ("update", NOW, ["price"], "price=NaN", 2, "b", None, CREATED, CREATED),
        ("update", NOW, ["price"], None, 3, "c", None, CREATED, CREATED),
    )


def test_current_rows_after_a_batch(spark: SparkSession) -> None:
    current = _current(
        spark,
        (1, None, ONE, CREATED, CREATED, None, CREATED, None),
        (2, "old", ONE, CREATED, CREATED, None, CREATED, None),
        (3, "gone", ONE, CREATED, CREATED, None, CREATED, None),
        (4, "back", ONE, CREATED, CREATED, None, CREATED, 1),
    )
    changes = _frame(
        spark,
        [
            ("update", NOW, EDITED, ["note"], "price=NaN", 2, "new", None, CREATED, CREATED),
            ("delete", NOW, NOW, [], None, 3, "gone", ONE, CREATED, CREATED),
            ("insert", NOW, EDITED, [], None, 4, "back", ONE, CREATED, CREATED),
        ],
        CHANGES.columns,
    )

    found = apply(current, changes, ORDER, 2)

    expected = [
        (1, None, ONE, CREATED, CREATED, None, 1, BEFORE, CREATED, None),
        (2, "new", None, CREATED, CREATED, "price=NaN", 2, NOW, EDITED, None),
        (3, "gone", ONE, CREATED, CREATED, None, 2, NOW, NOW, 2),
        (4, "back", ONE, CREATED, CREATED, None, 2, NOW, EDITED, None),
    ]
    _assert_equal(found, _frame(spark, expected, CURRENT.columns))
    _assert_equal(apply(None, changes, ORDER, 2), _frame(spark, expected[1:], CURRENT.columns))


def test_a_summary_counts_versions_and_names_key_ranges(spark: SparkSession) -> None:
    def change(op: str, key: int, *changed: str) -> Any:
        return (op, NOW, NOW, list(changed), None, key, None, ONE, CREATED, CREATED)

    changes = _frame(
        spark,
        [
            change("insert", 1),
            change("insert", 65536),
            change("update", 65535, "note", "price"),
            change("update", 2, "note"),
            change("delete", -1),
        ],
        CHANGES.columns,
    )
    assert summary(changes, ORDER, frozenset({"price"})) == Summary(
        inserted=2, updated=2, deleted=1, versions=3, ranges=frozenset({-1, 0, 1})
    )
    # A table that feeds no fact maps nothing: only inserts could be versions.
    assert summary(changes, ORDER, frozenset()).versions == 2


def test_no_change_is_an_empty_summary(spark: SparkSession) -> None:
    row = (1, None, ONE, CREATED, CREATED, None)
    found = difference(_current(spark, (*row, CREATED, None)), _snapshot(spark, row), ORDER, NOW)
    assert summary(found, ORDER, frozenset()) == Summary(0, 0, 0, 0, frozenset())
    assert summary(found, ORDER, frozenset()).changed == 0


def _plan(frame: DataFrame) -> str:
    plan: str = frame._jdf.queryExecution().optimizedPlan().toString()
    return plan
