"""The star tables made again from the raw changes alone, all batches as one range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION
from totesys_etl.contracts.model import StarTable
from totesys_etl.ingest import diff
from totesys_etl.lake.changes import read_changes
from totesys_etl.lake.commits import RawCommit
from totesys_etl.render.spark import literal_rows, struct_type
from totesys_etl.transform import calendar, dimensions, facts
from totesys_etl.transform.facts import Facts


@dataclass(frozen=True)
class Replay:
    """The state after replaying all batches of `commits`. Needs neither the current rows in
    the work bucket nor what a transform has written."""

    spark: SparkSession
    raw_bucket: str
    commits: Sequence[RawCommit]

    def changes(self, source: str) -> DataFrame:
        """All changes of a source table, with their batch."""
        return read_changes(self.spark, self.raw_bucket, SOURCE_TABLES[source], self.commits)

    def fact(self, table: StarTable) -> Facts:
        """All versions of a fact and what is in quarantine. One Spark action."""
        return facts.fact_versions(table, self.changes(str(table.source)), before=0)

    def fact_deletions(self, table: StarTable) -> DataFrame:
        """All deletions of a fact."""
        return facts.fact_deletions(table, self.changes(str(table.source)))

    def dimension(self, table: StarTable) -> DataFrame:
        """Latest rows of every key ever seen."""
        current = {s: diff.fold(self.changes(s), SOURCE_TABLES[s]) for s in table.source_tables}
        return dimensions.dimension_rows(table, current)

    def dim_deletions(self, table: StarTable) -> DataFrame:
        """The keys of a dimension that are deleted now."""
        columns = (*DIM_DELETION.columns, *DIM_DELETION.partition_keys)
        none = literal_rows(self.spark, struct_type(columns), ())
        return dimensions.dim_deletions(table, none, self.changes(str(table.source)))

    def calendar(self, references: Sequence[dict[int, calendar.Stamp]]) -> DataFrame:
        """The days that the facts' versions refer to; `references` are their years_referenced."""
        years = calendar.years_needed((), calendar.merged(references))
        return calendar.calendar(self.spark, years)


def current_versions(table: StarTable, versions: DataFrame, deletions: DataFrame) -> DataFrame:
    """The newest version of every business id that is not deleted; columns of the ERD."""
    names = list(table.column_names)
    gone = deletions.select(
        F.col("business_id").alias(table.business_key), F.col("batch").alias("deleted_in")
    )
    newest = versions.groupBy(table.business_key).agg(
        F.max_by(F.struct("batch", *names), F.col("batch")).alias("newest")
    )
    last = gone.groupBy(table.business_key).agg(F.max("deleted_in").alias("deleted_in"))
    joined = newest.join(last, table.business_key, "left")
    is_live = F.coalesce(F.col("deleted_in") < F.col("newest.batch"), F.lit(True))
    return joined.where(is_live).select(*(f"newest.{name}" for name in names))
