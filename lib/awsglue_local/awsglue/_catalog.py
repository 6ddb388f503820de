"""Tables of the Data Catalog as sources and sinks.

Source:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-dynamic-frame-reader.html

"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from awsglue._connection import client
from awsglue._refusal import READER_PAGE, refusal
from awsglue._s3_files import FORMATS, Location


def table(database: str | None, name: str | None, catalog_id: str | None) -> dict[str, Any]:
    """GetTable's Table; Exception in AWS's words when a name is missing."""
    if not name:
        raise Exception("Parameter table_name is missing.")
    if not database:
        raise Exception("Parameter name_space or database is missing.")
    where = {"CatalogId": catalog_id} if catalog_id else {}
    found: dict[str, Any] = client("glue").get_table(DatabaseName=database, Name=name, **where)
    entry: dict[str, Any] = found["Table"]
    return entry


def format_of(entry: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Format and format options of a table of files."""
    classification = entry.get("Parameters", {}).get("classification", "")
    serde = entry["StorageDescriptor"].get("SerdeInfo", {})
    if classification not in FORMATS:
        raise refusal(
            f"table {entry['DatabaseName']}.{entry['Name']} of classification {classification!r}",
            READER_PAGE,
        )
    options: dict[str, Any] = {}
    if classification == "csv":
        parameters = serde.get("Parameters", {})
        options["separator"] = parameters.get("separatorChar", parameters.get("field.delim", ","))
        skip = entry.get("Parameters", {}).get("skip.header.line.count", "0")
        options["withHeader"] = skip == "1"
    return classification, options


def locations(
    spark: SparkSession, entry: Mapping[str, Any], push_down_predicate: str
) -> list[Location]:
    """Where the table's files are: its folder, or those of the registered partitions for which the
    predicate, an expression over the partition columns, is true.
    """
    keys = entry.get("PartitionKeys") or []
    if not keys:
        if push_down_predicate:
            raise ValueError(f"table {entry['Name']} has no partitions for push_down_predicate")
        return [Location(entry["StorageDescriptor"]["Location"], {})]
    pages = (
        client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName=entry["DatabaseName"], TableName=entry["Name"])
    )
    partitions = [partition for page in pages for partition in page["Partitions"]]
    if push_down_predicate and partitions:
        wanted = _matching(spark, keys, partitions, push_down_predicate)
        partitions = [partition for n, partition in enumerate(partitions) if n in wanted]
    return [
        Location(partition["StorageDescriptor"]["Location"], _columns(keys, partition["Values"]))
        for partition in partitions
    ]


def _columns(keys: list[dict[str, str]], values: list[str]) -> dict[str, Column]:
    return {
        key["Name"]: F.lit(value).cast(key["Type"]) for key, value in zip(keys, values, strict=True)
    }


def _matching(
    spark: SparkSession,
    keys: list[dict[str, str]],
    partitions: list[dict[str, Any]],
    predicate: str,
) -> set[int]:
    rows = [(number, *partition["Values"]) for number, partition in enumerate(partitions)]
    frame = spark.createDataFrame(rows, ["__number", *(key["Name"] for key in keys)])
    for key in keys:
        frame = frame.withColumn(key["Name"], F.col(key["Name"]).cast(key["Type"]))
    return {row[0] for row in frame.where(predicate).select("__number").collect()}
