"""What the warehouse holds, as counts and sums over its rows' text: to compare two databases.

Both sides are PostgreSQL and print their rows alike, so a row's text is its own canonical form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.canonical import DIGITS
from totesys_etl.contracts.model import Kind
from totesys_etl.contracts.types import Date
from totesys_etl.warehouse.etl_schema import (
    DELETION_COLUMNS,
    DIM_DELETION,
    EVENT_COLUMNS,
    FACT_DELETION,
    event_table,
)
from totesys_etl.warehouse.staging import names

SLICE = 256
"""Keys of one slice: fine enough to find a row that differs, coarse enough to compare millions."""


@dataclass(frozen=True)
class TableContent:
    """Slice (key / SLICE) -> rows and sum of 44-bit digests; `key` is the column's name."""

    key: str
    slices: Mapping[int, tuple[int, int]]

    @property
    def rows(self) -> int:
        return sum(rows for rows, _ in self.slices.values())

    @property
    def total(self) -> int:
        return sum(total for _, total in self.slices.values())


WarehouseContent: TypeAlias = Mapping[str, TableContent]


@dataclass(frozen=True)
class _Compared:
    """A table, its key (`dated`: a date, whose number is that of the day), what is compared."""

    table: sql.Identifier
    key: str
    columns: tuple[str, ...]
    dated: bool = False


def warehouse_content(cur: Cursor[TupleRow], schema: str) -> dict[str, TableContent]:
    """By table: the eleven star tables, the events of each fact, and both lists of deletions."""
    found = {}
    for name, compared in _compared(schema):
        cur.execute(
            sql.SQL(
                "SELECT {slice}, count(*), sum({digest}::bit({bits})::bigint) FROM {table} AS t"
                " GROUP BY 1"
            ).format(
                slice=_slice(compared),
                digest=sql.SQL("('x' || {})").format(_digest(compared)),
                bits=sql.Literal(4 * DIGITS),
                table=compared.table,
            )
        )
        slices = {number: (rows, int(total)) for number, rows, total in cur.fetchall()}
        found[name] = TableContent(compared.key, slices)
    return found


def key_digests(cur: Cursor[TupleRow], table: str, schema: str, slice_: int) -> dict[Any, str]:
    """Key -> digests of its rows, of one slice of `table`."""
    compared = dict(_compared(schema))[table]
    cur.execute(
        sql.SQL(
            "SELECT t.{key}, string_agg({digest}, ',' ORDER BY {digest}) FROM {table} AS t"
            " WHERE {slice} = %s GROUP BY 1"
        ).format(
            key=sql.Identifier(compared.key),
            digest=_digest(compared),
            table=compared.table,
            slice=_slice(compared),
        ),
        [slice_],
    )
    return dict(cur.fetchall())


def _compared(schema: str) -> Iterator[tuple[str, _Compared]]:
    for table in STAR_TABLES.values():
        star = sql.Identifier(schema, table.name)
        dated = isinstance(table.column(table.primary_key).type, Date)
        yield table.name, _Compared(star, table.primary_key, table.column_names, dated)
    for table in STAR_TABLES.values():
        if table.kind is Kind.FACT:
            columns = (*EVENT_COLUMNS, "supersedes")
            event = _Compared(event_table(table), "business_id", columns)
            yield f"{table.name}_event", event
    for name, deletion, of in (
        ("fact_deletion", FACT_DELETION, "fact_table"),
        ("dim_deletion", DIM_DELETION, "dim_table"),
    ):
        yield name, _Compared(deletion, "business_id", (of, *DELETION_COLUMNS))


def _slice(compared: _Compared) -> sql.Composed:
    key = sql.SQL("t.{}").format(sql.Identifier(compared.key))
    if compared.dated:
        key = sql.SQL("({} - date '2000-01-01')").format(key)
    # An arithmetic shift is a division that rounds down, for negative keys too.
    return sql.SQL("({} >> {})::integer").format(key, sql.Literal(SLICE.bit_length() - 1))


def _digest(compared: _Compared) -> sql.Composed:
    return sql.SQL("substr(md5(ROW({})::text), 1, {})").format(
        names(compared.columns, "t"), sql.Literal(DIGITS)
    )
