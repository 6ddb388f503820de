"""Content: equal for equal rows in any order, different for everything else."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.lake.content import Content, content, differing, differing_keys, whole

SCHEMA = "key int, part string, a string, b string, names array<string>"
ROWS = [
    (1, "x", "a", None, ["p"]),
    (2, "x", None, "a", []),
    (3, "y", None, None, None),
]


def frame(spark: SparkSession, rows: list[tuple[object, ...]]) -> DataFrame:
    return spark.createDataFrame(rows, SCHEMA)


def parts(rows: DataFrame) -> dict[str, Content]:
    return content(rows, F.col("part"))


def test_order_does_not_matter_and_every_value_does(spark: SparkSession) -> None:
    found = parts(frame(spark, ROWS))
    assert {name: part.rows for name, part in found.items()} == {"x": 2, "y": 1}
    assert parts(frame(spark, ROWS[::-1])) == found
    assert whole(found).rows == 3
    for other in (
        (1, "x", None, "a", ["p"]),  # a NULL that has moved
        (1, "x", "a", "", ["p"]),
        (1, "x", "a", None, []),
        (1, "x", "a", None, ["p", "p"]),
        (4, "x", "a", None, ["p"]),
    ):
        assert differing(found, parts(frame(spark, [other, *ROWS[1:]]))) == ["x"], other
    assert differing(found, parts(frame(spark, ROWS[:2]))) == ["y"]
    assert differing(found, parts(frame(spark, [ROWS[0], *ROWS]))) == ["x"]


def test_keys_that_differ_are_named_a_few_of_them(spark: SparkSession) -> None:
    one = frame(spark, [(n, "x", "a", None, None) for n in range(9)])
    other = frame(spark, [(n, "x", "a" if n < 2 else "b", None, None) for n in range(10)])
    assert differing_keys(one, one, "key") == []
    assert differing_keys(one, other, "key") == [2, 3, 4]
    assert differing_keys(one, frame(spark, [(8, "x", "a", None, None)] * 2), "key") == [0, 1, 2]
