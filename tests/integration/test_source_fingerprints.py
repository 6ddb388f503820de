"""The all-types table goes through every engine and comes back; fingerprints agree on the way."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from fixtures.all_types import ALL_TYPES, NOT_CARRIED, ROWS, STAMP
from fixtures.seeds import SEED, SOAK
from glue_fixtures.servers import Database
from totesys_etl.contracts import lake_tables
from totesys_etl.contracts.model import SourceColumn
from totesys_etl.fingerprints import arrow, canonical
from totesys_etl.fingerprints.spark import spark_canonical, spark_fingerprints
from totesys_etl.lake.sink import to_parquet
from totesys_etl.render.arrow import arrow_schema
from totesys_etl.render.postgres import source_ddl

Fingerprints = dict[int, tuple[int, int]]


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A database that holds the all-types table, empty."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        for statement in source_ddl([ALL_TYPES]):
            connection.execute(statement)
        yield connection


def insert(connection: psycopg.Connection, rows: tuple[tuple[object, ...], ...]) -> None:
    places = ", ".join(["%s"] * len(ALL_TYPES.columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO all_types VALUES ({places})", rows)


def insert_not_carried(connection: psycopg.Connection) -> None:
    statement = sql.SQL(
        "INSERT INTO all_types (all_types_id, created_at, last_updated) VALUES (%s, %s, %s)"
    )
    for key, column, value, _ in NOT_CARRIED:
        connection.execute(statement, [key, STAMP, STAMP])
        connection.execute(
            sql.SQL("UPDATE all_types SET {} = {} WHERE all_types_id = {}").format(
                sql.Identifier(column), sql.Literal(value), sql.Literal(key)
            )
        )


def read(spark: SparkSession, database: Database, query: sql.Composed) -> DataFrame:
    return (
        spark.read.format("jdbc")
        .option("url", database.jdbc_url)
        .option("user", database.user)
        .option("password", database.password)
        .option("driver", "org.postgresql.Driver")
        .option("dbtable", f"({query.as_string()}) AS snapshot")
        .load()
    )


def in_postgres(connection: psycopg.Connection, size: int = canonical.RANGE_SIZE) -> Fingerprints:
    query = canonical.postgres_fingerprints(ALL_TYPES, size=size)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def in_spark(frame: DataFrame, size: int = canonical.RANGE_SIZE) -> Fingerprints:
    rows = spark_fingerprints(frame, ALL_TYPES, size).collect()
    return {row["range"]: (row["rows"], row["fingerprint"]) for row in rows}


def in_arrow(frame: DataFrame) -> pa.Table:
    """The rows as an executor has them, through Parquet, as they are stored."""
    schema = arrow_schema((*ALL_TYPES.columns, lake_tables.NON_FINITE))
    rows = pa.Table.from_batches(frame._collect_as_arrow(), None).cast(schema)
    return pq.read_table(io.BytesIO(to_parquet(rows))).cast(schema)


def test_round_trip(
    spark: SparkSession, database: Database, connection: psycopg.Connection, tmp_path: Path
) -> None:
    insert(connection, ROWS)
    insert_not_carried(connection)
    query = canonical.snapshot_query(ALL_TYPES)
    parquet = str(tmp_path / "all_types")
    read(spark, database, query).write.parquet(parquet)

    connection.execute(sql.SQL("CREATE TABLE back AS {} LIMIT 0").format(query))
    table = pq.read_table(parquet)
    assert table.column_names == [*ALL_TYPES.column_names, "non_finite"]
    with connection.cursor() as cursor, cursor.copy("COPY back FROM STDIN") as copy:
        for row in table.to_pylist():
            # Spark marks its timestamps as UTC instants; the column is naive UTC.
            naive = [v.replace(tzinfo=None) if hasattr(v, "tzinfo") else v for v in row.values()]
            copy.write_row(naive)

    differences = sql.SQL(
        "(SELECT 'lost', * FROM ({query}) AS a EXCEPT ALL SELECT 'lost', * FROM back)"
        " UNION ALL (SELECT 'new', * FROM back EXCEPT ALL SELECT 'new', * FROM ({query}) AS b)"
    ).format(query=query)
    assert connection.execute(differences).fetchall() == []
    assert connection.execute("SELECT count(*) FROM back").fetchall() == [
        (len(ROWS) + len(NOT_CARRIED),)
    ]


def test_canonical_text_is_the_same(
    spark: SparkSession, database: Database, connection: psycopg.Connection
) -> None:
    insert(connection, ROWS)
    insert_not_carried(connection)
    text = canonical.postgres_canonical(ALL_TYPES)
    expected = connection.execute(
        sql.SQL("SELECT all_types_id, {} FROM ({}) AS snapshot").format(
            text, canonical.snapshot_query(ALL_TYPES)
        )
    ).fetchall()
    frame = read(spark, database, canonical.snapshot_query(ALL_TYPES))
    actual = frame.select("all_types_id", spark_canonical(ALL_TYPES.columns)).collect()
    assert sorted(map(tuple, actual)) == sorted(expected)
    rows = in_arrow(frame)
    keys = rows.column("all_types_id").to_pylist()
    texts = arrow.arrow_canonical(rows, ALL_TYPES.columns).to_pylist()
    assert sorted(zip(keys, texts, strict=True)) == sorted(expected)


@pytest.mark.parametrize("size", [canonical.RANGE_SIZE, 256, 1])
def test_fingerprints_agree(
    spark: SparkSession, database: Database, connection: psycopg.Connection, size: int
) -> None:
    insert(connection, ROWS)
    insert_not_carried(connection)
    expected = in_postgres(connection, size=size)
    frame = read(spark, database, canonical.snapshot_query(ALL_TYPES))
    assert in_spark(frame, size) == expected
    assert arrow.arrow_fingerprints(in_arrow(frame), ALL_TYPES, size) == expected


def test_what_is_not_carried_is_null_and_named(connection: psycopg.Connection) -> None:
    insert(connection, ROWS[:1])
    insert_not_carried(connection)
    connection.execute(
        "UPDATE all_types SET price = 'NaN', last_updated = '-infinity' WHERE all_types_id = 1"
    )
    rows = connection.execute(
        sql.SQL("SELECT * FROM ({}) AS snapshot ORDER BY all_types_id").format(
            canonical.snapshot_query(ALL_TYPES)
        )
    ).fetchall()
    names = ALL_TYPES.column_names
    assert [row[-1] for row in rows] == [
        "price=NaN,last_updated=-infinity",
        *(text for _, _, _, text in NOT_CARRIED),
    ]
    for row, (_, column, _, _) in zip(rows[1:], NOT_CARRIED, strict=True):
        assert row[names.index(column)] is None


def test_snapshot_query_where_is_on_the_tables_own_columns(connection: psycopg.Connection) -> None:
    insert(connection, ROWS)
    connection.execute("UPDATE all_types SET seen_at = 'infinity' WHERE all_types_id = 2")
    where = sql.SQL("{} = 'infinity'").format(sql.Identifier("seen_at"))
    rows = connection.execute(canonical.snapshot_query(ALL_TYPES, where=where)).fetchall()
    assert [row[0] for row in rows] == [2]
    query = canonical.postgres_fingerprints(ALL_TYPES, where=where)
    assert [row[:2] for row in connection.execute(query)] == [(0, 1)]


def test_ranges_are_rounded_down_for_negative_keys(connection: psycopg.Connection) -> None:
    insert(connection, ROWS)
    assert {number: rows for number, (rows, _) in in_postgres(connection).items()} == {
        -32768: 1,
        -2: 1,
        -1: 2,
        0: 8,
        1: 1,
        32767: 1,
    }


@pytest.mark.parametrize("column", ALL_TYPES.columns[1:], ids=lambda c: c.name)
def test_every_column_moves_the_fingerprint(
    connection: psycopg.Connection, column: SourceColumn
) -> None:
    insert(connection, ROWS[1:3])
    before = in_postgres(connection)
    other = ALL_TYPES.column_names.index(column.name)
    connection.execute(
        sql.SQL("UPDATE all_types SET {} = {} WHERE all_types_id = 2").format(
            sql.Identifier(column.name),
            sql.Literal("2001-01-01" if ROWS[2][other] == STAMP else ROWS[2][other]),
        )
    )
    after = in_postgres(connection)
    assert (after[0][0], after[0][1] != before[0][1]) == (2, True)


def test_a_full_range_does_not_overflow(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO all_types (all_types_id, last_updated)"
        " SELECT n, timestamp '2024-01-01' FROM generate_series(0, 65536) AS n"
    )
    prints = in_postgres(connection)
    assert {number: rows for number, (rows, _) in prints.items()} == {0: 65536, 1: 1}
    # The mean of 44-bit numbers is 2^43: the sum of 65,536 of them is about 2^59.
    assert 2**58 < prints[0][1] < 2**60


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
CENTS = st.decimals(-99999999, 99999999, places=2)
STAMPS = st.datetimes(datetime(1583, 1, 1), datetime(9999, 12, 31)).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
ANY_ROW = st.tuples(
    st.integers(-(2**63), 2**63 - 1) | st.none(),
    st.booleans() | st.none(),
    ANY_TEXT | st.none(),
    ANY_TEXT.map(lambda text: text[:3]) | st.none(),
    st.sampled_from(["GOOD", "SO-SO", None]),
    CENTS | st.none(),
    st.decimals(-(10**12), 10**12, places=6) | st.none(),
    STAMPS | st.none(),
    st.dates(date(1583, 1, 1)) | st.none(),
    STAMPS.map(datetime.time) | st.none(),
    STAMPS,
    STAMPS,
)


@seed(SEED)
@settings(
    max_examples=500 if SOAK else 5,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.dictionaries(st.integers(-(2**31), 2**31 - 1), ANY_ROW, min_size=20, max_size=60),
)
def test_fingerprints_agree_on_anything(
    spark: SparkSession,
    database: Database,
    connection: psycopg.Connection,
    rows: dict[int, tuple[object, ...]],
) -> None:
    connection.execute("TRUNCATE all_types")
    insert(connection, tuple((key, *values) for key, values in rows.items()))
    frame = read(spark, database, canonical.snapshot_query(ALL_TYPES))
    expected = in_postgres(connection, size=1)
    assert in_spark(frame, size=1) == expected
    assert arrow.arrow_fingerprints(in_arrow(frame), ALL_TYPES, 1) == expected
