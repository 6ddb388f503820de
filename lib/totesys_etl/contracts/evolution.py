"""How a source table's contract may differ from the one its rows in a lake were written by.

Columns may be added, and may move. What a stored row cannot tell (a column that is gone, another
type, another key) is refused. NOT NULL, defaults, foreign keys and the labels of an enum say
nothing of how rows are stored, so they may change freely.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import physical_type
from totesys_etl.errors import ContractChanged


def shape(table: SourceTable) -> tuple[str, ...]:
    """'name type' of every column in contract order: what rows and fingerprints depend on."""
    return tuple(_shape(table, column) for column in table.columns)


def added_columns(table: SourceTable, before: Sequence[str], written: str) -> tuple[str, ...]:
    """The columns of `table` that shape `before` lacks, in contract order.

    Raises ContractChanged for a column of `before` that is gone or is another one now; `written`
    says who wrote `before`.
    """
    now = shape(table)
    lost = sorted(set(before) - set(now))
    if lost:
        names = {entry.split()[0]: entry for entry in now}
        told = "; ".join(
            f"{entry} there is {names.get(entry.split()[0], 'no column')} here" for entry in lost
        )
        raise ContractChanged(
            f"{table.name}: {told} (there: {written}; here: this wheel). Columns can be added to a "
            "lake, not removed or retyped: put them back into contracts/source_tables.py, or "
            "start a new lake"
        )
    return tuple(
        column.name for column, entry in zip(table.columns, now, strict=True) if entry not in before
    )


def previous_contract(table: SourceTable, before: Sequence[str]) -> SourceTable:
    """`table` with the columns of shape `before` only, in that order, without foreign keys."""
    columns = {_shape(table, column): column for column in table.columns}
    return replace(table, columns=tuple(columns[entry] for entry in before), foreign_keys=())


def _shape(table: SourceTable, column: SourceColumn) -> str:
    key = " primary key" if column.name == table.primary_key else ""
    return f"{column.name} {physical_type(column.type)}{key}"


def check_tables(
    commit: str, held: Collection[str], contracted: Collection[str], needed: Collection[str]
) -> None:
    """ContractChanged if a commit holds a table without a contract, or lacks one that is needed."""
    unknown, missing = sorted(set(held) - set(contracted)), sorted(set(needed) - set(held))
    if unknown or missing:
        told = [f"{', '.join(names)} only in {where}" for names, where in (
            (missing, "the contracts"), (unknown, commit),
        ) if names]  # fmt: skip
        raise ContractChanged(
            f"{commit} was written by a wheel with other tables: {'; '.join(told)}. Deploy the "
            "wheel that wrote it; a table that is new comes with the next run of totesys_ingest"
        )
