"""Whether two sets of rows are the same: counts and sums of row hashes, and keys that differ.

Both sides are computed by Spark, so a plain hash over typed values serves; what is compared with
PostgreSQL goes through contracts.canonical instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

EXAMPLES = 3


@dataclass(frozen=True)
class Content:
    """Rows, and the sum of their 64-bit hashes: equal rows give equal content in any order."""

    rows: int
    total: int


def content(rows: DataFrame, by: Column) -> dict[str, Content]:
    """The content of `rows`, all columns counted, per value of text expression `by`."""
    # A hash skips NULL, so each value is told apart from its absence.
    values = [v for name in rows.columns for v in (F.col(name), F.col(name).isNull())]
    # As decimals: a sum of longs would overflow.
    digest = F.xxhash64(*values).cast("decimal(38,0)")
    found = rows.groupBy(by.alias("part")).agg(F.count(F.lit(1)), F.sum(digest)).collect()
    return {part: Content(count, int(total)) for part, count, total in found}


def whole(parts: Mapping[str, Content]) -> Content:
    """The content of all `parts` together."""
    return Content(sum(p.rows for p in parts.values()), sum(p.total for p in parts.values()))


def differing(one: Mapping[str, Content], other: Mapping[str, Content]) -> list[str]:
    """Names of the parts that are not the same in both, in order."""
    return sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n))


def differing_keys(one: DataFrame, other: DataFrame, key: str) -> list[int]:
    """A few keys whose rows are not the same in both; columns are compared by position."""
    odd = one.exceptAll(other).union(other.exceptAll(one))
    return [row[0] for row in odd.select(key).distinct().orderBy(key).limit(EXAMPLES).collect()]


def named(key: str, keys: Sequence[object]) -> str:
    """'payment_id 3, 7', for messages."""
    return f"{key} {', '.join(map(str, keys)) or 'not known'}"
