"""Publish: the Data Catalog shows the newest commit, after crashes and races too."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_glue import GlueClient

from totesys_etl.contracts import SOURCE_TABLES, lake_tables
from totesys_etl.errors import SettingInvalid
from totesys_etl.lake.catalog import Published, publish_raw, publish_star, star_shapes
from totesys_etl.lake.catalog_table import CatalogTable
from totesys_etl.lake.commits import (
    CommitLog,
    DataFile,
    RawCommit,
    RawTable,
    StarCommit,
    StarPartition,
    StarTableState,
    raw_log,
    star_log,
)

NOW = datetime(2026, 11, 22, 10)


@pytest.fixture
def glue(aws: object) -> GlueClient:
    return boto3.client("glue")


@pytest.fixture
def database(glue: GlueClient, bucket: str) -> Iterator[str]:
    name = bucket.replace("-", "_")
    glue.create_database(DatabaseInput={"Name": name})
    yield name
    glue.delete_database(Name=name)


@pytest.fixture
def raw(bucket: str) -> CommitLog[RawCommit]:
    return raw_log(boto3.client("s3"), bucket)


@pytest.fixture
def star(bucket: str) -> CommitLog[StarCommit]:
    s3 = boto3.client("s3")
    name = f"{bucket}-star"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    return star_log(s3, name)


def _file(folder: str) -> DataFile:
    return DataFile(f"{folder}/00000.parquet", 1, 1, "")


def _raw(batch: int, *changed: str) -> RawCommit:
    """A commit that changed the tables `changed`; the others are carried over."""
    tables = {
        name: RawTable(
            contract="0" * 12,
            columns=(),
            columns_seen=(),
            inserted=0,
            updated=0,
            deleted=0,
            versions=0,
            live=0,
            changes=(_file(f"changes/{name}/u{batch}"),) if name in changed else (),
            current={},
        )
        for name in SOURCE_TABLES
    }
    return RawCommit(
        batch, "changes", "jr", NOW, f"2026-11-{batch:02d}", "7", "totesys", "1:1:", tables
    )


def _star(number: int, **partitions: Mapping[str, str]) -> StarCommit:
    """A commit whose tables consist of `partitions`: value -> folder ('': no rows)."""
    tables = {
        shape.name: StarTableState(
            partitions={
                value: StarPartition(
                    files=(_file(folder),) if folder else (), rows=int(bool(folder))
                )
                for value, folder in partitions.get(shape.name, {}).items()
            },
            rewritten=(),
            added=0,
            quarantined=0,
            rows=0,
        )
        for shape in star_shapes()
    }
    return StarCommit(number, "jr", number, number, NOW, {}, {}, tables)


def _locations(glue: GlueClient, database: str, table: str) -> dict[tuple[str, ...], str]:
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
    return {
        tuple(p["Values"]): p["StorageDescriptor"]["Location"]
        for page in pages
        for p in page["Partitions"]
    }


def _parameters(glue: GlueClient, database: str, table: str) -> Mapping[str, str]:
    return glue.get_table(DatabaseName=database, Name=table)["Table"]["Parameters"]


def test_an_empty_lake_has_its_tables(
    glue: GlueClient, raw: CommitLog[RawCommit], star: CommitLog[StarCommit], database: str
) -> None:
    published = publish_raw(glue, raw, database, raw.bucket)

    assert published == Published(created=tuple(SOURCE_TABLES))
    assert publish_raw(glue, raw, database, raw.bucket) == Published()
    table = glue.get_table(DatabaseName=database, Name="currency")["Table"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["ingest_date", "batch"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{raw.bucket}/changes/currency/"
    assert table["Parameters"]["totesys.batch"] == "0"


def test_batches_become_partitions(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    raw.append(1, _raw(1, "currency", "payment"))
    publish_raw(glue, raw, database, raw.bucket)
    raw.append(2, _raw(2, "currency"))

    published = publish_raw(glue, raw, database, raw.bucket)

    assert published == Published(added=1)
    assert _locations(glue, database, "currency") == {
        ("2026-11-01", "1"): f"s3://{raw.bucket}/changes/currency/u1/",
        ("2026-11-02", "2"): f"s3://{raw.bucket}/changes/currency/u2/",
    }
    assert set(_locations(glue, database, "payment")) == {("2026-11-01", "1")}
    assert {_parameters(glue, database, name)["totesys.batch"] for name in SOURCE_TABLES} == {"2"}


class Dying:
    """A Glue client whose process dies in the n-th call that changes something."""

    def __init__(self, glue: GlueClient, calls: int) -> None:
        self._glue = glue
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("create", "update", "batch")):
            self._calls -= 1
            if self._calls < 0:
                raise KeyboardInterrupt(name)
        return getattr(self._glue, name)


def test_a_run_that_died_is_healed_by_the_next(
    glue: GlueClient, raw: CommitLog[RawCommit], star: CommitLog[StarCommit], database: str
) -> None:
    raw.append(1, _raw(1, "currency", "payment"))
    raw.append(2, _raw(2, "payment", "staff"))

    deaths = 0
    while True:
        try:
            publish_raw(Dying(glue, deaths % 7), raw, database, raw.bucket)  # type: ignore[arg-type]
            break
        except KeyboardInterrupt:
            deaths += 1

    assert deaths > 3
    assert set(_locations(glue, database, "payment")) == {("2026-11-01", "1"), ("2026-11-02", "2")}
    assert set(_locations(glue, database, "currency")) == {("2026-11-01", "1")}
    assert {_parameters(glue, database, name)["totesys.batch"] for name in SOURCE_TABLES} == {"2"}
    assert publish_raw(glue, raw, database, raw.bucket) == Published()


def test_a_newer_catalogue_is_left_alone(
    glue: GlueClient, raw: CommitLog[RawCommit], star: CommitLog[StarCommit], database: str
) -> None:
    for log, publish in ((raw, publish_raw), (star, publish_star)):
        publish(glue, log, database, log.bucket)  # type: ignore[operator]
    raw_table = CatalogTable(
        glue, database, lake_tables.changes(SOURCE_TABLES["currency"]), "s3://x/", "totesys.batch"
    )
    star_table = CatalogTable(glue, database, lake_tables.QUARANTINE, "s3://x/", "totesys.commit")
    for table in (raw_table, star_table):
        table.register({("a", "9")[: len(table.shape.partition_keys)]: "s3://x/newer/"})
        table.advance(9)

    raw.append(1, _raw(1, "currency"))
    publish_raw(glue, raw, database, raw.bucket)
    star.append(1, _star(1, quarantine={"fact_payment": "q/u1"}))
    publish_star(glue, star, database, star.bucket)

    assert set(_locations(glue, database, "currency")) == {("a", "9")}
    assert _locations(glue, database, "quarantine") == {("a",): "s3://x/newer/"}
    assert (raw_table.position(), star_table.position()) == (9, 9)


def test_star_partitions_move_to_the_newest_files(
    glue: GlueClient, star: CommitLog[StarCommit], database: str
) -> None:
    bucket = star.bucket
    star.append(1, _star(1, dim_staff={"00000": "d/u1"}, dim_deletion={"dim_staff": "x/u1"}))
    first = publish_star(glue, star, database, bucket)
    star.append(
        2,
        _star(2, dim_staff={"00000": "d/u2", "00001": "e/u2"}, dim_deletion={"dim_staff": ""}),
    )

    second = publish_star(glue, star, database, bucket)

    assert (len(first.created), first.added, first.moved) == (14, 2, 0)
    assert second == Published(added=1, moved=2)
    assert _locations(glue, database, "dim_staff") == {
        ("00000",): f"s3://{bucket}/d/u2/",
        ("00001",): f"s3://{bucket}/e/u2/",
    }
    assert _locations(glue, database, "dim_deletion") == {
        ("dim_staff",): f"s3://{bucket}/dim_deletion/dim_table=dim_staff/empty/"
    }
    assert publish_star(glue, star, database, bucket) == Published()


def test_a_star_that_died_half_way_is_healed(
    glue: GlueClient, star: CommitLog[StarCommit], database: str
) -> None:
    star.append(1, _star(1, dim_staff={"00000": "d/u1"}))
    publish_star(glue, star, database, star.bucket)
    star.append(2, _star(2, dim_staff={"00000": "d/u2"}, dim_design={"00000": "g/u2"}))

    for calls in range(3):
        with pytest.raises(KeyboardInterrupt):
            publish_star(Dying(glue, calls), star, database, star.bucket)  # type: ignore[arg-type]
    publish_star(glue, star, database, star.bucket)

    assert set(_locations(glue, database, "dim_staff").values()) == {f"s3://{star.bucket}/d/u2/"}
    assert set(_locations(glue, database, "dim_design").values()) == {f"s3://{star.bucket}/g/u2/"}


def test_more_partitions_than_one_call_takes(
    glue: GlueClient, star: CommitLog[StarCommit], database: str
) -> None:
    sizes: list[int] = []
    for operation, items in (
        ("BatchCreatePartition", "PartitionInputList"),
        ("BatchUpdatePartition", "Entries"),
    ):
        glue.meta.events.register(
            f"provide-client-params.glue.{operation}",
            lambda params, items=items, **_: sizes.append(len(params[items])),
        )
    for number in (1, 2):
        ranges = {f"{n:05d}": f"d{n}/u{number}" for n in range(205)}
        star.append(number, _star(number, dim_staff=ranges))
        published = publish_star(glue, star, database, star.bucket)

    assert published == Published(moved=205)
    assert sizes == [100, 100, 5] * 2
    assert len(_locations(glue, database, "dim_staff")) == 205


def test_a_head_that_moves_meanwhile_is_published_too(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    raw.append(1, _raw(1, "currency"))

    class Slow(Dying):
        def __getattr__(self, name: str) -> Any:
            if name == "batch_create_partition" and raw.head_number() == 1:
                raw.append(2, _raw(2, "currency"))
            return getattr(self._glue, name)

    publish_raw(Slow(glue, 0), raw, database, raw.bucket)  # type: ignore[arg-type]

    assert len(_locations(glue, database, "currency")) == 2
    assert _parameters(glue, database, "currency")["totesys.batch"] == "2"


def test_a_table_is_altered_when_the_contract_is_but_others_words_are_kept(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    publish_raw(glue, raw, database, raw.bucket)
    stored = glue.get_table(DatabaseName=database, Name="currency")["Table"]
    old = {**stored["StorageDescriptor"], "Columns": stored["StorageDescriptor"]["Columns"][:-1]}
    glue.update_table(
        DatabaseName=database,
        TableInput={
            "Name": "currency",
            "StorageDescriptor": old,
            "PartitionKeys": stored["PartitionKeys"],
            "Parameters": {**stored["Parameters"], "owner": "finance"},
        },
    )

    assert publish_raw(glue, raw, database, raw.bucket) == Published(altered=("currency",))
    table = glue.get_table(DatabaseName=database, Name="currency")["Table"]
    assert table["StorageDescriptor"]["Columns"] == stored["StorageDescriptor"]["Columns"]
    assert table["Parameters"]["owner"] == "finance"


def _lost(times: int, glue: GlueClient) -> Any:
    """A Glue client where another writer wins the table's version `times` times."""

    class Racing(Dying):
        def __getattr__(self, name: str) -> Any:
            if name == "update_table" and self._calls > 0:
                self._calls -= 1

                def refuse(**arguments: Any) -> None:
                    assert arguments["VersionId"]
                    assert arguments["SkipArchive"]
                    error = {"Code": "ConcurrentModificationException", "Message": "version"}
                    raise ClientError({"Error": error}, "UpdateTable")

                return refuse
            return getattr(self._glue, name)

    return Racing(glue, times)


