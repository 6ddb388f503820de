"""SQL over the Parquet files that the Data Catalog names, by DuckDB; no Spark, no listing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as fs
from psycopg import sql as quoting

from totesys_etl.cli.deployment import Deployment
from totesys_etl.errors import SettingInvalid


def query(deployment: Deployment, statement: str) -> tuple[Sequence[str], list[Sequence[Any]]]:
    """Header and rows of `statement`; tables are <database>.<table> as in Athena."""
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise SettingInvalid("--lake needs DuckDB: pip install 'totesys-etl[cli]'") from error
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    glue = boto3.client("glue")
    for database in (deployment.star_database, deployment.raw_database):
        connection.execute(f"CREATE SCHEMA {_quoted(database)}")
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
            for table in page["TableList"]:
                if re.search(rf"\b{re.escape(table['Name'])}\b", statement):
                    _register(connection, glue, database, dict(table))
    cursor = connection.execute(statement)
    return [column[0] for column in cursor.description or []], list(cursor.fetchall())


def _register(connection: Any, glue: Any, database: str, table: dict[str, Any]) -> None:
    name = f"{database}.{table['Name']}"
    connection.register(name, _dataset(glue, database, table))
    view = f"{_quoted(database)}.{_quoted(table['Name'])}"
    connection.execute(f"CREATE VIEW {view} AS SELECT * FROM {_quoted(name)}")  # noqa: S608  # nosec B608


def _dataset(glue: Any, database: str, table: dict[str, Any]) -> ds.Dataset:
    """The table's partitions as the catalogue has them, partition keys as columns."""
    names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    keys = [(key["Name"], _KEY_TYPES[key["Type"]]) for key in table["PartitionKeys"]]
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=database, TableName=table["Name"]
    )
    files = _filesystem()
    fragments: list[Any] = []
    for page in pages:
        for partition in page["Partitions"]:
            folder = partition["StorageDescriptor"]["Location"].removeprefix("s3://").rstrip("/")
            values = zip(keys, partition["Values"], strict=True)
            known = None
            for (key, kind), text in values:
                equal = pc.field(key) == pa.scalar(text).cast(kind)
                known = equal if known is None else known & equal
            for info in files.get_file_info(fs.FileSelector(folder)):
                fragments.append(ds.ParquetFileFormat().make_fragment(info.path, files, known))
    if not fragments:
        return pa.table({name: pa.nulls(0) for name in [*names, *(k for k, _ in keys)]})
    schema = _schema(names, fragments)
    for key, kind in keys:
        schema = schema.append(pa.field(key, kind))
    return ds.FileSystemDataset(fragments, schema, ds.ParquetFileFormat(), files)


def _schema(names: Sequence[str], fragments: Sequence[Any]) -> pa.Schema:
    """The columns `names`, which are NULL in a file that is older than they are."""
    fields: dict[str, pa.Field] = {}
    for fragment in fragments:
        if fields.keys() >= set(names):
            break
        fields = {field.name: field for field in fragment.physical_schema} | fields
    return pa.schema([fields.get(name, pa.field(name, pa.null())) for name in names])


_KEY_TYPES = {"string": pa.string(), "int": pa.int32(), "date": pa.date32()}


def _filesystem() -> fs.S3FileSystem:
    session = boto3.Session()
    client = session.client("s3")
    credentials = session.get_credentials()
    if credentials is None:
        raise SettingInvalid("no AWS credentials: configure them as for the AWS CLI")
    frozen = credentials.get_frozen_credentials()
    return fs.S3FileSystem(
        access_key=frozen.access_key,
        secret_key=frozen.secret_key,
        session_token=frozen.token,
        region=client.meta.region_name,
        endpoint_override=client.meta.endpoint_url,
    )


def _quoted(name: str) -> str:
    return quoting.Identifier(name).as_string(None)
