"""Rows as COPY text, names and migrations: what can be seen without a server."""

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.model import Kind
from totesys_etl.errors import ContractInvalid
from totesys_etl.warehouse.copy import peeked, rendered
from totesys_etl.warehouse.etl_schema import entity
from totesys_etl.warehouse.migrations import migrations


def test_every_type_as_copy_text() -> None:
    batch = pa.RecordBatch.from_pylist(
        [
            {
                "id": -1,
                "name": 'O\'Hara, "x"',
                "price": Decimal("-0.10"),
                "day": date(1960, 2, 29),
                "at": datetime(2026, 11, 2, 9, 0, 0, 1000),
                "utc": datetime(2026, 11, 2, 9, 0),
                "paid": True,
                "unused": 5,
            },
            {"id": 2, "name": ""},
            {"id": 3},
        ],
        schema=pa.schema(
            {
                "id": pa.int32(),
                "name": pa.string(),
                "price": pa.decimal128(10, 2),
                "day": pa.date32(),
                "at": pa.timestamp("us"),
                "utc": pa.timestamp("us", "UTC"),
                "paid": pa.bool_(),
                "unused": pa.int32(),
            }
        ),
    )
    columns = ["name", "id", "price", "day", "at", "utc", "paid"]
    assert rendered(batch, columns).decode().splitlines() == [
        '"O\'Hara, ""x""",-1,-0.10,1960-02-29,2026-11-02 09:00:00.001000,'
        "2026-11-02 09:00:00.000000,true",
        '"",2,,,,,',
        ",3,,,,,",
    ]


def test_a_missing_column_is_named() -> None:
    batch = pa.RecordBatch.from_pylist([{"id": 1}])
    with pytest.raises(ContractInvalid, match=r"lack column name \(they have id\)"):
        rendered(batch, ["id", "name"])


@pytest.mark.parametrize(("rows", "seen"), [(0, 2), (2, 2), (3, 4), (9, 6)])
def test_peeking_reads_no_further_than_needed_and_loses_nothing(rows: int, seen: int) -> None:
    batches = [pa.RecordBatch.from_pylist([{"id": i}, {"id": i}]) for i in range(3)]
    count, everything = peeked(batches, rows)
    assert count == seen
    assert list(everything) == batches


def test_nothing_to_peek_at() -> None:
    count, everything = peeked([], 1)
    assert (count, list(everything)) == (0, [])


def test_what_users_call_a_fact() -> None:
    facts = [table for table in STAR_TABLES.values() if table.kind is Kind.FACT]
    assert [entity(fact) for fact in facts] == ["sales_order", "purchase_order", "payment"]


def test_an_applied_migration_never_changes() -> None:
    """When this fails, restore the migration and give the change a number of its own."""
    frozen = {m.name: m.checksum[:12] for m in migrations() if not m.repeatable}
    assert frozen == {"etl_tables": "d5082713d34c", "event_tables": "d32a465a48df"}


def test_every_fact_has_an_event_table() -> None:
    statements = " ".join(s.as_string(None) for m in migrations() for s in m.statements)
    for table in STAR_TABLES.values():
        has_events = f'CREATE TABLE "etl"."{table.name}_event"' in statements
        assert has_events == (table.kind is Kind.FACT)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [m.number for m in migrations()] == [1, 2, 3, 4]
