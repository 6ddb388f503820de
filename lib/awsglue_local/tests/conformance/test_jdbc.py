"""JDBC reads in parallel, by query, by compound and default keys, and writes."""

import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest

from glue_fixtures.glue_session import JobState
from glue_fixtures.servers import Database

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from awsglue.dynamicframe import DynamicFrame

pytestmark = pytest.mark.conformance
ROWS = [(1, 1, "a"), (1, 2, "b"), (2, 1, "c"), (None, 9, "d")]
Run = Callable[..., "tuple[list[str], DynamicFrame]"]


@pytest.fixture
def run(spark: "SparkSession", aws: object, database: Database, job_state: JobState) -> Run:
    """One run with a bookmark over table `versions`: the names it reads, and the frame."""
    from awsglue.context import GlueContext
    from awsglue.job import Job

    with psycopg.connect(database.conninfo) as connection:
        connection.execute("CREATE TABLE versions (id int, version int, name text)")
        connection.execute("CREATE TABLE numbered (id int PRIMARY KEY, name text)")
        connection.execute("INSERT INTO numbered VALUES (1, 'a'), (2, 'b')")
    insert(database, *ROWS)
    boto3.client("secretsmanager").create_secret(
        Name=database.name,
        SecretString=json.dumps({"username": database.user, "password": database.password}),
    )
    properties = {"JDBC_CONNECTION_URL": database.jdbc_url, "SECRET_ID": database.name}
    boto3.client("glue").create_connection(
        ConnectionInput={
            "Name": database.name,
            "ConnectionType": "JDBC",
            "ConnectionProperties": properties,  # type: ignore[typeddict-item]
        }
    )
    glue = GlueContext(spark)

    def one(bookmark: str = "enable", **options: Any) -> "tuple[list[str], DynamicFrame]":
        job = Job(glue)
        option = f"job-bookmark-{bookmark}"
        job.init("job", {"job_bookmark_option": option, "JOB_RUN_ID": uuid.uuid4().hex})
        connection = {"useConnectionProperties": "true", "connectionName": database.name}
        given = {**connection, "dbtable": "versions", **options}
        frame = glue.create_dynamic_frame.from_options(
            "postgresql", given, transformation_ctx="versions"
        )
        found = sorted(row["name"] for row in frame.toDF().collect())
        job.commit()
        return found, frame

    return one


def insert(database: Database, *rows: tuple[Any, ...]) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.cursor().executemany("INSERT INTO versions VALUES (%s, %s, %s)", rows)


@pytest.mark.aws_only
def test_several_keys_are_compared_one_after_the_other(run: Run, database: Database) -> None:
    keys = {"jobBookmarkKeys": ["id", "version"]}
    assert run(**keys)[0] == ["a", "b", "c", "d"]
    assert run(**keys)[0] == []
    insert(database, (1, 9, "before"), (2, 2, "e"), (3, 0, "f"), (None, 10, "none"))
    assert run(**keys)[0] == ["e", "f"]
    with pytest.raises(ValueError, match="bookmark on column id, version, the job asks for id"):
        run(jobBookmarkKeys=["id"])


@pytest.mark.aws_only
def test_without_keys_the_primary_key_is_the_key(run: Run, database: Database) -> None:
    assert run(dbtable="numbered")[0] == ["a", "b"]
    with psycopg.connect(database.conninfo) as connection:
        connection.execute("INSERT INTO numbered VALUES (3, 'c')")
    assert run(dbtable="numbered")[0] == ["c"]


@pytest.mark.parametrize("by", [{"hashfield": "name"}, {"hashexpression": "id - 2"}])
def test_hash_partitions_read_every_row_once(run: Run, by: dict[str, str]) -> None:
    names, frame = run("disable", **by)
    assert (names, frame.getNumPartitions()) == (["a", "b", "c", "d"], 7)
    assert run("disable", **by, hashpartitions="2")[1].getNumPartitions() == 2


@pytest.mark.aws_only
def test_hash_partitions_go_with_a_bookmark(run: Run, database: Database) -> None:
    options = {"jobBookmarkKeys": ["id"], "hashfield": "name", "hashpartitions": "2"}
    assert run(**options)[0] == ["a", "b", "c", "d"]
    insert(database, (5, 1, "new"))
    assert run(**options)[0] == ["new"]


def test_a_sample_query_is_read_as_it_is_and_ignores_the_bookmark(run: Run) -> None:
    query = "SELECT name FROM versions WHERE id = 1"
    for _ in range(2):
        assert run(jobBookmarkKeys=["id"], sampleQuery=query)[0] == ["a", "b"]


def test_a_connection_that_enforces_ssl_is_encrypted_or_fails(run: Run, database: Database) -> None:
    glue = boto3.client("glue")
    connection: Any = glue.get_connection(Name=database.name)["Connection"]
    properties = {**connection["ConnectionProperties"], "JDBC_ENFORCE_SSL": "true"}
    given = {"Name": database.name, "ConnectionType": "JDBC", "ConnectionProperties": properties}
    glue.update_connection(Name=database.name, ConnectionInput=given)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="The server does not support SSL"):
        run("disable")


def test_a_url_can_stand_in_the_place_of_a_connection(run: Run, database: Database) -> None:
    given = {"url": database.jdbc_url, "user": database.user, "password": database.password}
    assert run("disable", useConnectionProperties="false", **given)[0] == ["a", "b", "c", "d"]


def test_a_catalogue_table_of_postgresql_is_read_over_its_connection(
    run: Run, database: Database, spark: "SparkSession"
) -> None:
    from awsglue.context import GlueContext

    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": database.name})
    glue.create_table(
        DatabaseName=database.name,
        TableInput={
            "Name": "versions",
            "Parameters": {"classification": "postgresql", "connectionName": database.name},
            "StorageDescriptor": {"Location": f"{database.name}.public.versions"},
        },
    )
    reader = GlueContext(spark).create_dynamic_frame
    frame = reader.from_catalog(name_space=database.name, table_name="versions")
    assert frame.count() == len(ROWS)


def test_frames_are_appended_to_a_table(run: Run, database: Database) -> None:
    _, frame = run("disable")
    for _ in range(2):
        frame.glue_ctx.write_dynamic_frame.from_jdbc_conf(
            frame, database.name, {"dbtable": "copy", "database": database.name}
        )
    with psycopg.connect(database.conninfo) as connection:
        assert connection.execute("SELECT count(*) FROM copy").fetchone() == (2 * len(ROWS),)


@pytest.mark.aws_only
def test_a_schema_can_be_named_and_names_are_quoted(run: Run, database: Database) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.execute('CREATE SCHEMA "Odd""one"')
        connection.execute('CREATE TABLE "Odd""one"."select" (id int, name text)')
        connection.execute("""INSERT INTO "Odd""one"."select" VALUES (7, 'g')""")
    assert run(dbtable='Odd"one.select', jobBookmarkKeys=["id"])[0] == ["g"]
