"""Files in S3 as sources and sinks, with job bookmarks; tables of the Data Catalog."""

import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from glue_fixtures.glue_session import JobState

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from awsglue.context import GlueContext

pytestmark = pytest.mark.conformance


@pytest.fixture
def glue(aws: object, spark: "SparkSession", job_state: JobState) -> "GlueContext":
    from awsglue.context import GlueContext

    return GlueContext(spark.sparkContext)


def put(bucket: str, key: str, text: str) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def rows(frame: Any) -> list[dict[str, Any]]:
    return sorted((row.asDict() for row in frame.toDF().collect()), key=str)


def run(glue: "GlueContext", bucket: str, job: str, commit: bool = True, **args: str) -> list[Any]:
    """The ids that one run of a job with a bookmark reads."""
    from awsglue.job import Job

    arguments = {"job_bookmark_option": "job-bookmark-enable", "JOB_RUN_ID": uuid.uuid4().hex}
    frame_job = Job(glue)
    frame_job.init(job, arguments | args)
    options = {"paths": [f"s3://{bucket}/in"]}
    frame = glue.create_dynamic_frame.from_options(
        "s3", options, format="json", transformation_ctx="files"
    )
    found = [row["id"] for row in rows(frame)]
    if commit:
        frame_job.commit()
    return found


def test_formats_are_read_and_written(glue: "GlueContext", bucket: str) -> None:
    from awsglue.dynamicframe import DynamicFrame

    spark = glue.spark_session
    written = spark.createDataFrame(
        [(1, "a;b", "x"), (2, None, "y")], "id int, name string, p string"
    )
    frame = DynamicFrame.fromDF(written, glue)
    for format_, times, options in (
        ("parquet", 2, {}),  # files are added, never replaced
        ("orc", 1, {}),
        ("json", 1, {}),
        ("csv", 1, {"separator": ";"}),
    ):
        path = f"s3://{bucket}/{format_}"
        target = {"path": path, "partitionKeys": ["p"]}
        for _ in range(times):
            glue.write_dynamic_frame.from_options(frame, "s3", target, format_, options)
        header = {**options, "withHeader": True} if format_ == "csv" else {}
        read = glue.create_dynamic_frame.from_options(
            "s3", {"paths": [path]}, format=format_, format_options=header
        )
        found = [(int(row["id"]), row["name"], row["p"]) for row in rows(read)]
        assert sorted(found, key=str) == [(1, "a;b", "x")] * times + [(2, None, "y")] * times, (
            format_
        )


def test_csv_without_header_has_columns_col0_and_strings(glue: "GlueContext", bucket: str) -> None:
    put(bucket, "in/a.csv", "1,x\n2,y\n")
    frame = glue.create_dynamic_frame.from_options(
        "s3", {"paths": [f"s3://{bucket}/in/"]}, format="csv"
    )
    assert rows(frame) == [{"col0": "1", "col1": "x"}, {"col0": "2", "col1": "y"}]


def test_folders_and_exclusions(glue: "GlueContext", bucket: str) -> None:
    for key in (
        "in/1.json",
        "in/deep/2.json",
        "in/deep/3.txt",
        "in/_hidden/4.json",
        "inner/5.json",
    ):
        put(bucket, key, f'{{"id": {key[-6]}}}' if key.endswith("json") else '{"id": 3}')

    def ids(**options: Any) -> list[int]:
        given = {"paths": [f"s3://{bucket}/in"], **options}
        return [
            row["id"] for row in rows(glue.create_dynamic_frame.from_options("s3", given, "json"))
        ]

    assert ids() == [1, 2, 3]
    assert ids(recurse=False) == [1]
    assert ids(exclusions='["**.txt"]') == [1, 2]


