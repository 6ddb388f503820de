"""Reading one PostgreSQL table, all of it or what is new since the job bookmark.

AWS does not document the SQL of a bookmarked read. Here it is: the first run reads every row up to
the greatest key at the start of the read, later runs read `key > bookmark AND key <= greatest key`.
Sources: https://docs.aws.amazon.com/glue/latest/dg/monitor-continuations.html and
programming-etl-connect-bookmarks.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

from pyspark.sql import DataFrame, SparkSession

from awsglue import _bookmark_session
from awsglue._connection import jdbc_conf
from awsglue._refusal import JDBC_PAGE, refusal

FETCH_SIZE = 1000  # AWS's default for DynamicFrames; Spark's own 0 would buffer the whole table
_REQUIRED = ("useConnectionProperties", "connectionName", "dbtable")
_OPTIONAL = ("jobBookmarkKeys", "jobBookmarkKeysSortOrder")
_Order = Literal["asc", "desc"]


@dataclass(frozen=True)
class _Key:
    column: str
    order: _Order

    def newer(self, value: str) -> str:
        return f"{identifier(self.column)} {'>' if self.order == 'asc' else '<'} {literal(value)}"

    def within(self, value: str) -> str:
        return f"{identifier(self.column)} {'<=' if self.order == 'asc' else '>='} {literal(value)}"

    @property
    def extreme(self) -> str:
        return f"{'max' if self.order == 'asc' else 'min'}({identifier(self.column)})::text"


Rows = Callable[[], DataFrame]


def read_table(
    spark: SparkSession, options: dict[str, Any], transformation_ctx: str
) -> tuple[Rows, bool | None]:
    """The table's rows, when asked for; and whether there are any (None: not known before).

    Notes the keys read for the job's bookmark, which Job.commit() saves.
    """
    json.dumps(options)  # AWS passes options as JSON; a value that is none fails there too
    _check_options(options)
    jdbc = jdbc_options(str(options["connectionName"]))
    table = ".".join(identifier(part) for part in _schema_and_table(str(options["dbtable"])))
    key = _key(options)
    bookmark = _bookmark_session.source(transformation_ctx)
    if bookmark is None:
        return partial(_load, spark, jdbc, _select("*", table)), None
    if key is None:
        raise refusal(
            "a job bookmark on a JDBC source without jobBookmarkKeys (AWS's default key)", JDBC_PAGE
        )
    last = bookmark.last
    if last is not None and last.column != key.column:
        raise ValueError(
            f"transformation_ctx {transformation_ctx} of {table} has a bookmark on column "
            f"{last.column}, the job asks for {key.column}; "
            f"reset the job bookmark or use another transformation_ctx"
        )
    beyond = key.newer(last.value) if last else "TRUE"
    upper = bookmark.upper
    if upper is None:
        upper = _scalar(spark, jdbc, _select(key.extreme, table, beyond))
    if upper is None:
        # Nothing is new. A first run still reads the rows without a key; no later run ever sees
        # them.
        condition = f"{identifier(key.column)} IS NULL" if last is None else "FALSE"
    elif last is None:
        condition = f"{key.within(upper)} OR {identifier(key.column)} IS NULL"
    else:
        condition = f"{beyond} AND {key.within(upper)}"
    if upper is not None:
        bookmark.reached(_bookmark_session.Position(key.column, upper))
    rows = partial(_load, spark, jdbc, _select("*", table, condition))
    if upper is not None:
        return rows, True
    return rows, None if last is None else False


def identifier(name: str) -> str:
    """`name` quoted for PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """`value` as a PostgreSQL string literal of unknown type: the server reads it as the column's
    type.
    """
    return "'" + value.replace("'", "''") + "'"


def _select(what: str, table: str, condition: str = "TRUE") -> str:
    """A query of quoted parts: `table` by identifier(), values by literal()."""
    return " ".join(("SELECT", what, "FROM", table, "WHERE", condition))


def _check_options(options: dict[str, Any]) -> None:
    for name in options:
        if name not in (*_REQUIRED, *_OPTIONAL):
            raise refusal(f"connection option {name} of a JDBC source", JDBC_PAGE)
    for name in _REQUIRED:
        if not options.get(name):
            raise ValueError(f"connection option {name} of a JDBC source is required")
    if str(options["useConnectionProperties"]).lower() != "true":
        raise refusal("a JDBC source with useConnectionProperties other than 'true'", JDBC_PAGE)


def jdbc_options(connection_name: str) -> dict[str, str]:
    conf = jdbc_conf(connection_name)
    if conf["vendor"] != "postgresql":
        raise refusal(f"connection {connection_name} to {conf['vendor']}", JDBC_PAGE)
    if conf["customJDBCCert"]:
        raise refusal(f"connection {connection_name} with CUSTOM_JDBC_CERT", JDBC_PAGE)
    options = {
        "url": conf["fullUrl"],
        "user": conf["user"],
        "password": conf["password"],
        "driver": "org.postgresql.Driver",
        "fetchsize": str(FETCH_SIZE),
        "loginTimeout": "10",
    }
    return options | ({"sslmode": "verify-full"} if conf["enforceSSL"] == "true" else {})


def _schema_and_table(dbtable: str) -> tuple[str, str]:
    schema, dot, table = dbtable.partition(".")
    return (schema, table) if dot else ("public", dbtable)


def _key(options: dict[str, Any]) -> _Key | None:
    columns = options.get("jobBookmarkKeys", [])
    order = options.get("jobBookmarkKeysSortOrder", "asc")
    if order not in ("asc", "desc"):
        raise ValueError(f"jobBookmarkKeysSortOrder {order!r} is neither asc nor desc")
    if not columns:
        return None
    if not isinstance(columns, list) or len(columns) != 1:
        raise refusal(f"jobBookmarkKeys {columns!r} (anything but a list of one column)", JDBC_PAGE)
    if columns[0] != columns[0].lower():
        raise ValueError(
            f"jobBookmarkKeys {columns!r}: AWS does not support case-sensitive column names as keys"
        )
    return _Key(columns[0], cast(_Order, order))


def _scalar(spark: SparkSession, jdbc: dict[str, str], query: str) -> str | None:
    """The only value of `query` as text, asked by the driver: a Spark job would cost a second."""
    jvm = cast(Any, spark)._jvm
    properties = jvm.java.util.Properties()
    for name, value in jdbc.items():
        properties.setProperty(name, value)
    connection = jvm.java.sql.DriverManager.getConnection(jdbc["url"], properties)
    try:
        result = connection.createStatement().executeQuery(query)
        result.next()
        value = result.getString(1)
        return None if value is None else str(value)
    finally:
        connection.close()


def _load(spark: SparkSession, jdbc: dict[str, str], query: str) -> DataFrame:
    return spark.read.format("jdbc").options(**jdbc).option("query", query).load()
