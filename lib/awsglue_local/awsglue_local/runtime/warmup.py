"""Loads the classes that jobs use, then ends; the JVM writes them to an archive at its exit.

Arguments: endpoint of an AWS server, file of the archive. Run by class_archive.py.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
from pyspark.sql import Window
from pyspark.sql import functions as F

from awsglue_local.runtime.spark import JAVA_OPTIONS, local_session


def main(endpoint: str, archive: str) -> None:
    """Joins, windows, aggregates, Parquet over S3A, Arrow and the JDBC driver, each once."""
    session = local_session(
        endpoint,
        conf={
            "spark.driver.defaultJavaOptions": f"{JAVA_OPTIONS} -XX:ArchiveClassesAtExit={archive}"
        },
    )
    boto3.client("s3").create_bucket(
        Bucket="warmup", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    rows = session.range(200).select(
        F.col("id").cast("int").alias("key"),
        (F.col("id") % 7).cast("string").alias("part"),
        F.current_timestamp().alias("at"),
        F.col("id").cast("decimal(10,2)").alias("price"),
        F.array(F.lit("a")).alias("names"),
    )
    rows.write.partitionBy("part").parquet("s3://warmup/rows")
    stored = session.read.schema("key int, at timestamp, price decimal(10,2), part string").parquet(
        "s3://warmup/rows"
    )
    joined = stored.alias("a").join(rows.alias("b"), "key", "full_outer").persist()
    joined.groupBy(F.md5(F.concat_ws("|", F.col("a.part"), F.col("a.price").cast("string")))).agg(
        F.count(F.lit(1)), F.sum(F.conv(F.lit("ff"), 16, 10).cast("bigint"))
    ).collect()
    window = Window.partitionBy("b.part").orderBy("key")
    numbered = joined.select("key", F.row_number().over(window).alias("n"))
    numbered.repartition("key").sortWithinPartitions("n").mapInArrow(
        _same, "key int, n int"
    ).count()
    stored.join(rows, "key", "left_anti").unionByName(stored).distinct().collect()
    jvm: Any = session._jvm
    jvm.java.lang.Class.forName("org.postgresql.Driver")
    session.stop()


def _same(batches: Iterable[Any]) -> Iterator[Any]:
    yield from batches


if __name__ == "__main__":
    main(*sys.argv[1:])
