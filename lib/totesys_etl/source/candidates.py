"""Candidates: the keys that the job bookmark says have moved.

The bookmark reads live tables and promises nothing about updates or late commits, so it only names
keys to look at; values always come from the snapshot.
"""

from __future__ import annotations

from typing import Any, Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from totesys_etl.contracts.model import SourceTable


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


def candidate_keys(
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
