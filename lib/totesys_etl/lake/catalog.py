"""Publish: makes the Data Catalog show the newest commit. Runs in every job, idle ones too.

Nothing is deleted and nothing goes back: each table's parameter says up to which commit its
partitions are registered, and it is moved under the table's version as an optimistic lock. A run
that died before publishing is healed by the next one.
Source: AWS Glue API, UpdateTable (VersionId, SkipArchive), BatchCreatePartition (100 a call).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES, lake_tables
from totesys_etl.contracts.lake_tables import LakeTable
from totesys_etl.contracts.model import SourceTable
from totesys_etl.lake import layout
from totesys_etl.lake.catalog_table import CatalogTable, Published, Values
from totesys_etl.lake.commits import CommitLog, RawCommit, StarCommit, StarTableState
from totesys_etl.lake.files import folder_of

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

__all__ = ["Published", "publish_raw", "publish_star", "star_shapes"]

RAW_PARAMETER = "totesys.batch"
STAR_PARAMETER = "totesys.commit"


def publish_raw(
    glue: GlueClient,
    log: CommitLog[RawCommit],
    database: str,
    bucket: str,
    sources: Mapping[str, SourceTable] = SOURCE_TABLES,
) -> Published:
    """Creates or alters the tables of changes and registers the partitions of new batches.

    A table whose position is beyond our head is left alone. Reads the head again afterwards and
    goes on if it moved. Raises SettingInvalid for a missing database, CommitMissing.
    """
    tables = raw_tables(glue, database, bucket, sources)
    published = sum((table.create() for table in tables.values()), Published())
    head = -1
    while (newest := log.head_number()) != head:
        head = newest
        positions = {name: table.position() for name, table in tables.items()}
        wanted: dict[str, dict[Values, str]] = {name: {} for name in tables}
        for commit in log.range(min(positions.values()) + 1, head):
            for name, position in positions.items():
                if commit.batch > position:
                    wanted[name] |= raw_locations(commit, name, bucket)
        for name, table in tables.items():
            published += table.register(wanted[name]) + table.advance(head)
    return published


def publish_star(
    glue: GlueClient,
    log: CommitLog[StarCommit],
    database: str,
    bucket: str,
    *,
    from_lost_lake: bool = False,
) -> Published:
    """Creates or alters the star's tables and points every partition to the newest commit's files.

    A table whose position is beyond our head is left alone, unless `from_lost_lake`: then it was
    filled from a log that is no more, and its position begins again. Reads the head again
    afterwards and goes on if it moved. Raises SettingInvalid for a missing database, CommitMissing.
    """
    tables = list(star_tables(glue, database, bucket).values())
    published = sum((table.create() for table in tables), Published())
    head = -1
    while (newest := log.head_number()) != head:
        head = newest
        commit = log.read(head) if head else None
        for table in tables:
            if table.position() > head and not from_lost_lake:
                continue
            if commit is not None and table.shape.name in commit.tables:
                published += _point(table, commit.tables[table.shape.name], bucket)
            published += table.advance(head, may_go_back=from_lost_lake)
    return published


def raw_locations(commit: RawCommit, table: str, bucket: str) -> dict[Values, str]:
    """Where the changes of `table` in `commit` lie, by partition values; nothing if it has none."""
    files = commit.tables[table].changes if table in commit.tables else ()
    # Hive folds batch=00000042 to the integer 42.
    values = (commit.ingest_date, str(commit.batch))
    return {values: f"s3://{bucket}/{folder_of(files)}/"} if files else {}


def star_locations(state: StarTableState, bucket: str) -> dict[Values, str]:
    """Where the partitions of a star's table lie that have rows, by partition value."""
    return {
        (value,): f"s3://{bucket}/{folder_of(partition.files)}/"
        for value, partition in state.partitions.items()
        if partition.files
    }


def nowhere(table: CatalogTable, values: Values) -> str:
    """Where a partition points that has no rows any more."""
    (key,) = table.shape.partition_names
    return f"{table.location}{key}={values[0]}/{layout.EMPTY}/"


def raw_tables(
    glue: GlueClient, database: str, bucket: str, sources: Mapping[str, SourceTable]
) -> dict[str, CatalogTable]:
    """The catalogue's tables of changes, by source table."""
    return {
        name: CatalogTable(
            glue,
            database,
            lake_tables.changes(table),
            f"s3://{bucket}/{layout.changes(table.name)}/",
            RAW_PARAMETER,
        )
        for name, table in sources.items()
    }


def star_tables(glue: GlueClient, database: str, bucket: str) -> dict[str, CatalogTable]:
    """The catalogue's tables of the star, by name."""
    return {
        shape.name: CatalogTable(
            glue, database, shape, f"s3://{bucket}/{shape.name}/", STAR_PARAMETER
        )
        for shape in star_shapes()
    }


def star_shapes() -> tuple[LakeTable, ...]:
    """The tables of the star's database: the ERD's 11, deletions and quarantine."""
    erd = tuple(lake_tables.star(table) for table in STAR_TABLES.values())
    return (*erd, lake_tables.FACT_DELETION, lake_tables.DIM_DELETION, lake_tables.QUARANTINE)


def _point(table: CatalogTable, state: StarTableState, bucket: str) -> Published:
    """Adds and moves partitions so that they are the commit's."""
    registered = table.partitions()
    wanted = star_locations(state, bucket)
    moved: dict[Values, str] = {}
    for values, location in registered.items():
        target = wanted.get(values, nowhere(table, values))
        if target != location:
            moved[values] = target
    added = {values: to for values, to in wanted.items() if values not in registered}
    return table.register(added) + table.move(moved)