def test_a_lost_version_is_tried_again_but_not_for_ever(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    shape = lake_tables.changes(SOURCE_TABLES["currency"])
    publish_raw(glue, raw, database, raw.bucket)
    where = f"s3://{raw.bucket}/changes/currency/"

    CatalogTable(_lost(3, glue), database, shape, where, "totesys.batch").advance(4)

    assert _parameters(glue, database, "currency")["totesys.batch"] == "4"
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        CatalogTable(_lost(99, glue), database, shape, where, "totesys.batch").advance(5)


def test_a_missing_database_is_named(
    glue: GlueClient, raw: CommitLog[RawCommit], star: CommitLog[StarCommit]
) -> None:
    with pytest.raises(SettingInvalid, match="no database nowhere: create it"):
        publish_raw(glue, raw, "nowhere", raw.bucket)
    with pytest.raises(SettingInvalid, match="no database nowhere: create it"):
        publish_star(glue, star, "nowhere", star.bucket)


def test_an_unfit_partition_is_refused_with_glues_words(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    publish_raw(glue, raw, database, raw.bucket)
    table = CatalogTable(
        glue, database, lake_tables.changes(SOURCE_TABLES["currency"]), "s3://x/", "totesys.batch"
    )

    with pytest.raises(ClientError, match=r"BatchUpdatePartition.*partition \['2026', '1'\]"):
        table.move({("2026", "1"): "s3://x/y/"})


def test_commits_of_a_smaller_contract_are_published(
    glue: GlueClient, raw: CommitLog[RawCommit], database: str
) -> None:
    """A table that the contract got later has no state in earlier commits."""
    raw.append(1, replace(_raw(1), tables={"currency": _raw(1, "currency").tables["currency"]}))

    published = publish_raw(glue, raw, database, raw.bucket)

    assert (len(published.created), published.added) == (11, 1)
