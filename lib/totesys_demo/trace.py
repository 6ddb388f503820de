"""Where a change of the source has arrived: its batch in the lake, its row in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.contracts.model import Kind, StarTable
from totesys_etl.lake.commits import RawCommit
from totesys_etl.lake.stored import read_arrow
from totesys_simulator import Change


@dataclass(frozen=True)
class Arrival:
    """One change and where it arrived. `record` names the warehouse row, None: not there."""

    change: Change
    batch: int | None
    record: str | None

    @property
    def complete(self) -> bool:
        return self.batch is not None and self.record is not None


def arrivals(
    changes: Iterable[Change],
    commits: Iterable[RawCommit],
    s3: Any,
    bucket: str,
    warehouse: psycopg.Connection[Any],
) -> list[Arrival]:
    """Looks every change up in the raw files of `commits` and in the warehouse, value by value."""
    captured = _captured(commits, s3, bucket)
    return [_arrival(change, captured, warehouse) for change in changes]


def _captured(
    commits: Iterable[RawCommit], s3: Any, bucket: str
) -> dict[tuple[str, int], tuple[int, dict[str, Any]]]:
    """Batch and row of the newest change of every key in `commits`."""
    found: dict[tuple[str, int], tuple[int, dict[str, Any]]] = {}
    for commit in commits:
        for name, table in commit.tables.items():
            key = SOURCE_TABLES[name].primary_key
            for file in table.changes:
                for batch in read_arrow(s3, bucket, file):
                    for row in batch.to_pylist():
                        found[name, row[key]] = (commit.batch, row)
    return found


def _arrival(
    change: Change,
    captured: dict[tuple[str, int], tuple[int, dict[str, Any]]],
    warehouse: psycopg.Connection[Any],
) -> Arrival:
    batch, row = captured.get((change.table, change.key), (None, {}))
    if batch is None or not _same(change, row):
        return Arrival(change, None, None)
    records = [
        record
        for star in STAR_TABLES.values()
        if star.source == change.table
        for record in [_record(star, change, batch, warehouse)]
    ]
    if any(record is None for record in records):
        return Arrival(change, batch, None)
    carried = _carried(change)
    return Arrival(change, batch, ", ".join(map(str, records)) if carried else "not carried")


def _same(change: Change, row: dict[str, Any]) -> bool:
    """Whether the captured row says what the simulator did."""
    if row["op"] != change.op:
        return False
    if change.op == "delete":
        return True
    if change.op == "insert":
        return all(row[column] == value for column, value in dict(change.new).items())  # type: ignore[arg-type]
    return row[str(change.column)] == change.new and change.column in row["changed"]


def _carried(change: Change) -> bool:
    """Whether any warehouse column is made from what changed."""
    stars = [star for star in STAR_TABLES.values() if star.source == change.table]
    if change.op != "update":
        return bool(stars)
    return any(change.column in star.mapped_columns for star in stars)


def _record(
    star: StarTable, change: Change, batch: int, warehouse: psycopg.Connection[Any]
) -> str | None:
    if change.op == "delete":
        return _deletion(star, change, batch, warehouse)
    if star.kind is Kind.FACT:
        if not (change.op == "insert" or change.column in star.mapped_columns):
            return "not carried"
        query = sql.SQL(
            "SELECT {key} FROM {history} WHERE {business_key} = %s AND batch = %s AND op = %s"
        ).format(
            key=sql.Identifier(star.primary_key),
            history=sql.Identifier("etl", f"{star.business_key.removesuffix('_id')}_history"),
            business_key=sql.Identifier(star.business_key),
        )
        found = warehouse.execute(query, (change.key, batch, change.op)).fetchone()
        return f"{star.name} {found[0]}" if found else None
    return _dimension_row(star, change, warehouse)


def _dimension_row(
    star: StarTable, change: Change, warehouse: psycopg.Connection[Any]
) -> str | None:
    """The dimension's row if it holds what the source now holds."""
    names = [
        (column.name, column.origin.column)
        for column in star.columns
        if getattr(column.origin, "table", None) == star.source
        and type(column.origin).__name__ == "Copy"
    ]
    query = sql.SQL("SELECT {} FROM {} WHERE {} = %s").format(
        sql.SQL(", ").join(sql.Identifier(name) for name, _ in names),
        sql.Identifier(star.name),
        sql.Identifier(star.primary_key),
    )
    found = warehouse.execute(query, (change.key,)).fetchone()
    if found is None:
        return None
    now = {source: value for (_, source), value in zip(names, found, strict=True)}
    expected = (
        dict(change.new)  # type: ignore[arg-type]
        if change.op == "insert"
        else {str(change.column): change.new}
    )
    held = all(now[column] == value for column, value in expected.items() if column in now)
    return f"{star.name} {change.key}" if held else None


def _deletion(
    star: StarTable, change: Change, batch: int, warehouse: psycopg.Connection[Any]
) -> str | None:
    kind = "fact" if star.kind is Kind.FACT else "dim"
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s AND business_id = %s AND batch = %s").format(
        sql.Identifier("etl", f"{kind}_deletion"), sql.Identifier(f"{kind}_table")
    )
    found = warehouse.execute(query, (star.name, change.key, batch)).fetchone()
    return f"{kind}_deletion" if found else None
