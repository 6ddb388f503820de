"""GlueContext, Job and connections: as on Glue 5.1, and the rest is refused by name."""

import json
import uuid

import boto3
import pytest
from pyspark.sql import SparkSession, SQLContext

from awsglue.context import GlueContext
from awsglue.job import Job
from glue_fixtures.glue_session import JobState

pytestmark = pytest.mark.conformance


@pytest.fixture
def glue(spark: SparkSession) -> GlueContext:
    return GlueContext(spark.sparkContext)


def connection(**properties: str) -> str:
    name = f"c{uuid.uuid4().hex[:8]}"
    boto3.client("glue").create_connection(
        ConnectionInput={
            "Name": name,
            "ConnectionType": "JDBC",
            "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:postgresql://h:5432/d?a=b"}
            | properties,
        }
    )
    return name


def secret(**content: str) -> str:
    name = f"s{uuid.uuid4().hex[:8]}"
    boto3.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(content))
    return name


def test_extract_jdbc_conf_has_awss_keys_all_strings(glue: GlueContext, aws: object) -> None:
    name = connection(SECRET_ID=secret(username="u", password="p"))
    assert glue.extract_jdbc_conf(name) == {
        "user": "u",
        "password": "p",
        "vendor": "postgresql",
        "enforceSSL": "false",
        "customJDBCCert": "",
        "skipCustomJDBCCertValidation": "false",
        "customJDBCCertString": "",
        "url": "jdbc:postgresql://h:5432",
        "fullUrl": "jdbc:postgresql://h:5432/d?a=b",
    }


def test_a_username_wins_over_the_secret(glue: GlueContext, aws: object) -> None:
    name = connection(USERNAME="me", PASSWORD="mine", SECRET_ID=secret(username="u", password="p"))
    conf = glue.extract_jdbc_conf(name)
    assert (conf["user"], conf["password"]) == ("me", "mine")


def test_a_secrets_keys_may_be_upper_case(glue: GlueContext, aws: object) -> None:
    conf = glue.extract_jdbc_conf(connection(SECRET_ID=secret(USERNAME="u", PASSWORD="p")))
    assert (conf["user"], conf["password"]) == ("u", "p")


def test_missing_credentials_are_named(glue: GlueContext, aws: object) -> None:
    with pytest.raises(ValueError, match="neither USERNAME nor SECRET_ID"):
        glue.extract_jdbc_conf(connection())
    with pytest.raises(ValueError, match="needs keys username and password"):
        glue.extract_jdbc_conf(connection(SECRET_ID=secret(user="u", password="p")))


def test_an_unknown_connection_is_awss_error(glue: GlueContext, aws: object) -> None:
    with pytest.raises(boto3.client("glue").exceptions.EntityNotFoundException):
        glue.extract_jdbc_conf("nowhere")


@pytest.mark.parametrize("argument", ["context", "session", "nothing"])
def test_a_glue_context_is_made_of_any_of_three(spark: SparkSession, argument: str) -> None:
    given = {"context": spark.sparkContext, "session": spark, "nothing": None}[argument]
    glue = GlueContext(given)
    assert isinstance(glue, SQLContext)
    assert glue.spark_session.sql("SELECT 1").collect() == [(1,)]


def test_a_job_is_initialised_once_per_process(glue: GlueContext, job_state: JobState) -> None:
    with pytest.raises(RuntimeError, match=r"before Job\.init"):
        Job(glue).commit()
    assert not Job(glue).isInitialized()
    Job(glue).init("job")
    assert Job(glue).isInitialized()
    Job(glue).commit()


def test_the_logger_writes_to_standard_error(
    glue: GlueContext, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = glue.get_logger()
    logger.info("one")
    logger.warn("two")
    logger.error("three")
    lines = [line.split(" ", 2)[2] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["INFO GlueLogger: one", "WARN GlueLogger: two", "ERROR GlueLogger: three"]


def test_what_is_not_imitated_names_the_aws_page(glue: GlueContext) -> None:
    with pytest.raises(NotImplementedError, match=r"create_data_frame .*docs\.aws\.amazon\.com"):
        _ = glue.create_data_frame
    with pytest.raises(NotImplementedError, match="connection_type='mysql'"):
        glue.create_dynamic_frame.from_options("mysql", {})
    with pytest.raises(NotImplementedError, match="redshift_tmp_dir"):
        glue.create_dynamic_frame.from_catalog("d", "t", redshift_tmp_dir="s3://b/")
    with pytest.raises(NotImplementedError, match=r"transforms\.FindMatches"):
        from awsglue.transforms import FindMatches  # noqa: F401
    assert not hasattr(glue, "purge_s3_path")
