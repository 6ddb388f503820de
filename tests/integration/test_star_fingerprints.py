"""Star rows have one canonical text in the warehouse and in the lake, whatever is in them."""

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pyspark.sql import DataFrame, SparkSession

from awsglue_local.databases.postgres import PostgresServer
from glue_fixtures.servers import Database
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import FACT_DELETION, LakeTable, star
from totesys_etl.contracts.model import Column, StarTable
from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.spark import spark_star_fingerprints
from totesys_etl.fingerprints.star import (
    Fingerprints,
    differing,
    fingerprints,
    in_ranges,
    postgres_star_fingerprints,
    shown_key,
    shown_range,
    together,
    warehouse_columns,
)
from totesys_etl.render.postgres import star_ddl
from totesys_etl.render.spark import struct_type

DAY, LEAP = date(2024, 1, 1), date(2024, 2, 29)

NASTY_TEXTS = ["", "~", "|", "1:a|~", "é🐘\u0301", " trailing ", "\\N", "\n", "a'\"b", "NULL", "𝔘"]
"""Separators, our NULL, characters of four bytes and of two, what COPY and SQL treat specially."""


def fact(key: int, **values: Any) -> dict[str, Any]:
    """A version of a purchase order: times, decimals, text."""
    row = {
        "purchase_record_id": key,
        "purchase_order_id": key % 1000,
        "created_date": DAY,
        "created_time": "00:00:00.000",
        "last_updated_date": LEAP,
        "last_updated_time": "23:59:59.999",
        "staff_id": 1,
        "counterparty_id": 2,
        "item_code": "A|B",
        "item_quantity": 3,
        "item_unit_price": Decimal("-0.10"),
        "currency_id": 1,
        "agreed_delivery_date": DAY,
        "agreed_payment_date": LEAP,
        "agreed_delivery_location_id": 1,
    }
    return row | values


FACTS = [
    fact(1),
    fact(2, created_time="10:20:30.100", item_unit_price=Decimal("99999999.99")),
    fact(3, created_time="10:20:00.000", item_unit_price=Decimal("0.00")),
    fact(4, created_time="00:00:00.010", item_unit_price=Decimal("-99999999.99")),
    fact(65535),
    fact(65536, created_date=date(1990, 1, 1), agreed_payment_date=date(2099, 12, 31)),
    fact(2**31 - 1, item_quantity=-(2**31)),
    *(fact(100 + n, item_code=text) for n, text in enumerate(NASTY_TEXTS)),
]
LOCATIONS = [
    {
        "location_id": n,
        "address_line_1": text,
        "address_line_2": NASTY_TEXTS[n % 3] if n % 2 else None,
        "district": None if n % 2 else text,
        "city": "|~",
        "postal_code": "0",
        "country": "~",
        "phone": text,
    }
    for n, text in enumerate(NASTY_TEXTS, start=-3)
]
PAYMENTS = [
    {
        "payment_record_id": n,
        "payment_id": n,
        "created_date": DAY,
        "created_time": "12:00:00.000",
        "last_updated_date": DAY,
        "last_updated_time": f"12:00:{n:02d}.{n:03d}",
        "transaction_id": 1,
        "counterparty_id": 1,
        "payment_amount": Decimal("1.00"),
        "currency_id": 1,
        "payment_type_id": 1,
        "paid": bool(n % 2),
        "payment_date": DAY,
    }
    for n in range(60)
]
DAYS = [
    {
        "date_id": day,
        "year": day.year,
        "month": day.month,
        "day": day.day,
        "day_of_week": 1,
        "day_name": "Monday",
        "month_name": "May",
        "quarter": 1,
    }
    for day in (date(1990, 12, 31), DAY, LEAP, date(2024, 12, 31), date(2100, 1, 1))
]
ROWS = {
    "fact_purchase_orders": FACTS,
    "dim_location": LOCATIONS,
    "fact_payment": PAYMENTS,
    "dim_date": DAYS,
}


