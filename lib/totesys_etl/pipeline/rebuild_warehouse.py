"""Rebuild of the warehouse: made anew in a database beside it, from the newest commit's files.

To compare, the warehouse is loaded as always and then both databases are compared, record ids
included. To swap, the same rows take the place of all there are, in one transaction: readers,
grants, views of others and the connection stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from totesys_etl.connection import Endpoint, endpoint
from totesys_etl.errors import (
    AuditFailed,
    CommitMissing,
    WarehouseAhead,
    WarehouseContradictsContract,
)
from totesys_etl.lake import rebuilds
from totesys_etl.lake.commits import CommitLog, StarCommit, star_log
from totesys_etl.lake.content import EXAMPLES, named
from totesys_etl.lake.loaded import loaded_log, mark
from totesys_etl.lake.rebuilds import SWAP, Rebuilt, RebuiltTable
from totesys_etl.log import Log
from totesys_etl.pipeline.load import LoadSettings, everything, ledger_entry, load
from totesys_etl.warehouse.aside import beside, drop_aside, make_aside
from totesys_etl.warehouse.content import TableContent, WarehouseContent
from totesys_etl.warehouse.ledger import LedgerEntry
from totesys_etl.warehouse.load import Warehouse, open_warehouse

LEDGER = "load_ledger"
CANNOT_GO_ON = (WarehouseAhead, WarehouseContradictsContract, CommitMissing, AuditFailed)
"""Why a warehouse can not go on from where it is, and is replaced when that was asked for: it is
another lake's, or its rows are not what was loaded."""


def rebuild_warehouse(glue_context: Any, settings: LoadSettings) -> Rebuilt:
    """Makes the warehouse anew; settings.rebuild says whether to compare or to swap.

    Swap replaces nothing when the warehouse is as rebuilt after an ordinary load. Raises
    RebuildDiffers, CommitMissing, WarehouseRightMissing, CertificateFailed and what a load raises.
    """
    log = Log(job=settings.job_name, run=settings.run_id)
    s3 = boto3.client("s3")
    commits = star_log(s3, settings.processed_bucket)
    target = endpoint(glue_context.extract_jdbc_conf(settings.warehouse_connection))
    newest = commits.head()
    if newest is None:
        raise CommitMissing(
            f"bucket {settings.processed_bucket} holds no commit yet: run workflow totesys_publish"
        )
    swap = settings.rebuild == SWAP
    if not swap or _can_go_on(target):
        _brought_up_to_date(glue_context, settings, swap, log)
    with open_warehouse(target) as warehouse:
        warehouse.prepare()
        loaded = warehouse.loaded_through()
        commit = newest if swap else commits.read(loaded)
        entries = [(ledger_entry(c), c.run_id) for c in commits.range(1, commit.number)]
        made = _made(target, commit, s3, settings, log)
        tables = _compared(warehouse, target, made, [entry for entry, _ in entries])
        replaced = swap and any(table.difference for table in tables.values())
        if replaced:
            with log.step("replaced", commit=commit.number):
                batch = everything(commit, s3, settings.processed_bucket)
                warehouse.replace(batch, entries, made)
            _mark(s3, settings, commits, commit.number)
    report = Rebuilt(settings.run_id, "warehouse", commit.raw_through, replaced, tables)
    if replaced or not report.differences:
        drop_aside(target)
    rebuilds.write(s3, settings.processed_bucket, report)
    report.prove()
    return report


def _can_go_on(target: Endpoint) -> bool:
    """Whether the warehouse has anything that commit by commit is the shorter way to go on from."""
    with open_warehouse(target) as warehouse:
        warehouse.prepare()
        return warehouse.loaded_through() > 0


def _brought_up_to_date(glue_context: Any, settings: LoadSettings, swap: bool, log: Log) -> None:
    try:
        load(glue_context, settings)
    except CANNOT_GO_ON as refused:
        if not swap:
            raise
        log("cannot_go_on", reason=f"{type(refused).__name__}: {refused}")


def _made(
    target: Endpoint, commit: StarCommit, s3: Any, settings: LoadSettings, log: Log
) -> WarehouseContent:
    """What a new database comes to when it is filled from `commit`."""
    with log.step("rebuilt", raw_through=commit.raw_through) as result:
        aside = make_aside(target)
        with open_warehouse(aside) as warehouse:
            warehouse.prepare()
            warehouse.apply(everything(commit, s3, settings.processed_bucket))
            made = warehouse.content()
        result |= {"database": aside.database, "rows": sum(t.rows for t in made.values())}
    return made


def _compared(
    warehouse: Warehouse, target: Endpoint, made: WarehouseContent, entries: list[LedgerEntry]
) -> dict[str, RebuiltTable]:
    """Every table made anew, and the ledger as the log of commits has it."""
    found = warehouse.content()
    tables = {
        name: RebuiltTable(
            content.rows,
            f"{content.total % 2**64:016x}",
            _difference(warehouse, target, name, content, found[name]),
        )
        for name, content in made.items()
    }
    held = warehouse.ledger()
    odd = [e.number for e in held if e not in entries] + [
        e.number for e in entries if e not in held
    ]
    told = f"{named('commit_number', sorted(set(odd))[:EXAMPLES])}" if odd else ""
    tables[LEDGER] = RebuiltTable(len(entries), "", told)
    return tables


def _difference(
    warehouse: Warehouse, target: Endpoint, name: str, made: TableContent, found: TableContent
) -> str:
    slices = made.slices.keys() | found.slices.keys()
    odd = sorted(n for n in slices if made.slices.get(n) != found.slices.get(n))
    if not odd:
        return ""
    with open_warehouse(beside(target)) as rebuilt:
        keys = _odd_keys(rebuilt.keys(name, odd[0]), warehouse.keys(name, odd[0]))
    return f"{found.rows} rows in service, {made.rows} rebuilt; {named(made.key, keys)}"


def _odd_keys(one: Mapping[Any, str], other: Mapping[Any, str]) -> list[Any]:
    return sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k))[:EXAMPLES]


def _mark(s3: Any, settings: LoadSettings, commits: CommitLog[StarCommit], through: int) -> None:
    marks = loaded_log(s3, settings.processed_bucket)
    mark(marks, through, settings.run_id, lambda n: commits.read(n).raw_through)
