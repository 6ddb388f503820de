"""A table at the snapshot as a Spark DataFrame, over several JDBC connections when it is large."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from psycopg import sql
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType, StructField, StructType

from totesys_etl.connection import Connection, Endpoint
from totesys_etl.contracts.model import SourceTable
from totesys_etl.errors import SettingInvalid
from totesys_etl.fingerprints.canonical import snapshot_query
from totesys_etl.fingerprints.intervals import KeyInterval
from totesys_etl.ingest.session import APPLICATION_NAME, Session
from totesys_etl.render.spark import struct_type

ROWS_PER_PARTITION = 200_000
MAX_PARTITIONS = 4
"""The cores of one G.1X executor; each partition is one connection to the source."""
FETCH_ROWS = 10_000
"""Rows per round trip. Never 0: the driver would hold the whole table, and read live rows."""
STALLED_SECONDS = 600


@dataclass(frozen=True)
class KeyBounds:
    """Smallest and largest primary key (None: no row) and the planner's guess of the rows."""

    low: int | None
    high: int | None
    rows: int

    @property
    def partitions(self) -> int:
        """How many connections a whole read is worth."""
        return min(MAX_PARTITIONS, 1 + self.rows // ROWS_PER_PARTITION)


def key_bounds(connection: Connection, table: SourceTable, schema: str) -> KeyBounds:
    """The bounds of `table`, from its index and the planner: no scan."""
    key, name = sql.Identifier(table.primary_key), sql.Identifier(schema, table.name)
    query = sql.SQL("SELECT min({key}), max({key}) FROM {name}").format(key=key, name=name)
    (bounds,) = connection.execute(query).fetchall()
    # The planner scales its statistics by the file's size now, so this holds without ANALYZE too.
    plan = sql.SQL("EXPLAIN (FORMAT JSON) SELECT {key} FROM {name}").format(key=key, name=name)
    ((explained,),) = connection.execute(plan).fetchall()
    return KeyBounds(bounds[0], bounds[1], int(explained[0]["Plan"]["Plan Rows"]))


def read_table(
    spark: SparkSession,
    session: Session,
    table: SourceTable,
    bounds: KeyBounds,
    partitions: int,
    where: sql.Composable | None,
) -> DataFrame:
    """Columns of snapshot_query(table), typed as the contract says; key: the primary key.

    `where` is a condition on the table's own columns. Lazy: every action reads
    again, at the snapshot.
    """
    query = snapshot_query(table, session.schema, where)
    dbtable = sql.SQL("({}) AS snapshot").format(query).as_string(None)
    properties = {
        "driver": "org.postgresql.Driver",
        "user": session.endpoint.user,
        "password": session.endpoint.password,
        "fetchsize": str(FETCH_ROWS),
        "sessionInitStatement": session.init_statement(),
        "customSchema": _custom_schema(table),
        # Spark asks for the columns on a connection that never runs the init statement.
        "options": session.startup_options(),
        # Spark would push comparisons of text into a database with another collation.
        "pushDownPredicate": "false",
        "ApplicationName": APPLICATION_NAME,
        "tcpKeepAlive": "true",
        "socketTimeout": str(STALLED_SECONDS),
    }
    url = session.endpoint.url
    _share_certificate(spark, session.endpoint)
    if partitions < 2:
        return spark.read.jdbc(url, dbtable, properties=properties)
    predicates = [p.as_string(None) for p in key_predicates(table.primary_key, bounds, partitions)]
    return spark.read.jdbc(url, dbtable, predicates=predicates, properties=properties)


def _share_certificate(spark: SparkSession, endpoint: Endpoint) -> None:
    """Lays the CA that the URL names, a file of the job's folder, into every executor's folder.

    Executors open JDBC connections of their own. A path with folders is taken to be there already.
    """
    name = endpoint.conninfo().get("sslrootcert", "")
    if name and Path(name).name == name:
        if not Path(name).is_file():
            raise SettingInvalid(
                f"sslrootcert={name}: there is no such file in the job's folder; give its S3 path "
                "in --extra-files"
            )
        spark.sparkContext.addFile(str(Path(name).resolve()))


def among(key: str, intervals: Collection[KeyInterval]) -> sql.Composed:
    """The condition that `key` lies in one of the intervals, of which there is at least one."""
    name = sql.Identifier(key)
    conditions = [
        sql.SQL("({0} >= {1} AND {0} < {2})").format(name, sql.Literal(i.first), sql.Literal(i.end))
        for i in intervals
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(conditions))


def bounds_of(intervals: Collection[KeyInterval]) -> KeyBounds:
    """Bounds of the keys in `intervals`, taken as full."""
    return KeyBounds(
        min(i.first for i in intervals),
        max(i.end for i in intervals) - 1,
        sum(i.end - i.first for i in intervals),
    )


def snapshot_struct(table: SourceTable) -> StructType:
    """The schema of a read: contract columns, then non_finite, all nullable."""
    fields = [StructField(f.name, f.dataType, True) for f in struct_type(table.columns).fields]
    return StructType([*fields, StructField("non_finite", StringType(), True)])


def key_predicates(key: str, bounds: KeyBounds, partitions: int) -> Iterable[sql.Composed]:
    """Conditions that put every key into exactly one partition.

    The outer two are open ended: bounds that are wrong cost balance, never rows.
    """
    low, high = bounds.low or 0, bounds.high or 0
    step = max(1, -(-(high - low + 1) // partitions))
    cuts = [low + step * n for n in range(1, partitions)]
    name = sql.Identifier(key)
    yield sql.SQL("{} < {}").format(name, sql.Literal(cuts[0]))
    for start, end in pairwise(cuts):
        yield sql.SQL("{0} >= {1} AND {0} < {2}").format(name, sql.Literal(start), sql.Literal(end))
    yield sql.SQL("{} >= {}").format(name, sql.Literal(cuts[-1]))


def _custom_schema(table: SourceTable) -> str:
    """Spark DDL of the columns, so that the driver's guess of a type never counts."""
    return ", ".join(
        f"`{f.name}` {f.dataType.simpleString()}" for f in snapshot_struct(table).fields
    )