@pytest.fixture(scope="module")
def conn(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """All of ROWS, without foreign keys: rows stand alone. A test leaves them as they are."""
    name = f"stars_{uuid.uuid4().hex[:8]}"
    postgres.create_database(name)
    database = Database(postgres.host, postgres.port, name, postgres.user, postgres.password)
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        tables = [STAR_TABLES[name] for name in ROWS]
        for statement in star_ddl(tables):
            if not statement.as_string(connection).startswith("ALTER"):
                connection.execute(statement)
        for table in tables:
            places = sql.SQL(", ").join(sql.Placeholder() * len(table.columns))
            insert = sql.SQL("INSERT INTO {} VALUES ({})").format(
                sql.Identifier(table.name), places
            )
            with connection.cursor() as cursor:
                cursor.executemany(insert, [values(table, row) for row in ROWS[table.name]])
        yield connection
    postgres.drop_database(name)


def values(table: StarTable, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[c.name] for c in table.columns)


def frame(spark: SparkSession, name: str) -> DataFrame:
    table = STAR_TABLES[name]
    rows = [values(table, row) for row in ROWS[name]]
    return spark.createDataFrame(rows, struct_type(table.columns))


def in_postgres(conn: psycopg.Connection[Any], name: str, **options: Any) -> Fingerprints:
    query = postgres_star_fingerprints(
        STAR_TABLES[name].columns, sql.Identifier("public", name), **options
    )
    return fingerprints(conn.execute(query))


def in_spark(spark: SparkSession, name: str, size: int = 65536) -> Fingerprints:
    rows = spark_star_fingerprints(frame(spark, name), STAR_TABLES[name].columns, size)
    return fingerprints(rows.collect())


@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_the_same_fingerprint_in_both_engines(
    spark: SparkSession, conn: psycopg.Connection[Any], name: str
) -> None:
    by_key = in_spark(spark, name, size=1)
    assert by_key == in_postgres(conn, name, size=1)
    assert len(by_key) == len(ROWS[name])
    assert len({total for _, total in by_key.values()}) == len(by_key)
    by_range = in_spark(spark, name)
    assert by_range == in_postgres(conn, name)
    assert together(by_range) == together(by_key)


def test_ranges_are_keys_and_years(spark: SparkSession) -> None:
    facts = {n: rows for n, (rows, _) in in_spark(spark, "fact_purchase_orders").items()}
    assert facts == {0: len(FACTS) - 2, 1: 1, 32767: 1}
    assert {n: rows for n, (rows, _) in in_spark(spark, "dim_location").items()} == {-1: 3, 0: 8}
    assert {n: r for n, (r, _) in in_spark(spark, "dim_date").items()} == {
        1990: 1,
        2024: 3,
        2100: 1,
    }
    day, key = STAR_TABLES["dim_date"].columns[0], STAR_TABLES["dim_location"].columns[0]
    assert [shown_range(day, 2024), shown_range(key, -1), shown_range(key, 3)] == [
        "2024",
        "-0001",
        "00003",
    ]
    assert [shown_key(day, 20240229), shown_key(key, -3)] == ["2024-02-29", "-3"]


def test_a_condition_on_ranges_finds_their_rows(conn: psycopg.Connection[Any]) -> None:
    key = STAR_TABLES["dim_location"].columns[0]
    everything = in_postgres(conn, "dim_location")
    for numbers in ([-1], [0], [-1, 0], [7]):
        found = in_postgres(conn, "dim_location", where=in_ranges(key, numbers))
        assert found == {n: everything[n] for n in numbers if n in everything}
    day = STAR_TABLES["dim_date"].columns[0]
    assert set(in_postgres(conn, "dim_date", where=in_ranges(day, [1990, 2100]))) == {1990, 2100}
    assert in_postgres(conn, "dim_date", where=in_ranges(day, [])) == {}


@pytest.mark.parametrize(
    "column", STAR_TABLES["fact_purchase_orders"].columns, ids=lambda c: c.name
)
def test_every_column_moves_the_fingerprint(conn: psycopg.Connection[Any], column: Column) -> None:
    other = {
        "created_time": "time '00:00:00.0001'",
        "item_code": "'A|B '",
        "item_unit_price": "0.1",
    }
    value = other.get(column.name) or {
        "Integer": "42424", "Date": "date '2023-01-01'", "Time": "time '01:00'"
    }[type(column.type).__name__]  # fmt: skip
    before = in_postgres(conn, "fact_purchase_orders")
    with conn.transaction(force_rollback=True):
        change = f"UPDATE fact_purchase_orders SET {column.name} = {value}"
        conn.execute(f"{change} WHERE purchase_record_id = 1".encode())
        after = in_postgres(conn, "fact_purchase_orders")
    assert (differing(before, after) == [0]) and together(before)[0] == together(after)[0]


def test_what_the_warehouse_does_not_have_is_left_out() -> None:
    staff = STAR_TABLES["dim_staff"]
    assert [c.name for c in warehouse_columns(star(staff))] == list(staff.column_names)
    payment = star(STAR_TABLES["fact_payment"])
    assert [c.name for c in warehouse_columns(payment)][-4:] == [
        *("op", "batch", "captured_at", "valid_from"),
    ]
    assert warehouse_columns(FACT_DELETION) == FACT_DELETION.columns


def test_a_key_that_no_range_can_be_made_of_is_refused() -> None:
    odd = LakeTable("odd", STAR_TABLES["dim_design"].columns[1:], (), "none")  # type: ignore[arg-type]
    with pytest.raises(ContractInvalid, match="design_name"):
        postgres_star_fingerprints(odd.columns, sql.Identifier("odd"))
    with pytest.raises(ContractInvalid, match="range size 256"):
        postgres_star_fingerprints(STAR_TABLES["dim_design"].columns, sql.Identifier("x"), size=256)


def test_sums_beyond_64_bits_are_equal() -> None:
    assert fingerprints([(0, 9, 2**64 + 5)]) == fingerprints([(0, 9, 5)])
    assert fingerprints([(0, 9, -1)]) == fingerprints([(0, 9, 2**64 - 1)])
