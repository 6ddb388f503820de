"""The canonical text and fingerprints of `canonical`, in Arrow.

What Spark needs seconds for in a cold JVM, the rows of one key range, takes Arrow some 100 ms.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from totesys_etl.contracts.model import Column, SourceTable
from totesys_etl.contracts.types import ColumnType, Text, Timestamp
from totesys_etl.fingerprints.canonical import (
    DIGITS,
    NON_FINITE,
    RANGE_SIZE,
    is_free_text,
    shift_of,
)

_BYTES = -(-DIGITS // 2)
_SPARE_BITS = 8 * _BYTES - 4 * DIGITS


def arrow_canonical(rows: pa.Table, columns: Iterable[Column]) -> pa.ChunkedArray:
    """The canonical text of each row of `columns` and `non_finite`, as `spark_canonical` has it.

    Raises TypeUnsupported.
    """
    typed: list[tuple[str, ColumnType]] = [(c.name, c.type) for c in columns]
    texts = [_text(rows.column(name), name, type) for name, type in [*typed, (NON_FINITE, Text())]]
    return pc.binary_join_element_wise(*texts, "|")


def arrow_fingerprints(
    rows: pa.Table, table: SourceTable, size: int = RANGE_SIZE
) -> dict[int, tuple[int, int]]:
    """Range number -> (rows, fingerprint) per `size` keys of `rows`, as in PostgreSQL.

    `rows` has the columns of `snapshot_query`; others are ignored. Raises TypeUnsupported.
    """
    texts = arrow_canonical(rows, table.columns).cast(pa.binary())
    digests = (
        int.from_bytes(hashlib.md5(text, usedforsecurity=False).digest()[:_BYTES]) >> _SPARE_BITS
        for text in texts.to_pylist()
    )
    numbers = _numbers(rows.column(table.primary_key), size)
    summed = (
        pa.Table.from_arrays([numbers, _integers(digests)], ["number", "digest"])
        .group_by("number", use_threads=False)
        .aggregate([("digest", "count"), ("digest", "sum")])
    )
    return {row["number"]: (row["digest_count"], row["digest_sum"]) for row in summed.to_pylist()}


def in_slices(rows: pa.Table, key: str, slices: Iterable[int], size: int) -> pa.Table:
    """The rows whose keys lie in these slices of `size` keys."""
    wanted = _integers(slices)
    return rows.filter(pc.is_in(_numbers(rows.column(key), size), value_set=wanted))


def _numbers(keys: pa.ChunkedArray, size: int) -> pa.ChunkedArray:
    return pc.shift_right(keys.cast(pa.int64()), pa.scalar(shift_of(size), pa.int64()))


def _integers(numbers: Iterable[int]) -> pa.Array:
    """An array of int64. Not pa.array: that imports pandas, a second for every Python worker."""
    values = array("q", numbers)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _text(values: pa.ChunkedArray, name: str, type: ColumnType) -> pa.ChunkedArray:
    """'~' for NULL."""
    if is_free_text(name, type):
        text = pc.binary_join_element_wise(pc.utf8_length(values).cast(pa.string()), values, ":")
    elif isinstance(type, Timestamp):
        # All six digits after the point are printed; PostgreSQL and Spark leave out last zeros.
        naive = values.cast(pa.timestamp("us")).cast(pa.string())
        text = pc.utf8_rtrim(pc.utf8_rtrim(naive, "0"), ".")
    else:
        text = values.cast(pa.string())
    return pc.fill_null(text, "~")
