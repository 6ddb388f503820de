"""`spark.sql` over the Data Catalog, for jobs with --enable-glue-datacatalog.

A table that a statement names is made in Spark's own catalogue first, as an external table over its
files with the partitions that are registered; again when it has changed since. Reading only.
Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-data-catalog-hive.html
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from awsglue import _catalog
from awsglue._connection import client
from awsglue._refusal import CATALOG_SQL_PAGE, refusal

_WORD = re.compile(r"[A-Za-z0-9_]+")
_WRITING = re.compile(
    r"^\s*(INSERT|CREATE\s+(?:OR\s+REPLACE\s+)?(?!.*TEMP)|DROP|ALTER|MERGE|UPDATE|DELETE|TRUNCATE|MSCK)\b",
    re.IGNORECASE,
)  # fmt: skip
_BATCH = 100


def register(session: SparkSession) -> None:
    """Lets `session.sql` and `session.table` see databases and tables of the Data Catalog."""
    brought = _Brought(session)
    target: Any = session
    sql, table = session.sql, session.table

    def catalogue_sql(sqlQuery: str, *args: Any, **kwargs: Any) -> DataFrame:
        names = brought.bring(sqlQuery)
        if names and _WRITING.match(sqlQuery):
            raise refusal(f"writing to {', '.join(sorted(names))} by spark.sql", CATALOG_SQL_PAGE)
        return sql(sqlQuery, *args, **kwargs)

    def catalogue_table(tableName: str) -> DataFrame:
        brought.bring(tableName)
        return table(tableName)

    target.sql, target.table = catalogue_sql, catalogue_table


class _Brought:
    """The tables that Spark has, each with a digest of what it was made of."""

    def __init__(self, session: SparkSession) -> None:
        self._run: Callable[[str], DataFrame] = session.sql
        self._digests: dict[str, str] = {}

    def bring(self, text: str) -> set[str]:
        """Makes or renews every table of the Data Catalog that `text` may name; their names."""
        words = {word.lower() for word in _WORD.findall(text)}
        named = set()
        for entry in _tables(words):
            whole = f"{entry['DatabaseName']}.{entry['Name']}"
            named.add(whole)
            partitions = list(_partitions(entry)) if entry.get("PartitionKeys") else []
            digest = _digest(entry, partitions)
            if self._digests.get(whole) != digest:
                self._make(entry, partitions)
                self._digests[whole] = digest
        return named

    def _make(self, entry: Mapping[str, Any], partitions: list[dict[str, Any]]) -> None:
        database, name = _quoted(entry["DatabaseName"]), _quoted(entry["Name"])
        format_, options = _catalog.format_of(entry)
        keys = entry.get("PartitionKeys") or []
        columns = [*entry["StorageDescriptor"]["Columns"], *keys]
        listed = ", ".join(f"{_quoted(c['Name'])} {c['Type']}" for c in columns)
        self._run(f"CREATE DATABASE IF NOT EXISTS {database}")
        self._run(f"DROP TABLE IF EXISTS {database}.{name}")
        parts = [f"CREATE TABLE {database}.{name} ({listed}) USING {format_}"]
        if options:
            renamed = {"separator": "sep", "withHeader": "header"}
            given = (f"{renamed[k]} {_text(str(v).lower())}" for k, v in options.items())
            parts.append(f"OPTIONS ({', '.join(given)})")
        if keys:
            parts.append(f"PARTITIONED BY ({', '.join(_quoted(key['Name']) for key in keys)})")
        parts.append(f"LOCATION {_text(entry['StorageDescriptor']['Location'])}")
        self._run(" ".join(parts))
        for first in range(0, len(partitions), _BATCH):
            added = " ".join(_partition(keys, p) for p in partitions[first : first + _BATCH])
            self._run(f"ALTER TABLE {database}.{name} ADD {added}")


def _tables(words: set[str]) -> Iterator[dict[str, Any]]:
    glue = client("glue")
    for page in glue.get_paginator("get_databases").paginate():
        for database in page["DatabaseList"]:
            if database["Name"].lower() not in words:
                continue
            for tables in glue.get_paginator("get_tables").paginate(DatabaseName=database["Name"]):
                yield from (entry for entry in tables["TableList"] if entry["Name"] in words)


def _partitions(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    pages = (
        client("glue")
        .get_paginator("get_partitions")
        .paginate(DatabaseName=entry["DatabaseName"], TableName=entry["Name"])
    )
    for page in pages:
        yield from page["Partitions"]


def _digest(entry: Mapping[str, Any], partitions: list[dict[str, Any]]) -> str:
    parts = [entry["StorageDescriptor"], entry.get("PartitionKeys"), entry.get("Parameters")]
    parts.append([(p["Values"], p["StorageDescriptor"]["Location"]) for p in partitions])
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _partition(keys: list[dict[str, str]], partition: Mapping[str, Any]) -> str:
    values = ", ".join(
        f"{_quoted(key['Name'])} = {_text(value)}"
        for key, value in zip(keys, partition["Values"], strict=True)
    )
    return f"PARTITION ({values}) LOCATION {_text(partition['StorageDescriptor']['Location'])}"


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
