"""Record ids: versions before + rank by (batch, business key), the same in every rebuild.

Exact and distributed: the versions of every (batch, key range) are counted first, then numbered
inside their group from the group's offset. No task ever sorts the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, LongType, StructField, StructType

from totesys_etl.errors import ContractInvalid
from totesys_etl.fingerprints.canonical import RANGE_SIZE
from totesys_etl.render.spark import literal_rows

LARGEST_RECORD_ID = 2**31 - 1
"""Record ids are PostgreSQL SERIAL: 32 bits."""
_STARTS = StructType(
    [
        StructField("_batch", IntegerType()),
        StructField("_range", LongType()),
        StructField("_before", LongType()),
    ]
)


@dataclass(frozen=True, order=True)
class Group:
    """`rows` versions of one batch in one key range, `flagged` of them with a flag."""

    batch: int
    range: int
    rows: int
    flagged: int = 0


@dataclass(frozen=True)
class Offset:
    """The record id before the first one of a group."""

    batch: int
    range: int
    before: int


def key_range(key: Column) -> Column:
    """Number of the key range (bigint) that an integer key lies in; negative keys round down."""
    return F.floor(key / F.lit(RANGE_SIZE))


def groups(versions: DataFrame, business_key: str, flag: Column) -> tuple[Group, ...]:
    """The groups of `versions` (with column `batch`) in numbering order. One Spark action."""
    counted = (
        versions.groupBy("batch", key_range(F.col(business_key)).alias("range"))
        .agg(F.count(F.lit(1)).alias("rows"), F.count_if(flag).alias("flagged"))
        .collect()
    )
    return tuple(sorted(Group(r["batch"], r["range"], r["rows"], r["flagged"]) for r in counted))


def offsets(ordered: Sequence[Group], before: int) -> tuple[Offset, ...]:
    """Where the numbering of every group begins when `before` versions exist already.

    ContractInvalid when the last record id would not fit its 32 bit column.
    """
    ends = list(accumulate((g.rows for g in ordered), initial=before))
    if ends[-1] > LARGEST_RECORD_ID:
        raise ContractInvalid(
            f"record id {ends[-1]} does not fit an integer: declare the record id BigInteger"
        )
    return tuple(Offset(g.batch, g.range, end) for g, end in zip(ordered, ends[:-1], strict=True))


def number(
    versions: DataFrame, business_key: str, record_id: str, starts: Iterable[Offset]
) -> DataFrame:
    """`versions` of the groups in `starts`, other groups left out, + int column `record_id`."""
    rows = [(s.batch, s.range, s.before) for s in starts]
    table = literal_rows(versions.sparkSession, _STARTS, rows)
    ranged = versions.withColumn("_key_range", key_range(F.col(business_key)))
    group = Window.partitionBy("batch", "_key_range").orderBy(business_key)
    rank = F.row_number().over(group)
    same_group = (F.col("batch") == F.col("_batch")) & (F.col("_key_range") == F.col("_range"))
    return (
        ranged.join(F.broadcast(table), same_group)
        .withColumn(record_id, (F.col("_before") + rank).cast("int"))
        .drop("_key_range", "_batch", "_range", "_before")
    )
