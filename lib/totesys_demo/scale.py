"""`make scale`: millions of orders through all three jobs, timed beside PostgreSQL's own COPY."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from psycopg import sql

from awsglue_local.client.runs import JobRun
from awsglue_local.runtime.spark import THROUGHPUT
from totesys_demo import screen
from totesys_demo.errors import DemoError
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_etl.contracts import SOURCE_TABLES, STAR_TABLES
from totesys_etl.fingerprints.canonical import SLICE_SIZE, postgres_fingerprints
from totesys_etl.fingerprints.intervals import of_ranges
from totesys_etl.ingest.reading import among
from totesys_simulator import Simulator, scale
from totesys_simulator.scale import UNTIL

GROWING = ("sales_order", "purchase_order", "transaction", "payment")


def main() -> int:
    """Loads, runs, prints; exit code 1 when a job fails or a count differs."""
    signal.signal(signal.SIGTERM, _interrupt)
    parser = argparse.ArgumentParser(prog="make scale ARGS=...", description=__doc__)
    parser.add_argument("--orders", type=int, default=3_000_000, help="default 3,000,000")
    parser.add_argument("--state", type=Path, default=Path(".glue-local-scale"))
    arguments = parser.parse_args()
    platform = LocalPlatform(arguments.state, spark_settings=THROUGHPUT)
    platform.down()
    try:
        _measure(platform, arguments.orders)
    except DemoError as error:
        print(f"\nscale: {error}", file=sys.stderr)
        return 1
    finally:
        platform.down()
    return 0


def _measure(platform: LocalPlatform, orders: int) -> None:
    screen.step("starting")
    platform.up()
    with platform.connect(SOURCE) as source:
        began = time.monotonic()
        counts = scale(source, orders)
        screen.step(
            f"totesys filled in {time.monotonic() - began:.1f} s: "
            + ", ".join(f"{counts[table]:,} {table}" for table in GROWING)
        )
        seconds = _sweep(source)
    for kind in ("first run", "nothing to do", "a working day"):
        if kind == "a working day":
            counts |= _working_day(platform, counts)
        for workflow in ("totesys_ingest", "totesys_transform_load"):
            for job in platform.run(workflow).job_runs:
                seconds[f"{job.job}, {kind}"] = job.seconds
                told = f" ({compared(job)})" if job.job == "ingest_totesys" else ""
                screen.step(f"{job.job}, {kind}: {job.seconds:.1f} s{told}")
    for job in platform.run("totesys_audit").job_runs:
        seconds[f"{job.job}, everything"] = job.seconds
        screen.step(f"{job.job}: {job.seconds:.1f} s")
    for table in GROWING:
        seconds[f"COPY {table} out"], seconds[f"COPY {table} into a bare table"] = _copy(
            platform, table
        )
    with platform.connect(WAREHOUSE) as warehouse:
        _check(warehouse, counts)
        for fact in ("sales_order", "payment"):
            view = sql.Identifier("etl", f"current_{fact}")
            taken = _time(warehouse, sql.SQL("SELECT count(*) FROM {}").format(view))
            seconds[f"count of current_{fact}"] = taken
    screen.headline(f"{orders:,} orders")
    rows = [[what, f"{taken:.1f}"] for what, taken in seconds.items()]
    first = sum(taken for what, taken in seconds.items() if what.endswith("first run"))
    screen.table(["what", "seconds"], [*rows, ["all three jobs, first run", f"{first:.1f}"]])


def _sweep(source: psycopg.Connection[Any]) -> dict[str, float]:
    """Seconds of what PostgreSQL computes in every run, and of one range drilled down."""
    taken = 0.0
    for table in SOURCE_TABLES.values():
        taken += _time(source, postgres_fingerprints(table))
    orders = SOURCE_TABLES["sales_order"]
    where = among(orders.primary_key, of_ranges([0]))
    return {
        "sweep of all tables, one connection": taken,
        "drill-down of one range of sales_order": _time(
            source, postgres_fingerprints(orders, where=where, size=SLICE_SIZE)
        ),
    }


def _working_day(platform: LocalPlatform, counts: Mapping[str, int]) -> dict[str, int]:
    """The day after the last one: its settlement, its orders, and three silent edits far apart.

    Returns the rows of the growing tables, with one more version for each row that was changed.
    """
    with platform.connect(SOURCE) as source:
        changes = Simulator(
            source, 11, clock=datetime.combine(UNTIL, datetime.min.time())
        ).workday()
        edited = [counts["sales_order"] // part for part in (10, 2, 1)]
        for key in edited:
            source.execute(
                "UPDATE sales_order SET agreed_delivery_date = '2024-11-30'"
                " WHERE sales_order_id = %s AND agreed_delivery_date <> '2024-11-30'",
                (key,),
            )
    rows = {(change.table, change.key) for change in changes} | {
        ("sales_order", key) for key in edited
    }
    screen.step(f"a working day: {len(rows)} rows changed, three of them silently")
    versions = Counter(table for table, _ in rows)
    return {table: counts[table] + versions[table] for table in GROWING}


def compared(job: JobRun) -> str:
    """What the log of an ingest says of rows fetched and rows changed."""
    if job.log is None:
        return "its log is elsewhere"
    lines = [json.loads(text) for text in job.log.read_text().splitlines() if '"compared"' in text]
    changed = sum(line["inserted"] + line["updated"] + line["deleted"] for line in lines)
    return f"{sum(line['fetched'] for line in lines):,} rows fetched, {changed:,} changed"


def _copy(platform: LocalPlatform, table: str) -> tuple[float, float]:
    """Seconds of psql COPY out to a file, and of COPY into a table without any constraint."""
    server = platform.stack.postgres[SOURCE]
    environment = {"PGPASSWORD": server.password, "PGOPTIONS": "-c client_min_messages=warning"}
    command = [
        str(server.psql), "-qX", "-h", server.host, "-p", str(server.port), "-U", server.user,
        "-d", SOURCE, "-v", "ON_ERROR_STOP=1", "-c",
    ]  # fmt: skip
    with tempfile.NamedTemporaryFile() as file:
        times = []
        for statement in (
            rf"\copy {table} TO '{file.name}'",
            rf"\copy bare FROM '{file.name}'",
        ):
            if "FROM" in statement:
                create = f"CREATE TABLE bare AS TABLE {table} WITH NO DATA"
                subprocess.run([*command, create], check=True, env=environment)
            began = time.monotonic()
            subprocess.run([*command, statement], check=True, env=environment)
            times.append(time.monotonic() - began)
        subprocess.run([*command, "DROP TABLE bare"], check=True, env=environment)
    return times[0], times[1]


def _check(warehouse: psycopg.Connection[Any], counts: dict[str, int]) -> None:
    for table in STAR_TABLES.values():
        if table.source in GROWING:
            counting = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name))
            found = warehouse.execute(counting).fetchone()
            if found != (counts[str(table.source)],):
                raise DemoError(f"{table.name} has {found} rows, not {counts[str(table.source)]}")


def _time(connection: psycopg.Connection[Any], query: sql.Composed) -> float:
    """The best of three, once everything is in memory."""
    taken = []
    for _ in range(3):
        began = time.monotonic()
        connection.execute(query).fetchall()
        taken.append(time.monotonic() - began)
    return min(taken)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
