"""Two fingerprints of the same rows, and the sentence about where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psycopg import sql
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.contracts.model import Column
from totesys_etl.fingerprints.spark import spark_in_range, spark_star_fingerprints
from totesys_etl.fingerprints.star import (
    Fingerprints,
    differing,
    fingerprints,
    shown_key,
    shown_range,
)
from totesys_etl.warehouse.read import WarehouseReader

EXAMPLES = 3


@dataclass(frozen=True)
class Side:
    """Rows somewhere: what to call the place, fingerprints by key range, and, for one range, by
    key."""

    place: str
    ranges: Fingerprints
    keys: Callable[[int], Fingerprints]


def in_spark(place: str, frame: DataFrame, columns: Sequence[Column]) -> Side:
    """The rows of `frame`. One Spark action, one more for the keys of a range."""

    def keys(number: int) -> Fingerprints:
        chosen = frame.where(spark_in_range(columns[0], number))
        return fingerprints(spark_star_fingerprints(chosen, columns, size=1).collect())

    return Side(place, fingerprints(spark_star_fingerprints(frame, columns).collect()), keys)


def in_spark_by_partition(place: str, frame: DataFrame, table: LakeTable) -> dict[str, Side]:
    """The rows of `frame` by value of the partition key of `table`. One Spark action."""
    (by,) = table.partition_names
    rows = spark_star_fingerprints(frame, table.columns, by=by).collect()
    parts: dict[str, list[tuple[int, int, int]]] = {}
    for value, *rest in rows:
        parts.setdefault(value, []).append((rest[0], rest[1], rest[2]))

    def side(value: str) -> Side:
        def keys(number: int) -> Fingerprints:
            chosen = frame.where((F.col(by) == value) & spark_in_range(table.columns[0], number))
            return fingerprints(spark_star_fingerprints(chosen, table.columns, size=1).collect())

        return Side(place, fingerprints(parts.get(value, [])), keys)

    return _Parts({value: side(value) for value in parts}, side)


class _Parts(dict[str, Side]):
    """Sides by partition; one that has no rows is a side without ranges."""

    def __init__(self, known: dict[str, Side], empty: Callable[[str], Side]) -> None:
        super().__init__(known)
        self._empty = empty

    def __missing__(self, value: str) -> Side:
        return self._empty(value)


def in_warehouse(
    place: str, warehouse: WarehouseReader, columns: Sequence[Column], rows: sql.Composable
) -> Side:
    """The rows of a table or query in the warehouse."""
    return Side(
        place,
        warehouse.fingerprints(columns, rows),
        lambda number: warehouse.fingerprints(columns, rows, number),
    )


def difference(table: str, key: Column, right: Side, other: Side, advice: str) -> str | None:
    """What is wrong with `other`, in one sentence; None when both are equal."""
    ranges = differing(right.ranges, other.ranges)
    if not ranges:
        return None
    first = ranges[0]
    by_key = right.keys(first), other.keys(first)
    odd = differing(*by_key)
    shown = ", ".join(
        f"{shown_key(key, n)} ({_how(by_key[0].get(n), by_key[1].get(n), other.place)})"
        for n in odd[:EXAMPLES]
    )
    more = f" and {len(odd) - EXAMPLES} more" if len(odd) > EXAMPLES else ""
    return (
        f"{table}: {right.place} and {other.place} differ in {len(ranges)} key range(s), first"
        f" {shown_range(key, first)}, {key.name} {shown}{more}: {advice}"
    )


def _how(right: tuple[int, int] | None, other: tuple[int, int] | None, place: str) -> str:
    if other is None:
        return f"not in {place}"
    if right is None:
        return f"only in {place}"
    return "other values" if right[0] == other[0] else f"{other[0]} times, not {right[0]}"
