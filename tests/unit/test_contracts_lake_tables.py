"""Shapes of the lake's files."""

import pytest

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.lake_tables import (
    DIM_DELETION,
    FACT_DELETION,
    QUARANTINE,
    LakeColumn,
    LakeTable,
    changes,
    current,
    star,
)
from totesys_etl.contracts.types import Integer, Text, TextList, Timestamp, Varchar
from totesys_etl.errors import ContractInvalid

CURRENCY = (
    LakeColumn("currency_id", Integer(), nullable=True),
    LakeColumn("currency_code", Varchar(3), nullable=True),
    LakeColumn("created_at", Timestamp(), nullable=True),
    LakeColumn("last_updated", Timestamp(), nullable=True),
)
NON_FINITE = LakeColumn("non_finite", Text(), nullable=True)
BATCH = LakeColumn("batch", Integer())
STAMPS = (LakeColumn("captured_at", Timestamp()), LakeColumn("valid_from", Timestamp()))


def test_changes() -> None:
    table = changes(SOURCE_TABLES["currency"])
    assert table.name == "currency"
    assert table.columns == (
        LakeColumn("op", Text()),
        *STAMPS,
        LakeColumn("changed", TextList()),
        NON_FINITE,
        *CURRENCY,
    )
    assert table.partition_keys == (LakeColumn("ingest_date", Text()), BATCH)


def test_current() -> None:
    table = current(SOURCE_TABLES["currency"])
    deleted = LakeColumn("deleted_in_batch", Integer(), nullable=True)
    assert table.columns == (*CURRENCY, NON_FINITE, BATCH, *STAMPS, deleted)
    assert table.partition_keys == (LakeColumn("range", Text()),)


def test_fact() -> None:
    table = star(STAR_TABLES["fact_payment"])
    erd = STAR_TABLES["fact_payment"].column_names
    assert table.column_names == (*erd, "op", "batch", "captured_at", "valid_from")
    assert table.partition_names == ("created_month",)
    assert not any(c.nullable for c in table.columns)


def test_dimension() -> None:
    table = star(STAR_TABLES["dim_transaction"])
    erd = STAR_TABLES["dim_transaction"].column_names
    assert table.column_names == (*erd, "batch", "captured_at", "valid_from")
    assert table.partition_names == ("key_range",)
    assert [c.name for c in table.columns if c.nullable] == ["sales_order_id", "purchase_order_id"]


def test_deletions_and_quarantine() -> None:
    deletion = ("business_id", "batch", "captured_at", "valid_from")
    assert (FACT_DELETION.column_names, FACT_DELETION.partition_names) == (
        deletion,
        ("fact_table",),
    )
    assert (DIM_DELETION.column_names, DIM_DELETION.partition_names) == (deletion, ("dim_table",))
    assert QUARANTINE.column_names == (
        *("record_id", "business_id", "column_name", "value", "reason", "op"),
        *("batch", "captured_at", "valid_from"),
    )
    assert [c.name for c in QUARANTINE.columns if c.nullable] == ["value"]


@pytest.mark.parametrize("columns", [(), (BATCH, BATCH)])
def test_no_column_or_one_twice_is_refused(columns: tuple[LakeColumn, ...]) -> None:
    with pytest.raises(ContractInvalid, match=r"bag.columns: none, or twice the same"):
        LakeTable("bag", columns, (), "one bag")
