"""What may change in a source table's contract while its lake goes on, and what may not."""

from dataclasses import replace
from typing import Any

import pytest

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.evolution import added_columns, previous_contract, shape
from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import Enumeration, Integer, Numeric, Text, Varchar
from totesys_etl.errors import ContractChanged

PAYMENT = SOURCE_TABLES["payment"]


def _with(table: SourceTable, *columns: SourceColumn, at: int = 0) -> SourceTable:
    return replace(table, columns=(*table.columns[:at], *columns, *table.columns[at:]))


def _changed(name: str, **values: Any) -> SourceTable:
    columns = tuple(replace(c, **values) if c.name == name else c for c in PAYMENT.columns)
    return replace(PAYMENT, columns=columns)


def test_a_shape_is_names_types_and_the_key_in_order() -> None:
    assert shape(SOURCE_TABLES["currency"]) == (
        "currency_id integer primary key",
        "currency_code character varying(3)",
        "created_at timestamp(3) without time zone",
        "last_updated timestamp(3) without time zone",
    )


def test_new_columns_are_named_in_contract_order_wherever_they_stand() -> None:
    fee, method = SourceColumn("fee", Numeric(10, 2)), SourceColumn("method", Text())
    grown = _with(_with(PAYMENT, fee, at=12), method, at=3)

    assert added_columns(grown, shape(PAYMENT), "batch 1") == ("method", "fee")
    assert previous_contract(grown, shape(PAYMENT)) == replace(PAYMENT, foreign_keys=())


def test_columns_that_moved_are_another_shape_with_nothing_new() -> None:
    moved = replace(PAYMENT, columns=tuple(reversed(PAYMENT.columns)))

    assert shape(moved) != shape(PAYMENT)
    assert added_columns(moved, shape(PAYMENT), "batch 1") == ()
    assert previous_contract(moved, shape(PAYMENT)).column_names == PAYMENT.column_names


@pytest.mark.parametrize(
    "same",
    [
        _changed("paid", nullable=True),
        _changed("paid", default="false"),
        _changed("payment_date", unique=True),
        replace(PAYMENT, foreign_keys=()),
        replace(PAYMENT, grain="one payment, reworded"),
    ],
    ids=["nullable", "default", "unique", "foreign keys", "grain"],
)
def test_what_rows_do_not_depend_on_is_no_part_of_a_shape(same: SourceTable) -> None:
    assert shape(same) == shape(PAYMENT)


def test_a_new_label_of_an_enum_is_the_same_shape() -> None:
    kind = SOURCE_TABLES["payment_type"]
    labelled = replace(
        kind,
        columns=tuple(
            replace(c, type=Enumeration(c.type.name, (*c.type.labels, "GIFT")))
            if isinstance(c.type, Enumeration)
            else c
            for c in kind.columns
        ),
    )
    assert labelled != kind
    assert shape(labelled) == shape(kind)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            replace(PAYMENT, columns=tuple(c for c in PAYMENT.columns if c.name != "paid")),
            "payment: paid boolean there is no column here (there: batch 7; here: this wheel). ",
        ),
        (
            _changed("payment_date", type=Varchar(10)),
            "payment_date text there is payment_date character varying(10) here",
        ),
        (
            replace(_changed("transaction_id", type=Integer()), primary_key="transaction_id"),
            "payment_id integer primary key there is payment_id integer here",
        ),
    ],
    ids=["removed", "retyped", "another key"],
)
def test_what_a_stored_row_cannot_tell_is_refused(other: SourceTable, told: str) -> None:
    with pytest.raises(ContractChanged) as refused:
        added_columns(other, shape(PAYMENT), "batch 7")
    assert told in str(refused.value)
    assert "contracts/source_tables.py" in str(refused.value)
    assert "\n" not in str(refused.value)
