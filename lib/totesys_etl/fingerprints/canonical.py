"""One canonical text per row, the same in PostgreSQL, Spark and Arrow, and fingerprints over it.

All engines take the md5 of the text of every row and add up its first 44 bits per key range: an
order-free sum that fits a bigint, for 65,536 keys x 2^44 < 2^63. Equal count and sum in a range
mean equal rows there. A text is written as `length:text` and NULL as `~`, so no two rows have the
same canonical text, whatever separators are inside a value.

PostgreSQL: database encoding UTF8, session `datestyle` ISO. Spark: session time zone UTC.
"""

from __future__ import annotations

from typing import assert_never

from psycopg import sql

from totesys_etl.contracts.model import SourceColumn, SourceTable
from totesys_etl.contracts.types import (
    BigInteger,
    Boolean,
    ColumnType,
    Date,
    Enumeration,
    Integer,
    Numeric,
    Text,
    TextList,
    Time,
    Timestamp,
    Varchar,
)
from totesys_etl.errors import ContractInvalid, TypeUnsupported

RANGE_SIZE = 65536
"""Keys in one key range."""
SLICE_SIZE = 256
"""Keys in one slice of a key range: what a drill-down tells apart."""
DIGITS = 11
"""Hexadecimal digits of the md5 that count: 44 bits."""
LARGEST_SAFE_SCALE = 6
"""Spark prints decimals with more digits after the point in scientific notation (0E-7)."""
NON_FINITE = "non_finite"

_CARRIED = {
    "timestamp": (sql.SQL("timestamp '1583-01-01'"), sql.SQL("timestamp '10000-01-01'")),
    "date": (sql.SQL("date '1583-01-01'"), sql.SQL("date '10000-01-01'")),
}
"""Days that PostgreSQL, the JDBC driver, Spark and Parquet agree on: the JVM counts earlier ones by
the Julian calendar, and writes a sign before later years."""


def range_name(number: int) -> str:
    """'00003' for key range 3, '-0001' for the range of the keys -65536..-1."""
    return f"{number:05d}"


def snapshot_query(
    table: SourceTable, schema: str = "public", where: sql.Composable | None = None
) -> sql.Composed:
    """SELECT of every contract column by name, then `non_finite`, from `schema`.`table`.

    Enums and times are text. A timestamp or date that is infinite or outside 1583..9999, and a
    numeric NaN, is NULL and named in `non_finite` ('created_at=infinity,unit_price=NaN', contract
    order; NULL if there is none). `where` is a condition on the table's own columns.
    Raises TypeUnsupported.
    """
    values = [sql.SQL("{} AS {}").format(_value(c), sql.Identifier(c.name)) for c in table.columns]
    values.append(sql.SQL("{} AS {}").format(_non_finite(table), sql.Identifier(NON_FINITE)))
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(values), sql.Identifier(schema, table.name)
    )
    return query if where is None else sql.SQL("{} WHERE {}").format(query, where)


def postgres_canonical(table: SourceTable) -> sql.Composed:
    """The canonical text of a row of `table`, as an expression over `snapshot_query`'s columns.

    Raises TypeUnsupported.
    """
    typed: list[tuple[str, ColumnType]] = [(c.name, c.type) for c in table.columns]
    texts = [postgres_text(name, type) for name, type in [*typed, (NON_FINITE, Text())]]
    # A coalesce even where the contract says NOT NULL: leaving it out saves a tenth of the time,
    # and mixes columns up once somebody drops the constraint at the source.
    return sql.SQL("concat_ws('|', {})").format(
        sql.SQL(", ").join(sql.SQL("coalesce({}, '~')").format(text) for text in texts)
    )


