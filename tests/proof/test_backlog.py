"""A backlog of batches transformed as one range becomes what the batches become one by one."""

import io
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg
import pyarrow.parquet as pq
import pytest
from psycopg import sql

from awsglue_local.databases.postgres import PostgresServer
from fixtures.harness import Harness
from fixtures.seeds import SOAK
from glue_fixtures.servers import Database
from totesys_etl.lake.commits import star_log

BATCHES = 50 if SOAK else 17
"""The recipe of changes repeats after 8: the first batch and twice 8 more have each change after
the one before it."""
LOADED_AT_ONCE = 5
# What a load says of itself; everything else in the warehouse is content.
OF_THE_LOAD = {"load_ledger", "schema_migration"}


@pytest.fixture
def other(harness: Harness, postgres: PostgresServer) -> Iterator[tuple[dict[str, str], Database]]:
    """Yield a second processed bucket, catalogue and warehouse for the same raw lake."""
    name = f"o{uuid.uuid4().hex[:10]}"
    boto3.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    boto3.client("glue").create_database(DatabaseInput={"Name": name})
    postgres.create_database(name)
    database = Database(postgres.host, postgres.port, name, postgres.user, postgres.password)
    connection = harness.connection(database, postgres.user, postgres.password)
    yield (
        {"processed_bucket": name, "star_database": name, "warehouse_connection": connection},
        database,
    )
    postgres.drop_database(name)


def changes(number: int) -> str:
    """Return the SQL before batch `number`: a fact changes, goes and returns; or a dimension."""
    key = 1 + number % 5
    return [
        f"UPDATE payment SET payment_amount = {number}, last_updated = now()"
        f" WHERE payment_id = {key}",
        f"UPDATE payment SET payment_amount = payment_amount + 1 WHERE payment_id IN ({key}, 10)",
        "CREATE TABLE away AS SELECT * FROM payment WHERE payment_id = 7;"
        " DELETE FROM payment WHERE payment_id = 7",
        "INSERT INTO payment SELECT * FROM away; DROP TABLE away",
        f"UPDATE design SET file_name = 'v{number}' WHERE design_id = {key};"
        f" UPDATE sales_order SET units_sold = {number} WHERE sales_order_id = {key}",
        "UPDATE payment SET payment_date = 'not a day' WHERE payment_id = 3",
        "UPDATE payment SET payment_date = '2023-01-02' WHERE payment_id = 3",
        f"UPDATE department SET location = 'L{number}' WHERE department_id = 2;"
        f" UPDATE address SET city = 'C{number}' WHERE address_id = {key}",
    ][number % 8]


def test_one_range_is_as_good_as_one_by_one(
    harness: Harness, other: tuple[dict[str, str], Database]
) -> None:
    for number in range(1, BATCHES + 1):
        if number > 1:
            harness.source.execute(changes(number).encode())
        commit = harness.ingest()
        assert commit is not None and commit.batch == number
        harness.transform()
        if number % LOADED_AT_ONCE == 0 or number == BATCHES:
            assert harness.load() == (number - 1) % LOADED_AT_ONCE + 1
    arguments, database = other
    at_once = harness.transform(**arguments)
    assert at_once is not None
    assert (at_once.raw_from, at_once.raw_through) == (1, BATCHES)
    assert harness.load(**arguments) == 1

    last = harness.star_head()
    assert last is not None and last.number == BATCHES
    assert at_once.versions == last.versions
    actual = star_rows(arguments["processed_bucket"])
    expected = star_rows(harness.arguments["processed_bucket"])
    assert actual.keys() == expected.keys()
    for name in expected:
        assert actual[name] == expected[name], name
    assert expected["fact_payment"] and expected["quarantine"] and expected["fact_deletion"]
    with psycopg.connect(database.conninfo) as warehouse:
        loaded, one_by_one = warehouse_rows(warehouse), warehouse_rows(harness.warehouse)
    assert loaded.keys() == one_by_one.keys()
    for name in one_by_one:
        assert loaded[name] == one_by_one[name], name
    assert one_by_one["public.fact_payment"]


def star_rows(bucket: str) -> dict[str, list[str]]:
    """Return every row of the newest processed commit by table, sorted, whatever files it has."""
    s3 = boto3.client("s3")
    head = star_log(s3, bucket).head()
    assert head is not None
    return {
        name: sorted(
            f"{value} {row}"
            for value, partition in state.partitions.items()
            for file in partition.files
            for row in _rows(s3.get_object(Bucket=bucket, Key=file.key)["Body"].read())
        )
        for name, state in head.tables.items()
    }


def _rows(body: bytes) -> list[dict[str, Any]]:
    batches = pq.ParquetFile(io.BytesIO(body)).iter_batches(use_threads=False)
    return [row for batch in batches for row in batch.to_pylist()]


def warehouse_rows(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Return every row of every table and view of the warehouse, sorted."""
    names = connection.execute(
        """SELECT table_schema, table_name FROM information_schema.tables
            WHERE table_schema IN ('public', 'etl')"""
    ).fetchall()
    return {
        f"{schema}.{name}": sorted(
            map(str, connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(schema, name))))
        )
        for schema, name in names
        if name not in OF_THE_LOAD
    }
