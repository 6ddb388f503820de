"""The AWS server's process, and what it adds to moto."""

from pathlib import Path

import boto3
import pytest

from awsglue_local.access import clean_environment
from awsglue_local.errors import AwsServerError
from awsglue_local.processes import alive
from awsglue_local.server.aws import AwsServer


def connection_input(name: str, url: str) -> dict[str, object]:
    return {
        "Name": name,
        "ConnectionType": "JDBC",
        "ConnectionProperties": {"JDBC_CONNECTION_URL": url},
    }


def test_a_server_answers_until_it_is_stopped(tmp_path: Path) -> None:
    server = AwsServer(log=tmp_path / "aws.log").start()
    try:
        s3 = boto3.client("s3", endpoint_url=server.endpoint)
        assert s3.list_buckets()["Buckets"] == []
        pid = server.pid
        assert pid is not None
        assert server.start().pid == pid
    finally:
        server.stop()
    assert not alive(pid)
    assert not server.running()
    assert "GET / HTTP" in (tmp_path / "aws.log").read_text()


def test_a_taken_port_is_reported_with_the_servers_words(aws: AwsServer, tmp_path: Path) -> None:
    second = AwsServer(port=aws.port, log=tmp_path / "aws.log")
    with pytest.raises(AwsServerError, match="in use"):
        second.start()
    assert second.pid is None


def test_connections_can_be_updated_and_deleted(aws: AwsServer, bucket: str) -> None:
    glue = boto3.client("glue")
    glue.create_connection(ConnectionInput=connection_input(bucket, "jdbc:postgresql://a/d"))
    glue.update_connection(
        Name=bucket, ConnectionInput=connection_input(bucket, "jdbc:postgresql://b/d")
    )
    found = glue.get_connection(Name=bucket)["Connection"]
    assert (found["ConnectionType"], found["ConnectionProperties"]) == (
        "JDBC",
        {"JDBC_CONNECTION_URL": "jdbc:postgresql://b/d"},
    )
    glue.delete_connection(ConnectionName=bucket)
    for call in (
        lambda: glue.get_connection(Name=bucket),
        lambda: glue.delete_connection(ConnectionName=bucket),
        lambda: glue.update_connection(Name=bucket, ConnectionInput=connection_input(bucket, "x")),
    ):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call()


def test_nothing_of_a_real_account_stays_in_the_environment() -> None:
    real = {
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ENDPOINT_URL_S3": "https://s3",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "PATH": "/bin",
    }
    assert clean_environment(real, "http://127.0.0.1:1") == {
        "PATH": "/bin",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-2",
        "AWS_REGION": "eu-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
