"""`totesys sql`: one statement against the warehouse, the source or the lake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from totesys_etl.cli.deployment import Deployment
from totesys_etl.cli.table import show, write_csv
from totesys_etl.connection import Endpoint, connect


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "sql",
        help="one SQL statement against warehouse, source or lake",
        description="Runs one statement and prints its rows. The warehouse is read only here, with "
        "schemas public and etl on the search path.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--source",
        action="store_true",
        help="ask totesys itself; the demo's own source may be changed this way, a real one not",
    )
    where.add_argument(
        "--lake",
        action="store_true",
        help="ask the Parquet files through the Data Catalog: totesys_star.x, totesys_raw.x",
    )
    parser.add_argument("--csv", action="store_true", help="CSV instead of a table")
    parser.add_argument("statement", help="the statement; - reads it from standard input")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the rows, or the number of rows a change touched."""
    statement = sys.stdin.read() if arguments.statement == "-" else arguments.statement
    deployment = Deployment.find()
    if arguments.lake:
        from totesys_etl.cli.lake import query

        header, rows = query(deployment, statement)
    elif arguments.source:
        header, rows = _postgres(deployment.source(), statement, write=True)
    else:
        header, rows = _postgres(deployment.warehouse(), statement, write=False)
    (write_csv if arguments.csv else show)(header, rows)


def _postgres(
    endpoint: Endpoint, statement: str, *, write: bool
) -> tuple[Sequence[str], list[Sequence[Any]]]:
    with connect(endpoint, "totesys sql") as connection:
        connection.execute("SET search_path = public, etl")
        connection.commit()
        connection.read_only = not write
        # The statement is the user's own, typed by hand; there is nothing to parameterise.
        cursor = connection.execute(statement.encode())
        if cursor.description is None:
            return ["rows changed"], [[max(cursor.rowcount, 0)]]
        return [column.name for column in cursor.description], list(cursor.fetchall())
