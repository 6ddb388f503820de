"""Where the local AWS is and how any client talks to it."""

import socket
from collections.abc import Mapping
from typing import Any

import boto3

HOST = "127.0.0.1"
DEFAULT_REGION = "eu-west-2"
ACCESS_KEY = "testing"


def aws_environment(endpoint: str, region: str = DEFAULT_REGION) -> dict[str, str]:
    """What boto3, the AWS CLI, Terraform and S3A need in their environment to talk to `endpoint`
    only.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


# Variables of a real account that would win over, or mix with, the above.
FOREIGN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
)


def clean_environment(
    base: Mapping[str, str], endpoint: str, region: str = DEFAULT_REGION
) -> dict[str, str]:
    """`base` without anything that points an AWS client elsewhere, plus aws_environment()."""
    kept = {
        key: value
        for key, value in base.items()
        if key not in FOREIGN_VARIABLES and not key.startswith("AWS_ENDPOINT_URL_")
    }
    return kept | aws_environment(endpoint, region)


def free_port() -> int:
    """A TCP port on the loopback address that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def client(service: str, endpoint: str, region: str = DEFAULT_REGION) -> Any:
    """A boto3 client of the local AWS server, whatever the environment says."""
    session: Any = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=region
    )
    return session.client(service, endpoint_url=endpoint)
