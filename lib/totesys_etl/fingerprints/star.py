"""Fingerprints of star rows, the same in PostgreSQL (the warehouse) and in Spark (the lake).

As for the source (`canonical`): one canonical text per row, the first 44 bits of its md5, summed up
per key range. `columns` say what a row is, its key first: `lake_tables.star(fact).columns` for
versions with their history, `StarTable.columns` for what the ERD shows. A range is 65,536 integer
keys, or the year of a day: what a dimension's partition holds.

PostgreSQL: database encoding UTF8, session `datestyle` ISO. Spark: session time zone UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from psycopg import sql

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.contracts.model import Column, Kind
from totesys_etl.contracts.types import Date, Integer, Time
from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.canonical import (
    DIGITS,
    RANGE_SIZE,
    postgres_text,
    range_name,
)

Fingerprints = dict[int, tuple[int, int]]
"""Rows and fingerprint by number of the key range; by key, where the size of a range is 1."""

MODULUS = 2**64
"""Spark's sums are 64 bits; PostgreSQL's are exact and brought down to them."""


def warehouse_columns(table: LakeTable) -> tuple[Column, ...]:
    """The columns of a star's `table` that the warehouse has too: a dimension's stamps are not."""
    star = STAR_TABLES.get(table.name)
    return star.columns if star and star.kind is Kind.DIMENSION else table.columns


def postgres_star_fingerprints(
    columns: Sequence[Column],
    rows: sql.Composable,
    where: sql.Composable | None = None,
    size: int = RANGE_SIZE,
) -> sql.Composed:
    """SELECT of the same three values from `rows`: a table, or a query in brackets.

    `where` is a condition on its columns. Raises TypeUnsupported, ContractInvalid.
    """
    texts = (
        sql.SQL("coalesce({}, '~')").format(postgres_text(c.name, c.type))
        if not isinstance(c.type, Time)
        else sql.SQL("coalesce({}::text, '~')").format(sql.Identifier(c.name))
        for c in columns
    )
    return sql.SQL(
        "SELECT {number} AS {range}, count(*) AS {rows_},"
        " sum(('x' || substr(md5(concat_ws('|', {texts})), 1, {digits}))::bit({bits})::bigint)"
        " AS fingerprint FROM {rows} AS star{where} GROUP BY 1"
    ).format(
        number=_postgres_range(columns[0], size),
        range=sql.Identifier("range"),
        rows_=sql.Identifier("rows"),
        texts=sql.SQL(", ").join(texts),
        digits=sql.Literal(DIGITS),
        bits=sql.Literal(4 * DIGITS),
        rows=rows,
        where=sql.SQL("") if where is None else sql.SQL(" WHERE {}").format(where),
    )


def fingerprints(rows: Iterable[Sequence[int]]) -> Fingerprints:
    """The result of either query, comparable."""
    return {int(n): (int(count), int(total) % MODULUS) for n, count, total in rows}


def together(parts: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    """Rows and fingerprint of all ranges."""
    rows = sum(rows for rows, _ in parts.values())
    return rows, sum(total for _, total in parts.values()) % MODULUS


def differing(one: Fingerprints, other: Fingerprints) -> list[int]:
    """Numbers of the ranges (or keys) that are not the same in both, in order."""
    return sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))


def in_ranges(key: Column, numbers: Iterable[int]) -> sql.Composed:
    """Condition: `key` lies in one of these ranges; an index on it can be used."""
    conditions = [
        sql.SQL("({key} >= {first} AND {key} < {end})").format(
            key=sql.Identifier(key.name), first=_bound(key, first), end=_bound(key, last + 1)
        )
        for first, last in _runs(numbers)
    ]
    return sql.SQL("({})").format(sql.SQL(" OR ").join(conditions or [sql.SQL("FALSE")]))


def shown_range(key: Column, number: int) -> str:
    """The range as partitions name it: '00003', or '2024'."""
    return f"{number:04d}" if isinstance(key.type, Date) else range_name(number)


def shown_key(key: Column, number: int) -> str:
    """A key as a person knows it; `number` is its range of size 1."""
    if isinstance(key.type, Date):
        return f"{number // 10000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"
    return str(number)


def _postgres_range(key: Column, size: int) -> sql.Composed:
    column = sql.Identifier(key.name)
    match key.type, checked_size(size):
        case Integer(), 1:
            return sql.SQL("{}::bigint").format(column)
        case Integer(), _:
            shift = sql.Literal(RANGE_SIZE.bit_length() - 1)
            return sql.SQL("({} >> {})::bigint").format(column, shift)
        case Date(), 1:
            return sql.SQL("to_char({}, 'YYYYMMDD')::bigint").format(column)
        case Date(), _:
            return sql.SQL("extract(year FROM {})::bigint").format(column)
    raise ContractInvalid(f"{key.name}: only an integer or a day is a key of a star table")


def checked_size(size: int) -> int:
    if size not in (1, RANGE_SIZE):
        raise ContractInvalid(f"range size {size} must be 1 or {RANGE_SIZE}")
    return size


def _bound(key: Column, number: int) -> sql.Composable:
    if isinstance(key.type, Date):
        return sql.SQL("make_date({}, 1, 1)").format(sql.Literal(number))
    return sql.SQL("{}::bigint").format(sql.Literal(number * RANGE_SIZE))


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of every run of consecutive numbers."""
    runs = []
    for _, group in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in group]
        runs.append((members[0], members[-1]))
    return runs
