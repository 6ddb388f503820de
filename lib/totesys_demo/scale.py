"""`make scale`: millions of orders through all three jobs, timed beside PostgreSQL's own COPY."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from psycopg import sql

from awsglue_local.runtime.spark import THROUGHPUT
from totesys_demo import screen
from totesys_demo.errors import DemoError
from totesys_demo.platform import SOURCE, WAREHOUSE, LocalPlatform
from totesys_etl.contracts import STAR_TABLES
from totesys_simulator import scale

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
    seconds: dict[str, float] = {}
    for kind in ("first run", "nothing to do"):
        for workflow in ("totesys_ingest", "totesys_publish"):
            for job in platform.run(workflow).job_runs:
                seconds[f"{job.job}, {kind}"] = job.seconds
                screen.step(f"{job.job}, {kind}: {job.seconds:.1f} s")
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
