"""JDBC reads with job bookmarks, as AWS documents them (pages monitor-continuations,
programming-etl-connect-bookmarks, aws-glue-programming-etl-connect-jdbc-home)."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
import psycopg
import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from glue_fixtures.glue_session import JobState
from glue_fixtures.servers import Database

pytestmark = [pytest.mark.conformance, pytest.mark.aws_only]

EARLY, NOON, LATE = "2024-11-15 08:00:00.001", "2024-11-15 12:00:00.5", "2024-11-15 18:30:00.999"
Read = Callable[..., DynamicFrame]


@pytest.fixture
def glue(spark: SparkSession, aws: object, database: Database) -> GlueContext:
    """A connection to a table called transaction with two rows, one without last_updated."""
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(
            'CREATE TABLE "transaction" (id int, last_updated timestamp(3), note text)'
        )
    insert(database, (1, EARLY), (2, None))
    secret = f"secret-{database.name}"
    boto3.client("secretsmanager").create_secret(
        Name=secret,
        SecretString=json.dumps({"username": database.user, "password": database.password}),
    )
    boto3.client("glue").create_connection(
        ConnectionInput={
            "Name": database.name,
            "ConnectionType": "JDBC",
            "ConnectionProperties": {"JDBC_CONNECTION_URL": database.jdbc_url, "SECRET_ID": secret},
        }
    )
    return GlueContext(spark)


@pytest.fixture
def read(glue: GlueContext, database: Database) -> Read:
    def from_options(ctx: str = "orders", **options: Any) -> DynamicFrame:
        given = {
            "useConnectionProperties": "true",
            "connectionName": database.name,
            "dbtable": "transaction",
            "jobBookmarkKeys": ["last_updated"],
            "jobBookmarkKeysSortOrder": "asc",
        }
        return glue.create_dynamic_frame.from_options(
            "postgresql", given | options, transformation_ctx=ctx
        )

    return from_options


@pytest.fixture
def job(glue: GlueContext, job_state: JobState) -> Callable[..., Job]:
    def start(run_id: str, option: str = "enable", **args: str) -> Job:
        started = Job(glue)
        given = {"job_bookmark_option": f"job-bookmark-{option}", "JOB_RUN_ID": run_id}
        started.init("job", given | args)
        return started

    return start


def insert(database: Database, *rows: tuple[int, str | None]) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.cursor().executemany(
            'INSERT INTO "transaction" (id, last_updated) VALUES (%s, %s)', rows
        )


def ids(frame: DynamicFrame) -> list[int]:
    rows = frame.toDF()
    return sorted(row["id"] for row in rows.collect()) if rows.columns else []


def test_the_first_run_reads_the_whole_table(
    job: Callable[..., Job], read: Read, spark: SparkSession
) -> None:
    job("jr_1")
    expected = spark.createDataFrame(
        [(1, datetime.fromisoformat(EARLY), None), (2, None, None)],
        "id int, last_updated timestamp, note string",
    )
    assert_df_equality(read().toDF(), expected, ignore_row_order=True, ignore_metadata=True)


def test_the_next_run_reads_rows_beyond_the_greatest_key_only(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    first = job("jr_1")
    assert ids(read()) == [1, 2]
    first.commit()
    insert(database, (3, EARLY), (4, NOON), (5, None))
    job("jr_2")
    assert ids(read()) == [4]


def test_without_commit_the_next_run_reads_the_same_again(
    job: Callable[..., Job], read: Read
) -> None:
    job("jr_1")
    assert ids(read()) == [1, 2]
    job("jr_2")
    assert ids(read()) == [1, 2]


def test_rows_that_arrive_between_read_and_commit_belong_to_the_next_run(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    first = job("jr_1")
    frame = read()
    insert(database, (3, LATE))
    assert ids(frame) == [1, 2]
    first.commit()
    job("jr_2")
    assert ids(read()) == [3]


def test_nothing_new_gives_a_frame_without_columns(job: Callable[..., Job], read: Read) -> None:
    first = job("jr_1")
    ids(read())
    first.commit()
    job("jr_2")
    frame = read()
    assert (frame.count(), frame.toDF().columns, list(frame.schema())) == (0, [], [])


@pytest.mark.parametrize("option", ["disable", "no_context"])
def test_without_bookmark_or_context_every_run_reads_everything(
    option: str, job: Callable[..., Job], read: Read
) -> None:
    for run_id in ("jr_1", "jr_2"):
        started = job(run_id, "disable" if option == "disable" else "enable")
        assert ids(read(ctx="" if option == "no_context" else "orders")) == [1, 2]
        started.commit()


def test_each_context_has_its_own_bookmark(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    first = job("jr_1")
    ids(read())
    first.commit()
    insert(database, (3, NOON))
    second = job("jr_2")
    assert ids(read(ctx="other")) == [1, 2, 3]
    second.commit()
    job("jr_3")
    assert (ids(read()), ids(read(ctx="other"))) == ([3], [])


def test_a_pause_reads_from_the_bookmark_and_leaves_it(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    first = job("jr_1")
    ids(read())
    first.commit()
    insert(database, (3, NOON))
    for run_id in ("jr_2", "jr_3"):
        paused = job(run_id, "pause")
        assert ids(read()) == [3]
        paused.commit()


def test_a_pause_between_two_runs_reads_what_lies_between_them(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    for run_id, row in (("jr_1", (3, NOON)), ("jr_2", (4, LATE)), ("jr_3", (5, "2024-12-01"))):
        run = job(run_id)
        ids(read())
        run.commit()
        insert(database, row)
    job("jr_9", "pause", job_bookmark_from="jr_1", job_bookmark_to="jr_3")
    assert ids(read()) == [3, 4]


def test_a_key_that_falls_is_read_downwards(
    job: Callable[..., Job], read: Read, database: Database
) -> None:
    falling = {"jobBookmarkKeys": ["id"], "jobBookmarkKeysSortOrder": "desc"}
    first = job("jr_1")
    assert ids(read(**falling)) == [1, 2]
    first.commit()
    insert(database, (-5, None), (9, None))
    job("jr_2")
    assert ids(read(**falling)) == [-5]


def test_a_concurrent_run_makes_the_commit_fail_in_awss_words(
    job: Callable[..., Job], read: Read, job_state: JobState
) -> None:
    mine = job("jr_1")
    ids(read())
    job_state.commit_elsewhere("job", "jr_2")
    words = "VersionMismatchException: .* Expected version 0 but found version 1"
    with pytest.raises(Exception, match=words):
        mine.commit()


def test_a_run_of_the_same_table_under_another_key_is_refused(
    job: Callable[..., Job], read: Read
) -> None:
    first = job("jr_1")
    ids(read())
    first.commit()
    job("jr_2")
    with pytest.raises(ValueError, match="has a bookmark on column last_updated"):
        read(jobBookmarkKeys=["id"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"customJdbcDriverS3Path": "s3://b/x.jar"}, NotImplementedError, "customJdbcDriverS3Path"),
        ({"hashfield": "id", "hashexpression": "id"}, ValueError, "exclude each other"),
        ({"jobBookmarkKeys": "id"}, NotImplementedError, "anything but a list"),
        ({"jobBookmarkKeys": []}, ValueError, "no primary key of one number"),
        ({"jobBookmarkKeys": ["Id"]}, ValueError, "case-sensitive"),
        ({"jobBookmarkKeysSortOrder": "up"}, ValueError, "neither asc nor desc"),
        ({"dbtable": ""}, ValueError, "dbtable of a JDBC source is required"),
        ({"useConnectionProperties": "false"}, ValueError, "url of a JDBC source is required"),
        ({"dbtable": {1}}, TypeError, "not JSON serializable"),
    ],
)
def test_what_is_not_imitated_is_refused(
    options: dict[str, Any],
    error: type[Exception],
    message: str,
    job: Callable[..., Job],
    read: Read,
) -> None:
    job("jr_1")
    with pytest.raises(error, match=message):
        read(**options)
