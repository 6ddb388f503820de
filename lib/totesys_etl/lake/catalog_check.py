"""Whether the Data Catalog shows the newest commit: every table, position and partition."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from totesys_etl.contracts import SOURCE_TABLES
from totesys_etl.contracts.model import SourceTable
from totesys_etl.lake.catalog import (
    nowhere,
    raw_locations,
    raw_tables,
    star_locations,
    star_tables,
)
from totesys_etl.lake.catalog_table import CatalogTable, Values
from totesys_etl.lake.commits import CommitLog, RawCommit, StarCommit

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

PATIENCE_SECONDS = 60.0
"""A job that has just committed publishes within this time."""
PAUSE_SECONDS = 1.0
Locations = Mapping[Values, str]


@dataclass(frozen=True)
class _Shown:
    """What the catalogue shows while `head` was the newest commit."""

    head: int
    positions: Mapping[str, int]
    partitions: Mapping[str, Locations]

    @property
    def behind(self) -> list[str]:
        return [name for name, position in self.positions.items() if position != self.head]


def raw_differences(
    glue: GlueClient,
    log: CommitLog[RawCommit],
    database: str,
    bucket: str,
    sources: Mapping[str, SourceTable] = SOURCE_TABLES,
    patience: float = PATIENCE_SECONDS,
) -> list[str]:
    """A sentence for every table of changes that does not show all batches."""
    tables = raw_tables(glue, database, bucket, sources)
    shown = _settled(log.head_number, tables, patience)
    wanted: dict[str, dict[Values, str]] = {name: {} for name in tables}
    for commit in log.range(1, shown.head):
        for name in tables:
            wanted[name] |= raw_locations(commit, name, bucket)
    return list(_differences(tables, shown, wanted, "totesys_ingest"))


def star_differences(
    glue: GlueClient,
    log: CommitLog[StarCommit],
    database: str,
    bucket: str,
    patience: float = PATIENCE_SECONDS,
) -> list[str]:
    """A sentence for every table of the star that does not show the newest processed commit."""
    tables = star_tables(glue, database, bucket)
    shown = _settled(log.head_number, tables, patience)
    commit = log.read(shown.head) if shown.head else None
    wanted: dict[str, dict[Values, str]] = {}
    for name, table in tables.items():
        gone = {values: nowhere(table, values) for values in shown.partitions[name]}
        wanted[name] = (star_locations(commit.tables[name], bucket) if commit else {}) or {}
        wanted[name] = {v: to for v, to in gone.items() if v not in wanted[name]} | wanted[name]
    return list(_differences(tables, shown, wanted, "totesys_transform_load"))


def _settled(
    head_number: Callable[[], int], tables: Mapping[str, CatalogTable], patience: float
) -> _Shown:
    """What is shown when nobody is publishing: while all positions are the head, before and after
    the partitions were read. After `patience` seconds whatever there is."""
    deadline = time.monotonic() + patience
    while True:
        head = head_number()
        positions = {name: table.position() for name, table in tables.items()}
        partitions = {
            name: tables[name].partitions() if position else {}
            for name, position in positions.items()
        }
        shown = _Shown(head, positions, partitions)
        still = head_number() == head
        if (still and not shown.behind) or time.monotonic() >= deadline:
            return shown
        time.sleep(PAUSE_SECONDS)


def _differences(
    tables: Mapping[str, CatalogTable],
    shown: _Shown,
    wanted: Mapping[str, Locations],
    workflow: str,
) -> Iterator[str]:
    for name, table in tables.items():
        where = f"Data Catalog table {table.database}.{table.shape.name}"
        position = shown.positions[name]
        if position != shown.head:
            yield (
                f"{where} shows commit {position}, the newest is {shown.head}: run workflow"
                f" {workflow}"
            )
            continue
        found, right = shown.partitions[name], wanted[name]
        odd = sorted(v for v in found.keys() | right.keys() if found.get(v) != right.get(v))
        if odd:
            first = odd[0]
            yield (
                f"{where}: {len(odd)} partition(s) are not the commits', first"
                f" {'/'.join(first)}, which is {found.get(first, 'missing')} and must be"
                f" {right.get(first, 'absent')}: delete the partition, set the table's parameter"
                f" {table.parameter} to 0 and run workflow {workflow}"
            )
