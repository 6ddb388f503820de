"""A contract that is incomplete or contradicts itself can not be built."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from totesys_etl.contracts.model import (
    ForeignKey,
    Join,
    Kind,
    SourceColumn,
    SourceTable,
    StarColumn,
    StarTable,
)
from totesys_etl.contracts.origins import CalendarField, Copy, DateOf, RecordId
from totesys_etl.contracts.types import (
    Date,
    Enumeration,
    Integer,
    Numeric,
    Text,
    Timestamp,
    Varchar,
)
from totesys_etl.errors import ContractInvalid

STAMPS = (SourceColumn("created_at", Timestamp()), SourceColumn("last_updated", Timestamp()))
TOTE = SourceTable(
    name="tote",
    grain="one tote bag",
    columns=(SourceColumn("tote_id", Integer()), SourceColumn("colour", Text()), *STAMPS),
    primary_key="tote_id",
)
FACT_TOTE = StarTable(
    name="fact_tote",
    kind=Kind.FACT,
    grain="one version of one tote bag",
    columns=(
        StarColumn("tote_record_id", Integer(), RecordId()),
        StarColumn("tote_id", Integer(), Copy("tote", "tote_id")),
        StarColumn("created_date", Date(), DateOf("tote", "created_at")),
    ),
    primary_key="tote_record_id",
    business_key="tote_id",
    source="tote",
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "table name '' must be lower case and not empty"),
        ({"name": "Tote"}, "table name 'Tote' must be lower case"),
        ({"grain": " "}, "tote.grain is empty: say what one row is"),
        ({"columns": ()}, "tote.columns is empty"),
        ({"columns": (*TOTE.columns, *STAMPS)}, r"tote.columns: \['created_at', 'last_updated'\]"),
        ({"columns": TOTE.columns[:-1]}, "tote has no column last_updated"),
        ({"primary_key": "bag_id"}, "tote has no column bag_id"),
        ({"primary_key": "colour"}, "tote.primary_key colour must be a NOT NULL integer"),
        (
            {"columns": (replace(TOTE.columns[0], nullable=True), *TOTE.columns[1:])},
            "tote.primary_key tote_id must be a NOT NULL integer",
        ),
        (
            {"columns": (*TOTE.columns[:3], SourceColumn("last_updated", Text()))},
            "tote.last_updated must be a NOT NULL timestamp",
        ),
        (
            {"columns": (*TOTE.columns, SourceColumn("batch", Integer()))},
            r"tote.columns: reserved name \['batch'\]",
        ),
        ({"foreign_keys": (ForeignKey("shop_id", "shop", "shop_id"),)}, "no column shop_id"),
    ],
)
def test_source_table_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractInvalid, match=message):
        replace(TOTE, **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"business_key": "shop_id"}, "fact_tote has no column shop_id"),
        ({"business_key": "tote_record_id"}, "fact_tote.business_key is the surrogate"),
        ({"kind": Kind.DIMENSION}, "fact_tote.primary_key: only a fact's key is a record id"),
        ({"primary_key": "tote_id"}, "fact_tote.tote_record_id: record id must be the key"),
        ({"source": "shop"}, "fact_tote.tote_id: origin tote is neither source nor join"),
        (
            {"source": "shop", "join": Join("tote", "tote_id", "tote_id")},
            "fact_tote.created_date: origin table tote is not shop",
        ),
        (
            {"columns": (*FACT_TOTE.columns, StarColumn("year", Integer(), CalendarField("year")))},
            "fact_tote.year: calendar has no source",
        ),
        (
            {"columns": (replace(FACT_TOTE.columns[0], nullable=True), *FACT_TOTE.columns[1:])},
            "fact_tote.primary_key tote_record_id must be NOT NULL",
        ),
        (
            {
                "columns": (
                    *FACT_TOTE.columns,
                    StarColumn("shop_id", Integer(), Copy("tote", "tote_id"), nullable=True),
                ),
                "foreign_keys": (ForeignKey("shop_id", "dim_shop", "shop_id"),),
            },
            "fact_tote.shop_id: foreign key is nullable",
        ),
    ],
)
def test_star_table_refuses(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractInvalid, match=message):
        replace(FACT_TOTE, **change)


def test_mapped_columns_are_those_of_the_driving_table_only() -> None:
    assert FACT_TOTE.mapped_columns == {"tote_id", "created_at"}
    assert FACT_TOTE.source_tables == ("tote",)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Varchar(0), "at least 1, not 0"),
        (lambda: Numeric(2, 3), r"Numeric\(2,3\)"),
        (lambda: Numeric(39, 2), r"Numeric\(39,2\)"),
        (lambda: Numeric(0, 0), r"Numeric\(0,0\)"),
        (lambda: Enumeration("", ("A",)), "Enumeration.name"),
        (lambda: Enumeration("Mood", ()), "Enumeration.name"),
        (lambda: Enumeration("Mood", ("A", "A")), "distinct labels"),
    ],
)
def test_types_refuse(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ContractInvalid, match=message):
        build()
