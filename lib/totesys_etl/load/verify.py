"""Before a load commits: what it wrote is what the lake's commit says it brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import FACT_DELETION, star
from totesys_etl.contracts.model import Column, Kind, StarTable
from totesys_etl.errors import AuditFailed
from totesys_etl.fingerprints.star import (
    Fingerprints,
    differing,
    fingerprints,
    in_ranges,
    postgres_star_fingerprints,
    shown_key,
    shown_range,
    warehouse_columns,
)
from totesys_etl.warehouse.copy import Batches, copy_batches
from totesys_etl.warehouse.history import dim_deletions, fact_deletions, versions
from totesys_etl.warehouse.staging import stage, staged

EXAMPLES = 3


@dataclass(frozen=True)
class Expected:
    """What one commit brings to one table: fingerprints as Spark made them of the files as read
    back, by key range, and the rows, which are read only to say what differs."""

    ranges: Fingerprints
    rows: Batches


@dataclass(frozen=True)
class Proof:
    """What a commit brings, by star table: `rows` of facts (the new versions, with their history)
    and of dimensions (the rows that changed), `deletions` of both. `before` and
    `through`: the record ids of a fact's versions lie behind the one and up to the other."""

    rows: Mapping[str, Expected]
    deletions: Mapping[str, Expected]
    before: Mapping[str, int]
    through: Mapping[str, int]


NO_CHECK = Proof(rows={}, deletions={}, before={}, through={})


def verify(
    cur: Cursor[TupleRow], schema: str, number: int, batches: tuple[int, int], proof: Proof
) -> None:
    """Raises AuditFailed when the warehouse does not have what commit `number` brings.

    `batches`: the first and last raw batch of it. Costs what the commit touched.
    """
    for name, brought in proof.rows.items():
        table = STAR_TABLES[name]
        key = table.columns[0]
        where: sql.Composable | None
        if table.kind is Kind.FACT:
            where = sql.SQL("{key} > {before} AND {key} <= {through}").format(
                key=sql.Identifier(key.name),
                before=sql.Literal(proof.before[name]),
                through=sql.Literal(proof.through[name]),
            )
            rows: sql.Composable = versions(table, schema)
        else:
            if not brought.ranges:
                continue
            rows, where = sql.Identifier(schema, name), _staged_keys(cur, table)
        columns = warehouse_columns(star(table))
        _compare(cur, number, name, columns, brought, rows, where)
    for name, brought in proof.deletions.items():
        table = STAR_TABLES[name]
        place = _deletions(table, batches)
        _compare(cur, number, f"deletions of {name}", FACT_DELETION.columns, brought, *place)


def _staged_keys(cur: Cursor[TupleRow], dimension: StarTable) -> sql.Composable | None:
    """Condition: the keys that were merged; None where an empty table was filled."""
    merged = staged(cur, dimension.name)
    if merged is None:
        return None
    key = sql.Identifier(dimension.primary_key)
    return sql.SQL("{key} IN (SELECT {key} FROM {merged})").format(key=key, merged=merged)


def _deletions(
    table: StarTable, batches: tuple[int, int]
) -> tuple[sql.Composable, sql.Composable | None]:
    """Return where the commit's deletions are, and which: of a dimension all there are."""
    if table.kind is Kind.DIMENSION:
        return dim_deletions(table), None
    where = sql.SQL("batch BETWEEN {} AND {}").format(*map(sql.Literal, batches))
    return fact_deletions(table), where


def _compare(
    cur: Cursor[TupleRow],
    number: int,
    name: str,
    columns: Sequence[Column],
    brought: Expected,
    rows: sql.Composable,
    where: sql.Composable | None,
) -> None:
    cur.execute(postgres_star_fingerprints(columns, rows, where))
    found = fingerprints(cur.fetchall())
    ranges = differing(brought.ranges, found)
    if not ranges:
        return
    first = ranges[0]
    lake, warehouse = brought.ranges.get(first, (0, 0))[0], found.get(first, (0, 0))[0]
    keys = _keys(cur, columns, brought, rows, where, first)
    raise AuditFailed(
        f"commit {number}, {name}: {len(ranges)} key range(s) in the warehouse are not what"
        f" the lake brings, first {shown_range(columns[0], first)} ({lake} rows in the lake,"
        f" {warehouse} in the warehouse), {columns[0].name} {keys}: nothing of this commit was"
        " kept. Find what changes rows on their way (a trigger, a rule, somebody who writes"
        " there) and run the load again"
    )


def _keys(
    cur: Cursor[TupleRow],
    columns: Sequence[Column],
    brought: Expected,
    rows: sql.Composable,
    where: sql.Composable | None,
    number: int,
) -> str:
    """The first keys of range `number` that differ, found by comparing key by key."""
    names = [c.name for c in columns]
    files = stage(cur, "proof", sql.SQL("{} AS rows").format(rows), names)
    copy_batches(cur, files, names, brought.rows())
    here = in_ranges(columns[0], [number])
    by_key = []
    for place, condition in ((files, here), (rows, _and(where, here))):
        cur.execute(postgres_star_fingerprints(columns, place, condition, size=1))
        by_key.append(fingerprints(cur.fetchall()))
    keys = [shown_key(columns[0], key) for key in differing(*by_key)]
    if not keys:
        return "none: the files' rows are there, so the files are not what was read back"
    return ", ".join(keys[:EXAMPLES]) + (", ..." if len(keys) > EXAMPLES else "")


def _and(one: sql.Composable | None, other: sql.Composable) -> sql.Composable:
    return other if one is None else sql.SQL("{} AND {}").format(one, other)
