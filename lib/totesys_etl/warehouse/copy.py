"""Arrow record batches into PostgreSQL through COPY, without touching a row in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from typing import TypeAlias

import pyarrow as pa
import pyarrow.csv as csv
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.errors import ContractInvalid

Batches: TypeAlias = Callable[[], Iterable[pa.RecordBatch]]
"""Reads rows again at every call: a transaction that is tried again reads them again."""

_RENDERING = csv.WriteOptions(include_header=False, quoting_style="needed")
"""Texts are always quoted, NULL is nothing at all: COPY tells '' from NULL by that."""


def copy_batches(
    cur: Cursor[TupleRow],
    table: sql.Identifier,
    columns: Sequence[str],
    batches: Iterable[pa.RecordBatch],
) -> int:
    """Append `columns` of `batches`, found by name, to `table`; returns the number of rows.

    Decimals go as exact text, time as its text, timestamps as naive UTC. Raises ContractInvalid
    for a batch that lacks a column, and psycopg errors for values that `table` refuses.
    Source: PostgreSQL manual, COPY, "CSV Format".
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    rows = 0
    with cur.copy(statement) as copy:
        for batch in batches:
            copy.write(rendered(batch, columns))
            rows += batch.num_rows
    return rows


def rendered(batch: pa.RecordBatch, columns: Sequence[str]) -> bytes:
    """`columns` of one batch as CSV without a header."""
    missing = [c for c in columns if c not in batch.schema.names]
    if missing:
        raise ContractInvalid(
            f"rows for the warehouse lack column {', '.join(missing)} (they have"
            f" {', '.join(batch.schema.names)}): were the files written by another version?"
        )
    text = BytesIO()
    arrays = [_naive(batch.column(c)) for c in columns]
    csv.write_csv(pa.RecordBatch.from_arrays(arrays, names=list(columns)), text, _RENDERING)
    return text.getvalue()


def peeked(batches: Iterable[pa.RecordBatch], rows: int) -> tuple[int, Iterator[pa.RecordBatch]]:
    """Read ahead until `rows` rows have come; returns how many came, and all batches again."""
    ahead: list[pa.RecordBatch] = []
    seen = 0
    rest = iter(batches)
    for batch in rest:
        ahead.append(batch)
        seen += batch.num_rows
        if seen >= rows:
            break

    def everything() -> Iterator[pa.RecordBatch]:
        yield from ahead
        yield from rest

    return seen, everything()


def _naive(array: pa.Array) -> pa.Array:
    """A timestamp that says UTC would print a zone; the warehouse's are naive UTC."""
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return array.cast(pa.timestamp(array.type.unit))
    return array
