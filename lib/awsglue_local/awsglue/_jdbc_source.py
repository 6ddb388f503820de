"""Reading a PostgreSQL table or query, all of it or what is new since the job bookmark.

AWS does not document the SQL of a bookmarked read. Here it is: the first run reads every row up to
the greatest key at the start of the read, later runs read `key > bookmark AND key <= greatest key`.
Sources: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html,
programming-etl-connect-bookmarks.html and aws-glue-programming-etl-connect-jdbc-home.html
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from pyspark.sql import DataFrame, SparkSession

from awsglue import _bookmark_session
from awsglue._connection import jdbc_conf
from awsglue._jdbc_key import Key, given_key, identifier, literal, select
from awsglue._refusal import JDBC_PAGE, refusal

FETCH_SIZE = 1000  # AWS's default for DynamicFrames; Spark's own 0 would buffer the whole table
HASH_PARTITIONS = 7  # AWS's default
_KNOWN = (
    "useConnectionProperties", "connectionName", "dbtable", "url", "user", "password",
    "jobBookmarkKeys", "jobBookmarkKeysSortOrder", "hashfield", "hashexpression", "hashpartitions",
    "sampleQuery",
)  # fmt: skip
_NUMERIC = ("int2", "int4", "int8", "numeric")
_PRIMARY_KEY = """
SELECT a.attname, t.typname FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
JOIN pg_type t ON t.oid = a.atttypid
WHERE i.indisprimary AND i.indrelid = {}::regclass"""

Rows = Callable[[], DataFrame]
Jdbc = Mapping[str, str]


def read_table(
    spark: SparkSession, options: dict[str, Any], transformation_ctx: str
) -> tuple[Rows, bool | None]:
    """The rows, when asked for; and whether there are any (None: not known before).

    Notes the keys read for the job's bookmark, which Job.commit() saves.
    """
    json.dumps(options)  # AWS passes options as JSON; a value that is none fails there too
    _check_options(options)
    jdbc = _jdbc(options)
    table = ".".join(identifier(part) for part in _schema_and_table(str(options["dbtable"])))
    parts = _partitions(options)
    if options.get("sampleQuery"):
        # AWS: with a sample query the bookmark is ignored.
        return partial(_load, spark, jdbc, str(options["sampleQuery"]), parts), None
    bookmark = _bookmark_session.source(transformation_ctx)
    if bookmark is None:
        return partial(_load, spark, jdbc, select("*", table), parts), None
    key = given_key(options) or _default_key(spark, jdbc, table)
    condition, has_rows = _since(spark, jdbc, table, key, bookmark)
    return partial(_load, spark, jdbc, select("*", table, condition), parts), has_rows


def jdbc_options(connection_name: str) -> dict[str, str]:
    """Spark's JDBC options of a Glue connection to PostgreSQL."""
    conf = jdbc_conf(connection_name)
    if conf["vendor"] != "postgresql":
        raise refusal(f"connection {connection_name} to {conf['vendor']}", JDBC_PAGE)
    if conf["customJDBCCert"]:
        raise refusal(f"connection {connection_name} with CUSTOM_JDBC_CERT", JDBC_PAGE)
    options = _settings(conf["fullUrl"], conf["user"], conf["password"])
    return options | ({"sslmode": "verify-full"} if conf["enforceSSL"] == "true" else {})


def _since(
    spark: SparkSession, jdbc: Jdbc, table: str, key: Key, bookmark: _bookmark_session.Source
) -> tuple[str, bool | None]:
    """The condition of the rows that this run reads, and whether there are any."""
    last = bookmark.last
    if last is not None and last.columns != key.columns:
        raise ValueError(
            f"transformation_ctx {bookmark.ctx} of {table} has a bookmark on column "
            f"{', '.join(last.columns)}, the job asks for {', '.join(key.columns)}; "
            f"reset the job bookmark or use another transformation_ctx"
        )
    beyond = key.newer(last.values) if last else "TRUE"
    if bookmark.upper is not None:
        upper: tuple[str, ...] | None = bookmark.upper.values
    else:
        rows = _ask(spark, jdbc, key.extreme(table, beyond), len(key.columns))
        upper = cast(tuple[str, ...], rows[0]) if rows and None not in rows[0] else None
    if upper is None:
        # Nothing is new. A first run still reads the rows without a key; no later run ever sees
        # them.
        return (key.is_null, None) if last is None else ("FALSE", False)
    bookmark.reached(_bookmark_session.Position(key.columns, upper))
    if last is None:
        return f"{key.within(upper)} OR {key.is_null}", True
    return f"{beyond} AND {key.within(upper)}", True


