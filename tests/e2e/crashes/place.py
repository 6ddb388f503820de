"""Places: a lake, a catalogue, a warehouse and a bookmark of their own on one running platform.

A case works on a copy, so every case begins with the very same state, and many cases share one
local AWS and one PostgreSQL.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from totesys_demo.platform import WAREHOUSE, LocalPlatform

INGEST, TRANSFORM, LOAD = "ingest_totesys", "transform_star", "load_warehouse"
JOBS = (INGEST, TRANSFORM, LOAD)
LAYERS = ("raw", "work", "processed")
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """One copy. `bookmark` is the ingest's, as the local Glue keeps it; None before its first."""

    platform: LocalPlatform
    number: int
    bookmark: str | None

    def bucket(self, layer: str) -> str:
        return f"totesys-{layer}-case{self.number}"

    def database(self, layer: str) -> str:
        """In the Data Catalog: layer raw or star."""
        return f"totesys_{layer}_case{self.number}"

    @property
    def warehouse(self) -> str:
        """The warehouse's database."""
        return f"warehouse_case{self.number}"

    def arguments(self, job: str) -> dict[str, str]:
        """What makes a run of `job` work here."""
        given = {f"--{layer}_bucket": self.bucket(layer) for layer in LAYERS}
        given |= {f"--{layer}_database": self.database(layer) for layer in ("raw", "star")}
        taken = {
            INGEST: ("--raw_bucket", "--work_bucket", "--processed_bucket", "--raw_database"),
            TRANSFORM: ("--raw_bucket", "--work_bucket", "--processed_bucket", "--star_database"),
            LOAD: ("--processed_bucket",),
        }
        return {name: given[name] for name in taken[job]}

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """The warehouse, as its server's superuser."""
        server = self.platform.stack.postgres[WAREHOUSE]
        with psycopg.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            dbname=self.warehouse,
            autocommit=True,
        ) as connection:
            yield connection

    def remove(self) -> None:
        """Frees what the copy takes: its objects and its warehouse."""
        s3 = self.platform.stack.client("s3")
        for layer in LAYERS:
            for key in keys_of(s3, self.bucket(layer)):
                s3.delete_object(Bucket=self.bucket(layer), Key=key)
            s3.delete_bucket(Bucket=self.bucket(layer))
        with self.platform.connect(WAREHOUSE) as server:
            name = sql.Identifier(self.warehouse)
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def empty_place(platform: LocalPlatform) -> Place:
    """A lake without a commit, a catalogue without tables, an empty warehouse, no bookmark."""
    place = Place(platform, next(_numbers), None)
    _create(place, "template0")
    return place


def copied(origin: Place, bookmark: str | None) -> Place:
    """The same lake, catalogue and warehouse in a new place."""
    place = Place(origin.platform, next(_numbers), bookmark)
    _create(place, origin.warehouse)
    s3 = place.platform.stack.client("s3")
    for layer in LAYERS:
        source = origin.bucket(layer)
        for key in keys_of(s3, source):
            s3.copy_object(
                Bucket=place.bucket(layer), Key=key, CopySource={"Bucket": source, "Key": key}
            )
    _copy_catalogue(origin, place)
    return place


def _create(place: Place, template: str) -> None:
    stack = place.platform.stack
    s3, glue = stack.client("s3"), stack.client("glue")
    for layer in LAYERS:
        s3.create_bucket(
            Bucket=place.bucket(layer),
            CreateBucketConfiguration={"LocationConstraint": stack.region},
        )
    for layer in ("raw", "star"):
        glue.create_database(DatabaseInput={"Name": place.database(layer)})
    with place.platform.connect(WAREHOUSE) as server:
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER totesys_load").format(
                sql.Identifier(place.warehouse), sql.Identifier(template)
            )
        )
    if template == "template0":
        with place.connect() as database:
            database.execute("ALTER SCHEMA public OWNER TO totesys_load")


def _copy_catalogue(origin: Place, place: Place) -> None:
    glue = place.platform.stack.client("glue")

    def moved(value: Any) -> Any:
        """A description with the new place's buckets in its locations."""
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        if isinstance(value, str):
            return value.replace(f"-case{origin.number}/", f"-case{place.number}/")
        return value

    for layer in ("raw", "star"):
        for table in glue.get_tables(DatabaseName=origin.database(layer))["TableList"]:
            given = {key: moved(table[key]) for key in _TABLE_INPUT if key in table}
            glue.create_table(DatabaseName=place.database(layer), TableInput=given)
            for partition in partitions_of(glue, origin.database(layer), table["Name"]):
                given = {key: moved(partition[key]) for key in _PARTITION_INPUT if key in partition}
                glue.create_partition(
                    DatabaseName=place.database(layer),
                    TableName=table["Name"],
                    PartitionInput=given,
                )


_TABLE_INPUT = (
    "Name", "Description", "Retention", "StorageDescriptor", "PartitionKeys", "TableType",
    "Parameters",
)  # fmt: skip
_PARTITION_INPUT = ("Values", "StorageDescriptor", "Parameters")


def partitions_of(glue: Any, database: str, table: str) -> list[dict[str, Any]]:
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
    return [partition for page in pages for partition in page["Partitions"]]


def keys_of(s3: Any, bucket: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]
