"""BookmarkKeys: the keys that the job bookmark says have moved.

The bookmark reads live tables and promises nothing about updates or late commits, so it only names
keys to look at; values always come from the snapshot.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts.model import SourceTable
from totesys_etl.fingerprints.canonical import RANGE_SIZE

FEW = 10_000
"""So many keys, or fewer, are looked at on the driver: more than a busy day of totesys brings."""


class DynamicFrames(Protocol):
    """What is used of awsglue's DynamicFrameReader."""

    def from_options(
        self,
        connection_type: str,
        connection_options: dict[str, Any],
        *,
        transformation_ctx: str,
    ) -> Any: ...


class GlueReader(Protocol):
    """What is used of awsglue's GlueContext."""

    @property
    def create_dynamic_frame(self) -> DynamicFrames: ...


def bookmark_keys(
    glue_context: GlueReader,
    connection_name: str,
    table: SourceTable,
    schema: str = "public",
) -> DataFrame | None:
    """One column `key` (int): rows of `table` whose last_updated is past the bookmark.

    None when the increment is empty (a DynamicFrame without rows has no columns). Without
    bookmarks, and in a first run, that is the whole table.
    Source: AWS Glue developer guide, "Job bookmarks" and "JDBC connections".
    """
    frame: DataFrame = glue_context.create_dynamic_frame.from_options(
        "postgresql",
        {
            "useConnectionProperties": "true",
            "connectionName": connection_name,
            "dbtable": f"{schema}.{table.name}",
            "jobBookmarkKeys": ["last_updated"],
            "jobBookmarkKeysSortOrder": "asc",
        },
        # The bookmark is kept under this name: renaming it forgets the table's state.
        transformation_ctx=f"candidates_{table.name}",
    ).toDF()
    if not frame.columns:
        return None
    return frame.select(F.col(table.primary_key).cast("int").alias("key"))


class BookmarkKeys:
    """What `bookmark_keys` named of one table, read when it is asked for: a first run never asks.

    Equal fingerprints prove a range equal as far as 44 bits go; these are a second opinion.
    """

    def __init__(self, frame: DataFrame | None) -> None:
        self._frame = frame

    @cached_property
    def few(self) -> frozenset[int] | None:
        """The keys; None when they are more than FEW. One Spark action without a shuffle."""
        if self._frame is None:
            return frozenset()
        rows = self._frame.limit(FEW + 1).collect()
        return frozenset(row[0] for row in rows) if len(rows) <= FEW else None

    def ranges(self) -> frozenset[int]:
        """The key ranges (key / 65536, floored) that they lie in."""
        if self.few is not None or self._frame is None:
            return frozenset(key // RANGE_SIZE for key in self.few or ())
        number = F.floor(F.col("key") / F.lit(RANGE_SIZE))
        return frozenset(row[0] for row in self._frame.select(number).distinct().collect())

    def count_among(self, changes: DataFrame, key: str) -> int:
        """How many rows of `changes` (column `key`) they name; a Spark action."""
        if self._frame is None:
            return 0
        return changes.join(self._frame.withColumnRenamed("key", key), key, "left_semi").count()
