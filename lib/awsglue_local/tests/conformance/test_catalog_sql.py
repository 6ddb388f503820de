"""spark.sql over the Data Catalog."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from glue_fixtures.glue_api import GlueApi

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.conformance


@pytest.fixture
def sql(catalog_session: "SparkSession") -> Callable[[str], list[tuple[Any, ...]]]:
    """`sql(text)`: the rows as tuples, of a session that sees the catalogue."""

    def run(text: str) -> list[tuple[Any, ...]]:
        return sorted((tuple(row) for row in catalog_session.sql(text).collect()), key=str)

    return run


def table(bucket: str, name: str, columns: str, keys: str = "", format_: str = "json") -> None:
    glue = boto3.client("glue")
    database = bucket.replace("-", "_")
    if database not in {entry["Name"] for entry in glue.get_databases()["DatabaseList"]}:
        glue.create_database(DatabaseInput={"Name": database})

    def typed(text: str) -> list[Any]:
        return [dict(zip(("Name", "Type"), part.split(), strict=True)) for part in text.split(",")]

    definition = {
        "Name": name,
        "PartitionKeys": typed(keys) if keys else [],
        "Parameters": {"classification": format_},
        "StorageDescriptor": {"Location": f"s3://{bucket}/{name}/", "Columns": typed(columns)},
    }
    existing = {entry["Name"] for entry in glue.get_tables(DatabaseName=database)["TableList"]}
    act = glue.update_table if name in existing else glue.create_table
    act(DatabaseName=database, TableInput=definition)  # type: ignore[operator]


def partition(bucket: str, name: str, value: str, folder: str) -> None:
    boto3.client("glue").create_partition(
        DatabaseName=bucket.replace("-", "_"),
        TableName=name,
        PartitionInput={
            "Values": [value], "StorageDescriptor": {"Location": f"s3://{bucket}/{folder}/"},
        },
    )  # fmt: skip


def put(bucket: str, key: str, *rows: dict[str, Any]) -> None:
    body = "\n".join(map(json.dumps, rows)).encode()
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def test_tables_are_seen_by_name_with_their_registered_partitions(sql: Any, bucket: str) -> None:
    database = bucket.replace("-", "_")
    table(bucket, "orders", "id int,price double", "day string")
    table(bucket, "names", "id int,name string")
    put(bucket, "orders/day=1/a.json", {"id": 1, "price": 1.5})
    put(bucket, "other/a.json", {"id": 2, "price": 2.5})
    put(bucket, "orders/day=3/a.json", {"id": 3, "price": 3.5})
    put(bucket, "names/a.json", {"id": 1, "name": "one"}, {"id": 2, "name": "two"})
    partition(bucket, "orders", "1", "orders/day=1")
    partition(bucket, "orders", "2", "other")
    joined = f"SELECT name, price, day FROM {database}.orders JOIN {database}.names USING (id)"
    assert sql(joined) == [("one", 1.5, "1"), ("two", 2.5, "2")]
    assert sql(f"SELECT id FROM {database}.orders WHERE day = '2'") == [(2,)]
    partition(bucket, "orders", "3", "orders/day=3")
    assert sql(f"SELECT count(*) FROM {database}.orders") == [(3,)]


def test_a_changed_table_is_seen_as_it_is_now(sql: Any, bucket: str) -> None:
    database = bucket.replace("-", "_")
    table(bucket, "t", "id int")
    put(bucket, "t/a.json", {"id": 1, "more": "x"})
    assert sql(f"SELECT * FROM {database}.t") == [(1,)]
    table(bucket, "t", "id int,more string")
    assert sql(f"SELECT * FROM {database}.t") == [(1, "x")]


def test_reading_only_and_unknown_tables_are_sparks_own_error(sql: Any, bucket: str) -> None:
    from pyspark.errors import AnalysisException

    database = bucket.replace("-", "_")
    table(bucket, "t", "id int")
    for text in (f"INSERT INTO {database}.t VALUES (1)", f"DROP TABLE {database}.t"):
        with pytest.raises(NotImplementedError, match=f"writing to {database}.t by spark.sql"):
            sql(text)
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        sql(f"SELECT * FROM {database}.nothing")
    assert sql("SELECT 1") == [(1,)]


@pytest.mark.aws_only
def test_a_job_sees_the_catalogue_when_it_asks_for_it(api: GlueApi) -> None:
    database = api.bucket.replace("-", "_")
    table(api.bucket, "t", "id int")
    put(api.bucket, "t/a.json", {"id": 5})
    script = f"""
        from pyspark.context import SparkContext
        from awsglue.context import GlueContext
        spark = GlueContext(SparkContext.getOrCreate()).spark_session
        assert spark.sql("SELECT id FROM {database}.t").collect()[0][0] == 5
    """
    asks = api.job("asks", script, DefaultArguments={"--enable-glue-datacatalog": "true"})
    assert api.wait(asks, api.start(asks))["JobRunState"] == "SUCCEEDED"
    silent = api.job("silent", script)
    assert "TABLE_OR_VIEW_NOT_FOUND" in api.wait(silent, api.start(silent))["ErrorMessage"]