def postgres_fingerprints(
    table: SourceTable,
    schema: str = "public",
    where: sql.Composable | None = None,
    size: int = RANGE_SIZE,
) -> sql.Composed:
    """SELECT of range, rows and fingerprint (bigint each) per `size` keys of `table`.

    Grain: one key range that holds rows. Range n is the keys n * size .. n * size + size - 1.
    `size` is a power of two, at most RANGE_SIZE. Raises TypeUnsupported.
    """
    # An arithmetic shift is a division that rounds down, for negative keys too.
    number = sql.SQL("({} >> {})::bigint").format(
        sql.Identifier(table.primary_key), sql.Literal(shift_of(size))
    )
    return sql.SQL(
        "SELECT {number} AS {range}, count(*) AS {rows},"
        " sum(('x' || substr(md5({canonical}), 1, {digits}))::bit({bits})::bigint)::bigint"
        " AS fingerprint FROM ({snapshot}) AS snapshot GROUP BY 1"
    ).format(
        number=number,
        range=sql.Identifier("range"),
        rows=sql.Identifier("rows"),
        canonical=postgres_canonical(table),
        digits=sql.Literal(DIGITS),
        bits=sql.Literal(4 * DIGITS),
        snapshot=snapshot_query(table, schema, where),
    )


def shift_of(size: int) -> int:
    """By how many bits a key is shifted to its range or slice of `size` keys; ContractInvalid."""
    if size < 1 or size > RANGE_SIZE or size & (size - 1):
        raise ContractInvalid(f"range size {size} must be a power of two, at most {RANGE_SIZE}")
    return size.bit_length() - 1


def _value(column: SourceColumn) -> sql.Composable:
    name = sql.Identifier(column.name)
    match column.type:
        case Enumeration():
            return sql.SQL("{}::text").format(name)
        case Time():
            return sql.SQL("to_char({}, 'HH24:MI:SS.MS')").format(name)
        case Timestamp() | Date():
            return sql.SQL("CASE WHEN {} THEN {} END").format(_is_carried(column), name)
        case Numeric():
            return sql.SQL("NULLIF({}, 'NaN')").format(name)
        case Integer() | BigInteger() | Boolean() | Text() | Varchar():
            return name
        case TextList():
            raise TypeUnsupported(f"{column.name}: a text list is no source column type")
        case _:
            assert_never(column.type)


def _is_carried(column: SourceColumn) -> sql.Composed:
    """Condition: the value can be carried as it is (NULL for NULL)."""
    name = sql.Identifier(column.name)
    if isinstance(column.type, Numeric):
        return sql.SQL("{} <> 'NaN'").format(name)
    first, end = _CARRIED["date" if isinstance(column.type, Date) else "timestamp"]
    return sql.SQL("({name} >= {first} AND {name} < {end})").format(name=name, first=first, end=end)


def _non_finite(table: SourceTable) -> sql.Composable:
    columns = [c for c in table.columns if isinstance(c.type, Timestamp | Date | Numeric)]
    named = [
        sql.SQL("CASE WHEN NOT {} THEN {} || {}::text END").format(
            _is_carried(c), sql.Literal(f"{c.name}="), sql.Identifier(c.name)
        )
        for c in columns
    ]
    # The first branch is the cheap way out for the rows, nearly all, where nothing is to be named.
    return sql.SQL("CASE WHEN {} THEN NULL ELSE NULLIF(concat_ws(',', {}), '') END").format(
        sql.SQL(" AND ").join(map(_is_carried, columns)), sql.SQL(", ").join(named)
    )


def postgres_text(name: str, type: ColumnType) -> sql.Composed:
    """The text of one value, NULL for NULL. Raises TypeUnsupported."""
    column = sql.Identifier(name)
    if is_free_text(name, type):
        return sql.SQL("length({column}) || ':' || {column}").format(column=column)
    return sql.SQL("{}::text").format(column)


def is_free_text(name: str, type: ColumnType) -> bool:
    """Whether the value may hold separators; raises TypeUnsupported where engines print apart."""
    match type:
        case Text() | Varchar() | Enumeration():
            return True
        case Numeric(scale=scale) if scale > LARGEST_SAFE_SCALE:
            raise TypeUnsupported(
                f"{name}: canonical text of {type} is not the same in PostgreSQL and Spark; "
                f"scales up to {LARGEST_SAFE_SCALE} are"
            )
        case Integer() | BigInteger() | Boolean() | Numeric() | Timestamp() | Date() | Time():
            return False
        case TextList():
            raise TypeUnsupported(f"{name}: a text list has no canonical text")
        case _:
            assert_never(type)
