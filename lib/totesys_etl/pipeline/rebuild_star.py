"""Rebuild of the star tables: made anew from all raw batches as one range, beside those in service.

To compare, the files go to the work bucket and nothing in service changes. To swap, they go to the
processed bucket, and one commit more puts them in service: its log, the catalogue and the warehouse
go on from where they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION, LakeTable
from totesys_etl.errors import CommitMissing
from totesys_etl.lake import rebuilds
from totesys_etl.lake.catalog import publish_star, star_shapes
from totesys_etl.lake.commits import (
    CommitLog,
    Fingerprint,
    StarCommit,
    StarTableState,
    raw_log,
    star_log,
)
from totesys_etl.lake.content import (
    Content,
    content,
    differing,
    differing_keys,
    named,
    whole,
)
from totesys_etl.lake.rebuilds import COMPARE, SWAP, Rebuilt, RebuiltTable
from totesys_etl.lake.star import measure, read_star
from totesys_etl.log import Log
from totesys_etl.pipeline.batch import check_tables
from totesys_etl.pipeline.parallel import side_by_side
from totesys_etl.pipeline.stars import Pending
from totesys_etl.pipeline.transform import TransformSettings, build, sources_needed, transform
from totesys_etl.pipeline.worker_disk import worker_disk

ASIDE = "_rebuilt/"
"""Where in the work bucket files lie that are only compared; they expire."""
UNREADABLE = (CommitMissing, Py4JJavaError, PySparkException)


@worker_disk()
def rebuild_star(spark: SparkSession, settings: TransformSettings) -> Rebuilt:
    """Makes the star tables anew; settings.rebuild says whether to compare or to swap.

    Compare brings what is in service up to date first. Raises RebuildDiffers, CommitMissing,
    ContractChanged.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    raw, star = raw_log(s3, settings.raw_bucket), star_log(s3, settings.processed_bucket)
    if settings.rebuild == COMPARE:
        transform(spark, settings)
    newest, head = raw.head(), star.head()
    if newest is None:
        raise CommitMissing(
            f"bucket {settings.raw_bucket} holds no batch yet: run workflow totesys_ingest"
        )
    check_tables(f"batch {newest.batch}", newest.tables, SOURCE_TABLES, sources_needed())
    swap = settings.rebuild == SWAP
    through = newest.batch if swap or head is None else head.raw_through
    place = _Place(settings.processed_bucket) if swap else _Place(settings.work_bucket, ASIDE)
    with log.step("rebuilt", raw_through=through, bucket=place.bucket) as result:
        pending = Pending(head=None, commits=tuple(raw.range(1, through)))
        there = replace(settings, processed_bucket=place.bucket)
        made = build(spark, there, pending, log, above=place.above)
        result["rows"] = sum(table.rows for table in made.tables.values())
    comparison = _Comparison(spark, made, place, head, settings.processed_bucket)
    tables = dict(side_by_side(comparison.table, star_shapes()))
    if swap:
        _put_in_service(settings, star, _next(spark, place, head, made), log)
    report = Rebuilt(settings.run_id, "star", made.raw_through, swap, tables)
    rebuilds.write(s3, settings.processed_bucket, report)
    report.prove()
    return report


def _put_in_service(
    settings: TransformSettings, star: CommitLog[StarCommit], commit: StarCommit, log: Log
) -> None:
    """One conditional PUT; then the catalogue follows, also from a log that is no more."""
    star.append(commit.number, commit)
    log("swapped", commit=commit.number, raw_through=commit.raw_through)
    with log.step("published", database=settings.star_database) as result:
        published = publish_star(
            boto3.client("glue"),
            star,
            settings.star_database,
            settings.processed_bucket,
            from_lost_lake=True,
        )
        result |= asdict(published)


@dataclass(frozen=True)
class _Place:
    """Where the rebuilt files lie: `bucket`, and folder `above` the tables' own."""

    bucket: str
    above: str = ""


class _Comparison:
    """`made`, with its files at `place`, against `head` in bucket `service` (None: nothing)."""

    def __init__(
        self,
        spark: SparkSession,
        made: StarCommit,
        place: _Place,
        head: StarCommit | None,
        service: str,
    ) -> None:
        self._spark, self._made, self._place = spark, made, place
        self._head, self._service = head, service

    def table(self, shape: LakeTable) -> tuple[str, RebuiltTable]:
        """The table's name and what became of it."""
        key = shape.partition_names[0]
        files = self._made.tables[shape.name].partitions
        rows = read_star(self._spark, self._place.bucket, shape, files, above=self._place.above)
        parts = content(rows, F.col(key))
        made = whole(parts)
        difference = self._difference(shape, rows, parts)
        return shape.name, RebuiltTable(made.rows, f"{made.total % 2**64:016x}", difference)

    def _difference(self, shape: LakeTable, rows: DataFrame, parts: Mapping[str, Content]) -> str:
        head, (key,) = self._head, shape.partition_names
        if head is None or shape.name not in head.tables:
            return "there is none in service"
        if head.raw_through != self._made.raw_through:
            return f"in service as of batch {head.raw_through}, not compared"
        files = head.tables[shape.name].partitions
        try:
            stored = read_star(self._spark, self._service, shape, files)
            odd = differing(parts, content(stored, F.col(key)))
            keys = differing_keys(rows, stored, shape.column_names[0]) if odd else []
        except UNREADABLE as error:
            return f"its files cannot be read ({str(error).strip().splitlines()[0]})"
        where = f"{key} {', '.join(odd[:3])}: {named(shape.column_names[0], keys)}"
        return where if odd else ""


def _next(
    spark: SparkSession, place: _Place, head: StarCommit | None, made: StarCommit
) -> StarCommit:
    """`made` as the commit after `head`: it brings the batches after the head's, if there are any,
    and the files of all."""
    if head is None:
        return made
    first = head.raw_through + 1
    brings = first <= made.raw_through

    def state(name: str, table: StarTableState) -> StarTableState:
        before = head.tables.get(name)
        kept_out = _quarantined(made, name) - _quarantined(head, name)
        return replace(
            table,
            rewritten=table.rewritten if brings else (),
            added=table.rows - (before.rows if before else 0),
            quarantined=kept_out,
            written=written(name, table) if brings else {},
        )

    def written(name: str, table: StarTableState) -> Mapping[str, Fingerprint]:
        """Of the batches that the commit brings only; a list of deleted keys is brought whole."""
        if name == DIM_DELETION.name:
            return table.written
        shape = shapes[name]
        rows = read_star(spark, place.bucket, shape, table.partitions, above=place.above)
        return measure(rows.where(F.col("batch") >= first), shape)

    shapes = {shape.name: shape for shape in star_shapes()}
    tables: Mapping[str, StarTableState] = {n: state(n, t) for n, t in made.tables.items()}
    return replace(made, number=head.number + 1, raw_from=first, tables=tables)


def _quarantined(commit: StarCommit, name: str) -> int:
    """Versions of fact `name` that are in quarantine, of all batches; 0 for other tables."""
    versions = commit.versions.get(name)
    return 0 if versions is None else versions - commit.tables[name].rows
