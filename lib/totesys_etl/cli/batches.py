"""`totesys batches`: what each batch brought, newest first."""

from __future__ import annotations

import argparse
from typing import Any

import boto3

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.table import show
from totesys_etl.lake.commits import RawCommit, raw_log, star_log


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "batches",
        help="what each batch brought",
        description="Lists batches, newest first, with their changes by table.",
    )
    parser.add_argument("--last", type=int, default=10, metavar="N", help="how many (default 10)")
    parser.add_argument("--table", metavar="TABLE", help="only batches that changed this table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints a row per batch: its kind, moment and counts, and whether it was transformed."""
    deployment = Deployment.find()
    s3 = boto3.client("s3")
    raw = raw_log(s3, deployment.raw_bucket)
    head = raw.head()
    if head is None:
        print("no batch yet: run workflow totesys_ingest")
        return
    newest_star = star_log(s3, deployment.processed_bucket).head()
    transformed = newest_star.raw_through if newest_star else 0
    rows: list[list[Any]] = []
    number = head.batch
    while number > 0 and len(rows) < arguments.last:
        commit = head if number == head.batch else raw.read(number)
        if not arguments.table or _changes(commit, arguments.table):
            rows.append(_row(commit, arguments.table, transformed))
        number -= 1
    counts = ["inserted", "updated", "deleted"]
    show(["batch", "kind", "captured_at (UTC)", *counts, "star", "tables"], rows)


def _changes(commit: RawCommit, table: str) -> bool:
    state = commit.tables.get(table)
    return state is not None and bool(state.inserted or state.updated or state.deleted)


def _row(commit: RawCommit, table: str | None, transformed: int) -> list[Any]:
    changed = {n: t for n, t in commit.tables.items() if _changes(commit, n)}
    counted = {table: commit.tables[table]} if table else changed
    return [
        commit.batch,
        commit.kind,
        commit.captured_at.isoformat(sep=" ", timespec="milliseconds"),
        sum(t.inserted for t in counted.values()),
        sum(t.updated for t in counted.values()),
        sum(t.deleted for t in counted.values()),
        "done" if commit.batch <= transformed else "pending",
        ", ".join(changed) or commit.kind,
    ]
