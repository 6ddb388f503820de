"""Load: the warehouse moves from processed commit to processed commit, one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.compute as pc

from totesys_etl import metrics
from totesys_etl.connection import endpoint
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.contracts.lake_tables import DIM_DELETION, FACT_DELETION
from totesys_etl.contracts.model import Kind
from totesys_etl.errors import WarehouseAhead
from totesys_etl.job import Log, now
from totesys_etl.lake.commits import StarCommit, star_log
from totesys_etl.lake.loaded import loaded_log, mark
from totesys_etl.lake.stored import read_arrow
from totesys_etl.load.settings import LoadSettings
from totesys_etl.load.verify import NO_CHECK, Expected, Proof
from totesys_etl.load.warehouse import LoadBatch, Warehouse, open_warehouse
from totesys_etl.metrics import Metric
from totesys_etl.warehouse.ledger import LedgerEntry

Batches = Callable[[], Iterable[pa.RecordBatch]]


def load(glue_context: Any, settings: LoadSettings) -> int:
    """Loads every commit the warehouse lacks; returns how many that were."""
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    commits = star_log(s3, settings.processed_bucket)
    target = endpoint(glue_context.extract_jdbc_conf(settings.warehouse_connection))
    with open_warehouse(target) as warehouse:
        warehouse.prepare()
        head = commits.head()
        newest, loaded = (head.number if head else 0), warehouse.loaded_through()
        if loaded > newest:
            raise WarehouseAhead(
                f"the warehouse has loaded commit {loaded}, but bucket {settings.processed_bucket} "
                f"ends at {newest}: point the job at the lake this warehouse was filled from"
            )
        if loaded:
            warehouse.confirm(ledger_entry(commits.read(loaded)))
        marks = loaded_log(s3, settings.processed_bucket)
        if marks.head_number() > loaded:
            log("warehouse_went_back", loaded=loaded, marked=marks.head_number())
        mark(marks, loaded, settings.run_id, lambda n: commits.read(n).raw_through)
        for number in range(loaded + 1, newest + 1):
            _apply(warehouse, commits.read(number), s3, settings, log)
            mark(marks, number, settings.run_id, lambda n: commits.read(n).raw_through)
        if head is not None and newest > loaded:
            lag = max(0.0, (now() - head.captured_at).total_seconds())
            metrics.put(boto3.client("cloudwatch"), Metric(metrics.LAG, lag, "Seconds"))
        log("warehouse_current", through=newest, commits=newest - loaded)
    return newest - loaded


def _apply(
    warehouse: Warehouse, commit: StarCommit, s3: Any, settings: LoadSettings, log: Log
) -> None:
    with log.step("transaction", commit=commit.number) as result:
        report = warehouse.apply(load_batch(commit, s3, settings.processed_bucket))
        result["skipped"] = report.skipped
    for name, table in report.tables.items():
        log("loaded_table", commit=commit.number, table=name, **asdict(table))


def ledger_entry(commit: StarCommit) -> LedgerEntry:
    """`commit` as the warehouse's ledger knows it."""
    return LedgerEntry(commit.number, commit.raw_from, commit.raw_through, commit.captured_at)


def everything(commit: StarCommit, s3: Any, bucket: str) -> LoadBatch:
    """All rows of all tables as of `commit`, as one batch for an empty warehouse.

    Without a proof, since a commit has fingerprints of what it brings only: who loads it compares.
    """
    tables = {
        name: replace(state, rewritten=tuple(state.partitions))
        for name, state in commit.tables.items()
    }
    whole = load_batch(replace(commit, number=1, raw_from=1, tables=tables), s3, bucket)
    return replace(whole, proof=NO_CHECK)


def load_batch(commit: StarCommit, s3: Any, bucket: str) -> LoadBatch:
    """What `commit` brings to the warehouse, read from its files when asked for.

    Files hold whole partitions; rows whose `batch` lies in the commit's range are its own. A
    dimension's list of deleted keys always comes whole.
    """
    own = (pc.field("batch") >= commit.raw_from) & (pc.field("batch") <= commit.raw_through)
    rows = partial(_rows, commit, s3, bucket)
    facts: dict[str, Batches] = {}
    dimensions: dict[str, Batches] = {}
    for table in STAR_TABLES.values():
        if commit.tables[table.name].rewritten:
            target = facts if table.kind is Kind.FACT else dimensions
            target[table.name] = rows(table.name, None, own)
    return LoadBatch(
        number=commit.number,
        raw_from=commit.raw_from,
        raw_through=commit.raw_through,
        captured_at=commit.captured_at,
        run_id=commit.run_id,
        dimensions=dimensions,
        facts=facts,
        fact_deletions={
            name: rows(FACT_DELETION.name, name, own)
            for name in commit.tables[FACT_DELETION.name].rewritten
        },
        dim_deletions={
            name: rows(DIM_DELETION.name, name, None)
            for name in commit.tables[DIM_DELETION.name].rewritten
        },
        proof=_proof(commit, rows, own),
    )


def _proof(commit: StarCommit, rows: Callable[[str, str | None, Any], Batches], own: Any) -> Proof:
    """What the commit says it brings; the rows are read only when something differs."""
    written = {
        table.name: Expected(
            commit.tables[table.name].brought(),
            rows(table.name, None, own),
        )
        for table in STAR_TABLES.values()
        if commit.tables[table.name].rewritten
    }
    deletions = {
        name: Expected(commit.tables[table].brought(name), rows(table, name, keep))
        for table, keep in ((FACT_DELETION.name, own), (DIM_DELETION.name, None))
        for name in commit.tables[table].rewritten
    }
    through = commit.versions
    before = {
        name: number - commit.tables[name].added - commit.tables[name].quarantined
        for name, number in through.items()
    }
    return Proof(written, deletions, before, through)


def _rows(
    commit: StarCommit, s3: Any, bucket: str, table: str, only: str | None, keep: Any
) -> Batches:
    state = commit.tables[table]
    wanted = state.rewritten if only is None else (only,)

    def read() -> Iterable[pa.RecordBatch]:
        for name in wanted:
            for file in state.partitions[name].files:
                yield from read_arrow(s3, bucket, file, filter=keep)

    return read