def _default_key(spark: SparkSession, jdbc: Jdbc, table: str) -> Key:
    """The primary key, if it is one number: AWS takes it where its values have no gaps."""
    columns = _ask(spark, jdbc, _PRIMARY_KEY.format(literal(table)), 2)
    if len(columns) != 1 or columns[0][1] not in _NUMERIC:
        raise ValueError(
            f"{table} has no primary key of one number that a job bookmark could go by; name "
            "jobBookmarkKeys"
        )
    return Key((str(columns[0][0]),), "asc")


def _check_options(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in _KNOWN:
            raise refusal(f"connection option {name} of a JDBC source", JDBC_PAGE)
    if not options.get("dbtable"):
        raise ValueError("connection option dbtable of a JDBC source is required")
    if options.get("hashfield") and options.get("hashexpression"):
        raise ValueError("connection options hashfield and hashexpression exclude each other")


def _jdbc(options: Mapping[str, Any]) -> dict[str, str]:
    """Spark's options, from a connection or as given."""
    if str(options.get("useConnectionProperties", "false")).lower() == "true":
        if not options.get("connectionName"):
            raise ValueError("connection option connectionName of a JDBC source is required")
        return jdbc_options(str(options["connectionName"]))
    if not options.get("url"):
        raise ValueError(
            "connection option url of a JDBC source is required, or useConnectionProperties 'true' "
            "with connectionName"
        )
    if not str(options["url"]).startswith("jdbc:postgresql:"):
        raise refusal(f"a JDBC source at {options['url']}", JDBC_PAGE)
    user, password = str(options.get("user", "")), str(options.get("password", ""))
    return _settings(str(options["url"]), user, password)


def _settings(url: str, user: str, password: str) -> dict[str, str]:
    return {
        "url": url,
        "user": user,
        "password": password,
        "driver": "org.postgresql.Driver",
        "fetchsize": str(FETCH_SIZE),
        "loginTimeout": "10",
    }


def _schema_and_table(dbtable: str) -> tuple[str, str]:
    schema, dot, table = dbtable.partition(".")
    return (schema, table) if dot else ("public", dbtable)


def _partitions(options: Mapping[str, Any]) -> list[str]:
    """The conditions of hashpartitions parallel reads; none for a read over one connection.

    Each partition is a query of its own on a connection of its own, so they share no snapshot.
    """
    if options.get("hashfield"):
        column = identifier(str(options["hashfield"]))
        number = f"hashtext({column}::text)::bigint"
    elif options.get("hashexpression"):
        number = f"({options['hashexpression']})::bigint"
    else:
        return []
    count = int(options.get("hashpartitions", HASH_PARTITIONS))
    return [f"coalesce(abs(mod({number}, {count})), 0) = {part}" for part in range(count)]


def _ask(spark: SparkSession, jdbc: Jdbc, query: str, columns: int) -> list[tuple[str | None, ...]]:
    """The rows of a small query as texts, asked by the driver: a Spark job would cost a second."""
    jvm = cast(Any, spark)._jvm
    properties = jvm.java.util.Properties()
    for name, value in jdbc.items():
        properties.setProperty(name, value)
    connection = jvm.java.sql.DriverManager.getConnection(jdbc["url"], properties)
    try:
        result = connection.createStatement().executeQuery(query)
        rows = []
        while result.next():
            rows.append(tuple(result.getString(place) for place in range(1, columns + 1)))
        return rows
    finally:
        connection.close()


def _load(spark: SparkSession, jdbc: Jdbc, query: str, partitions: list[str]) -> DataFrame:
    if not partitions:
        return spark.read.format("jdbc").options(**jdbc).option("query", query).load()
    properties = {name: value for name, value in jdbc.items() if name != "url"}
    return spark.read.jdbc(
        jdbc["url"], f"({query}) glue_rows", predicates=partitions, properties=properties
    )
