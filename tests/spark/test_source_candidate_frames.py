"""BookmarkKeys out of an increment that has rows; a stand-in takes the place of GlueContext."""

from types import SimpleNamespace
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.ingest.bookmark import FEW, BookmarkKeys, bookmark_keys


def _glue(increment: DataFrame) -> Any:
    frame = SimpleNamespace(toDF=lambda: increment)
    reader = SimpleNamespace(from_options=lambda *args, **kwargs: frame)
    return SimpleNamespace(create_dynamic_frame=reader)


def test_candidates_are_the_keys_of_the_increment(spark: SparkSession) -> None:
    increment = spark.sql("SELECT * FROM VALUES (1L, 'GBP'), (3L, NULL) AS t(currency_id, code)")
    found = bookmark_keys(_glue(increment), "totesys", SOURCE_TABLES["currency"])
    assert found is not None
    expected = spark.sql("SELECT * FROM VALUES (1), (3) AS t(key)")
    assert_df_equality(found, expected, ignore_nullable=True)


def test_few_keys_are_looked_at_on_the_driver(spark: SparkSession) -> None:
    keys = spark.range(-1, FEW - 1).selectExpr("CAST(id AS int) AS key")
    few = BookmarkKeys(keys)
    assert few.few == frozenset(range(-1, FEW - 1))
    assert few.ranges() == {-1, 0}
    nothing = BookmarkKeys(None)
    assert (nothing.few, nothing.ranges()) == (frozenset(), frozenset())


def test_more_keys_stay_in_spark(spark: SparkSession) -> None:
    keys = spark.range(FEW + 1).selectExpr("CAST(id * 10 - 1 AS int) AS key")
    many = BookmarkKeys(keys)
    assert many.few is None
    # -1, 9, 19 ... 99999
    assert many.ranges() == {-1, 0, 1}
    changes = spark.sql("SELECT * FROM VALUES (-1), (0), (9), (99999), (100009) AS t(currency_id)")
    assert many.count_among(changes, "currency_id") == 3
    assert BookmarkKeys(None).count_among(changes, "currency_id") == 0
