"""Where the deployed platform keeps things, read from the Glue jobs' own arguments."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3

from totesys_etl.connection import Endpoint, endpoint
from totesys_etl.errors import SettingInvalid

OWNER_CONNECTION = "totesys_owner"
"""A connection that only a demonstration has: the owner of its own simulated source."""


@dataclass(frozen=True)
class Deployment:
    """Names of buckets, databases and connections of one deployment."""

    raw_bucket: str
    work_bucket: str
    processed_bucket: str
    raw_database: str
    star_database: str
    source_connection: str
    warehouse_connection: str

    @classmethod
    def find(cls) -> Deployment:
        """Reads the three jobs' DefaultArguments; SettingInvalid when one is not deployed."""
        ingest = _arguments("ingest_totesys")
        transform = _arguments("transform_star")
        load = _arguments("load_warehouse")
        return cls(
            raw_bucket=ingest["--raw_bucket"],
            work_bucket=ingest["--work_bucket"],
            processed_bucket=transform["--processed_bucket"],
            raw_database=ingest["--raw_database"],
            star_database=transform["--star_database"],
            source_connection=ingest["--source_connection"],
            warehouse_connection=load["--warehouse_connection"],
        )

    def source(self) -> Endpoint:
        """The source: as its owner where this is a demonstration's own, else as the reader."""
        connections = _connections()
        owner = OWNER_CONNECTION in connections
        return _endpoint(connections, OWNER_CONNECTION if owner else self.source_connection)

    def warehouse(self) -> Endpoint:
        return _endpoint(_connections(), self.warehouse_connection)


def _arguments(job: str) -> dict[str, str]:
    glue = boto3.client("glue")
    try:
        definition = glue.get_job(JobName=job)["Job"]
    except glue.exceptions.EntityNotFoundException as error:
        raise SettingInvalid(
            f"Glue job {job} is not deployed in {glue.meta.region_name}: deploy the platform, or "
            "set the region (AWS_DEFAULT_REGION) it is deployed in"
        ) from error
    return dict(definition.get("DefaultArguments", {}))


def _connections() -> dict[str, dict[str, str]]:
    pages = boto3.client("glue").get_paginator("get_connections").paginate(HidePassword=True)
    return {
        connection["Name"]: {str(k): v for k, v in connection["ConnectionProperties"].items()}
        for page in pages
        for connection in page["ConnectionList"]
    }


def _endpoint(connections: dict[str, dict[str, str]], name: str) -> Endpoint:
    if name not in connections:
        raise SettingInvalid(f"Glue connection {name} does not exist: deploy the platform again")
    properties = connections[name]
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=properties["SECRET_ID"])
    login: dict[str, Any] = json.loads(secret["SecretString"])
    return endpoint(
        {
            "fullUrl": properties["JDBC_CONNECTION_URL"],
            "user": str(login["username"]),
            "password": str(login["password"]),
        }
    )
