"""Candidates out of an increment that has rows; a stand-in takes the place of GlueContext."""

from types import SimpleNamespace
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.source.candidates import candidate_keys


def _glue(increment: DataFrame) -> Any:
    frame = SimpleNamespace(toDF=lambda: increment)
    reader = SimpleNamespace(from_options=lambda *args, **kwargs: frame)
    return SimpleNamespace(create_dynamic_frame=reader)


def test_candidates_are_the_keys_of_the_increment(spark: SparkSession) -> None:
    increment = spark.sql("SELECT * FROM VALUES (1L, 'GBP'), (3L, NULL) AS t(currency_id, code)")
    found = candidate_keys(_glue(increment), "totesys", SOURCE_TABLES["currency"])
    assert found is not None
    expected = spark.sql("SELECT * FROM VALUES (1), (3) AS t(key)")
    assert_df_equality(found, expected, ignore_nullable=True)