@pytest.mark.aws_only
def test_a_bookmark_reads_new_and_changed_files_only(glue: "GlueContext", bucket: str) -> None:
    put(bucket, "in/1.json", '{"id": 1}')
    assert run(glue, bucket, bucket, commit=False) == [1]
    assert run(glue, bucket, bucket) == [1]  # without commit nothing was noted
    assert run(glue, bucket, bucket) == []
    put(bucket, "in/2.json", '{"id": 2}')
    put(bucket, "in/1.json", '{"id": 10}')
    assert run(glue, bucket, bucket, job_bookmark_option="job-bookmark-pause") == [10, 2]
    assert run(glue, bucket, bucket) == [10, 2]
    assert run(glue, bucket, bucket, job_bookmark_option="job-bookmark-disable") == [10, 2]
    assert run(glue, bucket, bucket) == []


@pytest.mark.aws_only
def test_a_pause_between_two_runs_reads_the_files_of_between(
    glue: "GlueContext", bucket: str
) -> None:
    for number in (1, 2, 3):
        put(bucket, f"in/{number}.json", f'{{"id": {number}}}')
        run(glue, bucket, bucket, JOB_RUN_ID=f"jr_{number}")
    between = {"job_bookmark_from": "jr_1", "job_bookmark_to": "jr_2"}
    option = {"job_bookmark_option": "job-bookmark-pause"}
    assert run(glue, bucket, bucket, **option, **between) == [2]


def test_no_file_gives_a_frame_without_columns(glue: "GlueContext", bucket: str) -> None:
    frame = glue.create_dynamic_frame.from_options(
        "s3", {"paths": [f"s3://{bucket}/nothing"]}, format="parquet"
    )
    assert (frame.toDF().columns, frame.count()) == ([], 0)
    glue.write_dynamic_frame.from_options(frame, "s3", {"path": f"s3://{bucket}/out"}, "parquet")
    assert boto3.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_catalogue_tables_are_read_by_their_registered_partitions(
    glue: "GlueContext", bucket: str
) -> None:
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": bucket})
    storage = {"Location": f"s3://{bucket}/t/", "Columns": [{"Name": "id", "Type": "int"}]}
    client.create_table(
        DatabaseName=bucket,
        TableInput={
            "Name": "t",
            "PartitionKeys": [{"Name": "day", "Type": "int"}],
            "Parameters": {"classification": "json"},
            "StorageDescriptor": storage,
        },
    )
    for day, folder in ((1, "t/day=1"), (2, "elsewhere"), (3, "t/day=3")):
        put(bucket, f"{folder}/a.json", f'{{"id": {day}0}}')
        if day < 3:  # the third is not registered
            client.create_partition(
                DatabaseName=bucket,
                TableName="t",
                PartitionInput={
                    "Values": [str(day)],
                    "StorageDescriptor": storage | {"Location": f"s3://{bucket}/{folder}/"},
                },
            )
    frame = glue.create_dynamic_frame.from_catalog(bucket, "t")
    assert rows(frame) == [{"id": 10, "day": 1}, {"id": 20, "day": 2}]
    part = glue.create_dynamic_frame.from_catalog(bucket, "t", push_down_predicate="day > 1")
    assert rows(part) == [{"id": 20, "day": 2}]
    glue.write_dynamic_frame.from_catalog(frame, bucket, "t")
    again = glue.create_dynamic_frame.from_catalog(bucket, "t", push_down_predicate="day = 1")
    assert rows(again) == [{"id": 10, "day": 1}] * 2
    with pytest.raises(Exception, match="Parameter table_name is missing"):
        glue.create_dynamic_frame.from_catalog(bucket)


@pytest.mark.parametrize(
    ("options", "format_", "format_options"),
    [
        ({"paths": ["s3://b/x"], "boundedFiles": "5"}, "json", {}),
        ({"paths": ["s3://b/x"]}, "avro", {}),
        ({"paths": ["s3://b/x"]}, "csv", {"strictCheckForQuoting": True}),
    ],
)
def test_what_is_not_imitated_is_refused(
    glue: "GlueContext", options: dict[str, Any], format_: str, format_options: dict[str, Any]
) -> None:
    with pytest.raises(NotImplementedError, match=r"docs\.aws\.amazon\.com"):
        glue.create_dynamic_frame.from_options("s3", options, format_, format_options)
