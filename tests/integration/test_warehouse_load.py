"""One commit after the other into a real PostgreSQL: what is where afterwards, row by row."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from fixtures.warehouse_rows import (
    DAY_1,
    DAY_2,
    DAY_3,
    commit,
    deletions,
    first_commit,
    payment,
    payment_dimensions,
    payments,
    star_rows,
)
from glue_fixtures.servers import Database
from totesys_etl.errors import (
    CommitMissing,
    ContractInvalid,
    WarehouseAhead,
)
from totesys_etl.load.dimension import TableLoad
from totesys_etl.load.warehouse import Warehouse
from totesys_etl.warehouse.copy import Batches


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture
def warehouse(conn: psycopg.Connection[Any]) -> Warehouse:
    warehouse = Warehouse(conn)
    warehouse.prepare()
    return warehouse


def test_values_arrive_as_they_are(warehouse: Warehouse, conn: psycopg.Connection[Any]) -> None:
    nasty = 'say "hi", \n\\.\nüñ€ 🐘 \\N NULL'
    design = {"design_id": 3, "design_name": "", "file_location": nasty, "file_name": "NULL"}
    dimensions = payment_dimensions(dim_design=star_rows("dim_design", design))
    warehouse.apply(
        commit(1, DAY_1, dimensions=dimensions, facts=payments(payment(1, 7, 1, DAY_1)))
    )

    assert conn.execute("SELECT * FROM dim_design").fetchall() == [(3, "", nasty, "NULL")]
    assert conn.execute(
        "SELECT address_line_2, postal_code, phone FROM dim_location"
    ).fetchall() == [(None, "02813", "0021 366201")]
    assert conn.execute("SELECT * FROM dim_transaction").fetchall() == [(1, "SALE", 1, None)]
    (row,) = conn.execute("SELECT * FROM fact_payment").fetchall()
    assert row[:2] == (1, 7)
    assert [str(row[3]), str(row[5])] == ["09:00:00.001000", "09:00:00"]
    assert row[8] == Decimal("100.10")
    assert row[11:] == (False, date(2026, 11, 3))


def test_timestamps_that_say_utc_arrive_naive(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    conn.execute("SET timezone = 'Asia/Tokyo'")
    (batch,) = payments(payment(1, 7, 1, DAY_1))["fact_payment"]()
    zoned = [
        array.cast(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(array.type) else array
        for array in batch.columns
    ]
    batch = pa.RecordBatch.from_arrays(zoned, names=batch.schema.names)

    warehouse.apply(
        commit(1, DAY_1, dimensions=payment_dimensions(), facts={"fact_payment": lambda: [batch]})
    )

    assert conn.execute("SELECT captured_at FROM etl.fact_payment_event").fetchall() == [(DAY_1,)]


def test_dimensions_change_only_where_a_value_differs(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    def design(key: int, name: str) -> dict[str, Any]:
        return {"design_id": key, "design_name": name, "file_location": "/usr", "file_name": "f"}

    def designs(*rows: dict[str, Any]) -> dict[str, Batches]:
        return {"dim_design": star_rows("dim_design", *rows)}

    first = commit(1, DAY_1, dimensions=designs(design(1, "Oak"), design(2, "Elm")))
    second = commit(
        2, DAY_2, dimensions=designs(design(1, "Oak"), design(2, "Ash"), design(3, "Fir"))
    )

    assert warehouse.apply(first).tables == {"dim_design": TableLoad(inserted=2)}
    untouched = conn.execute(
        "SELECT xmin, xmax, ctid FROM dim_design WHERE design_id = 1"
    ).fetchone()
    assert warehouse.apply(second).tables == {"dim_design": TableLoad(inserted=1, updated=1)}

    assert conn.execute("SELECT design_id, design_name FROM dim_design ORDER BY 1").fetchall() == [
        (1, "Oak"),
        (2, "Ash"),
        (3, "Fir"),
    ]
    after = conn.execute("SELECT xmin, xmax, ctid FROM dim_design WHERE design_id = 1").fetchone()
    assert after == untouched


def test_null_and_value_differ_in_a_dimension(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    for number, order in ((1, None), (2, 9), (3, None)):
        row = {"transaction_id": 1, "transaction_type": "SALE", "sales_order_id": order}
        rows = {"dim_transaction": star_rows("dim_transaction", row)}
        warehouse.apply(commit(number, DAY_1, dimensions=rows))
        assert conn.execute("SELECT sales_order_id FROM dim_transaction").fetchone() == (order,)


def test_a_commit_is_loaded_once(warehouse: Warehouse, conn: psycopg.Connection[Any]) -> None:
    assert warehouse.loaded_through() == 0
    report = warehouse.apply(first_commit(payment(1, 7, 1, DAY_1)))
    assert (report.number, report.skipped) == (1, False)
    assert report.tables["fact_payment"] == TableLoad(inserted=1)
    assert report.seconds > 0

    again = warehouse.apply(first_commit(payment(1, 7, 1, DAY_1)))
    assert (again.skipped, again.tables) == (True, {})
    assert warehouse.loaded_through() == 1
    (row,) = conn.execute("SELECT * FROM etl.load_ledger").fetchall()
    assert row[:5] == (1, 1, 1, DAY_1, "run")
    assert row[6]["fact_payment"] == {"inserted": 1, "updated": 0, "deleted": 0}


def test_without_the_ledger_loading_again_changes_nothing(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    commits = [
        first_commit(payment(1, 7, 1, DAY_1), payment(2, 8, 1, DAY_1)),
        commit(
            2,
            DAY_2,
            facts=payments(payment(3, 7, 2, DAY_2, "update", paid=True)),
            fact_deletions={"fact_payment": deletions((8, 2, DAY_2))},
            dim_deletions={"dim_design": deletions((2, 2, DAY_2))},
        ),
    ]
    tables = ("fact_payment", "etl.fact_payment_event", "etl.dim_deletion")

    def content() -> list[list[Any]]:
        return [
            conn.execute(f"SELECT xmin, * FROM {t} ORDER BY 2, 3, 4").fetchall() for t in tables
        ]

    for batch in commits:
        warehouse.apply(batch)
    before = content()
    conn.execute("DELETE FROM etl.load_ledger")
    assert [warehouse.apply(batch).tables for batch in commits] == [{}, {}]
    assert content() == before


def test_dim_deletion_lists_what_is_deleted_now(
    warehouse: Warehouse, conn: psycopg.Connection[Any]
) -> None:
    def listed() -> list[Any]:
        query = "SELECT dim_table, business_id, batch FROM etl.dim_deletion ORDER BY 1, 2"
        return conn.execute(query).fetchall()

    def deleted(*keys: tuple[int, int, datetime]) -> dict[str, Batches]:
        return {"dim_design": deletions(*keys)}

    staff = {"dim_staff": deletions((1, 1, DAY_1))}
    warehouse.apply(commit(1, DAY_1, dim_deletions=deleted((1, 1, DAY_1)) | staff))
    warehouse.apply(commit(2, DAY_2, dim_deletions=deleted((1, 1, DAY_1), (2, 2, DAY_2))))
    assert listed() == [("dim_design", 1, 1), ("dim_design", 2, 2), ("dim_staff", 1, 1)]
    warehouse.apply(commit(3, DAY_3, dim_deletions=deleted()))
    assert listed() == [("dim_staff", 1, 1)]
    warehouse.apply(commit(4, DAY_3))
    assert listed() == [("dim_staff", 1, 1)]


def test_a_gap_between_commits_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(CommitMissing, match="has commits through 0 and needs 1 next"):
        warehouse.apply(commit(2, DAY_2))


def test_another_lakes_commit_is_refused(warehouse: Warehouse) -> None:
    warehouse.apply(commit(1, DAY_1))
    with pytest.raises(WarehouseAhead, match="loaded from another lake"):
        warehouse.apply(commit(1, DAY_2))


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(ContractInvalid, match="dim_design is no fact table"):
        commit(1, DAY_1, facts={"dim_design": deletions()})


def test_rows_that_lack_a_column_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(ContractInvalid, match="lack column design_id, design_name"):
        warehouse.apply(commit(1, DAY_1, dimensions={"dim_design": deletions((1, 1, DAY_1))}))
