"""The shapes of the Parquet files in the lake: raw changes, current rows, star tables.

Every file of a table has these columns in this order. Partition keys are in the path and the
catalogue, never in a file (Athena would see the column twice).
"""

from __future__ import annotations

from dataclasses import dataclass

from totesys_etl.contracts.model import Kind, SourceTable, StarTable
from totesys_etl.contracts.types import ColumnType, Integer, Text, TextList, Timestamp
from totesys_etl.errors import ContractInvalid


@dataclass(frozen=True)
class LakeColumn:
    """One column of a Parquet file, or one partition key."""

    name: str
    type: ColumnType
    nullable: bool = False


@dataclass(frozen=True)
class LakeTable:
    """One table of the lake: what a file holds, what its path says, what one row is."""

    name: str
    columns: tuple[LakeColumn, ...]
    partition_keys: tuple[LakeColumn, ...]
    description: str

    def __post_init__(self) -> None:
        names = self.column_names
        twice = sorted({n for n in names if names.count(n) > 1})
        if not names or twice:
            raise ContractInvalid(f"{self.name}.columns: none, or twice the same: {twice}")

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def partition_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.partition_keys)


OP = LakeColumn("op", Text())
"""insert, update or delete."""
BATCH = LakeColumn("batch", Integer())
"""Number of the raw commit that brought the row."""
CAPTURED_AT = LakeColumn("captured_at", Timestamp())
"""When the platform saw the row."""
VALID_FROM = LakeColumn("valid_from", Timestamp())
"""When the row became so, as far as the source tells."""
NON_FINITE = LakeColumn("non_finite", Text(), nullable=True)
"""`column=value` of every value that no lake type can hold, comma separated; else NULL."""


def _source_columns(table: SourceTable) -> tuple[LakeColumn, ...]:
    """All nullable: a value that is not finite is NULL and named in `non_finite`."""
    return tuple(LakeColumn(c.name, c.type, nullable=True) for c in table.columns)


def changes(table: SourceTable) -> LakeTable:
    """Raw changes of one source table. Key: (batch, primary key)."""
    return LakeTable(
        name=table.name,
        columns=(
            OP,
            CAPTURED_AT,
            VALID_FROM,
            LakeColumn("changed", TextList()),
            NON_FINITE,
            *_source_columns(table),
        ),
        partition_keys=(LakeColumn("ingest_date", Text()), BATCH),
        description=f"One row per change of {table.name} that a batch found ({table.grain}).",
    )


def current(table: SourceTable) -> LakeTable:
    """The last row of every key ever seen. Key: the primary key."""
    return LakeTable(
        name=table.name,
        columns=(
            *_source_columns(table),
            NON_FINITE,
            BATCH,
            CAPTURED_AT,
            VALID_FROM,
            LakeColumn("deleted_in_batch", Integer(), nullable=True),
        ),
        partition_keys=(LakeColumn("range", Text()),),
        description=f"The last row of every {table.name} ever seen ({table.grain}).",
    )


def star(table: StarTable) -> LakeTable:
    """One warehouse table in Parquet: its ERD columns, then when and by which batch.

    A fact is partitioned by the month it was created in ('yyyy-MM'), a dimension by key range;
    dim_date's key range is its year.
    """
    erd = tuple(LakeColumn(c.name, c.type, c.nullable) for c in table.columns)
    is_fact = table.kind is Kind.FACT
    return LakeTable(
        name=table.name,
        columns=(*erd, *((OP,) if is_fact else ()), BATCH, CAPTURED_AT, VALID_FROM),
        partition_keys=(LakeColumn("created_month" if is_fact else "key_range", Text()),),
        description=table.grain[0].upper() + table.grain[1:] + ".",
    )


def _deletion(name: str, description: str, partition_key: str) -> LakeTable:
    return LakeTable(
        name=name,
        columns=(LakeColumn("business_id", Integer()), BATCH, CAPTURED_AT, VALID_FROM),
        partition_keys=(LakeColumn(partition_key, Text()),),
        description=description,
    )


FACT_DELETION = _deletion(
    "fact_deletion", "One deletion of one fact's business id at the source.", "fact_table"
)

DIM_DELETION = _deletion(
    "dim_deletion", "One dimension key that is deleted at the source now.", "dim_table"
)

QUARANTINE = LakeTable(
    name="quarantine",
    columns=(
        LakeColumn("record_id", Integer()),
        LakeColumn("business_id", Integer()),
        LakeColumn("column_name", Text()),
        LakeColumn("value", Text(), nullable=True),
        LakeColumn("reason", Text()),
        OP,
        BATCH,
        CAPTURED_AT,
        VALID_FROM,
    ),
    partition_keys=(LakeColumn("star_table", Text()),),
    description="One value that kept one fact version out of its table, and why.",
)
