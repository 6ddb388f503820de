"""Readers, lockers, crashes: a commit is wholly there or not at all, nobody waits long."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from fixtures.warehouse_rows import DAY_1, DAY_2, payment, payment_dimensions, star_rows
from glue_fixtures.servers import Database
from totesys_etl.contracts import STAR_TABLES
from totesys_etl.errors import (
    WarehouseBusy,
    WarehouseUnreachable,
)
from totesys_etl.load.warehouse import LoadBatch, Warehouse
from totesys_etl.warehouse.copy import Batches
from totesys_etl.warehouse.locks import ADVISORY_KEY, LockRetry

Conn = psycopg.Connection[Any]

IMPATIENT = LockRetry(timeout_ms=1_000, attempts=2, pause_seconds=0.1)


@pytest.fixture
def conn(database: Database) -> Iterator[Conn]:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        Warehouse(connection).prepare()
        yield connection


@pytest.fixture
def other(database: Database) -> Iterator[Conn]:
    """A second session."""
    with psycopg.connect(database.conninfo, application_name="report tool") as connection:
        yield connection


def while_reading(rows: Batches, act: Callable[[], None]) -> Batches:
    """`rows`, with `act` called in the middle of the load's transaction."""

    def read() -> Iterator[pa.RecordBatch]:
        yield from rows()
        act()

    return read


def first_commit(rows: Batches | None = None) -> LoadBatch:
    rows = rows or star_rows("fact_payment", payment(1, 7, 1, DAY_1))
    return LoadBatch(1, 1, 1, DAY_1, "run", payment_dimensions(), {"fact_payment": rows})


def second_commit(act: Callable[[], None] = lambda: None) -> LoadBatch:
    """A routine commit: a dimension row changes, a version comes; `act` runs before its end."""
    design = {"design_id": 1, "design_name": "Ash", "file_location": "/", "file_name": "f"}
    update = payment(2, 7, 2, DAY_2, "update", paid=True)
    facts = {"fact_payment": while_reading(star_rows("fact_payment", update), act)}
    dimensions = {"dim_design": star_rows("dim_design", design)}
    return LoadBatch(2, 2, 2, DAY_2, "run", dimensions, facts)


def test_a_routine_load_and_its_readers_do_not_wait_for_each_other(conn: Conn, other: Conn) -> None:
    Warehouse(conn).apply(first_commit())
    other.execute("SET lock_timeout = '1s'")
    views = ["etl.current_payment", "etl.payment_history", "etl.load_ledger"]
    seen: list[Any] = []

    def read() -> None:
        for relation in [*STAR_TABLES, *views]:
            other.execute(f"SELECT count(*) FROM {relation}")
        seen.append(other.execute("SELECT paid FROM etl.current_payment").fetchall())
        seen.append(
            other.execute("SELECT design_name FROM dim_design WHERE design_id = 1").fetchall()
        )
        strong = (
            "SELECT relation::regclass FROM pg_locks JOIN pg_class AS c ON c.oid = relation"
            " WHERE pid = %s AND mode = 'AccessExclusiveLock' AND relpersistence = 'p'"
        )
        seen.append(other.execute(strong, [conn.info.backend_pid]).fetchall())

    # The reader's transaction stays open and keeps its locks to the end.
    Warehouse(conn, patience=IMPATIENT).apply(second_commit(read))
    # Rows are read twice: for the fact, and for its events.
    assert seen == [[(False,)], [("Oak",)], []] * 2
    other.rollback()
    assert other.execute("SELECT paid FROM etl.current_payment").fetchall() == [(True,)]


def test_who_is_in_the_way_is_named(conn: Conn, other: Conn) -> None:
    other.execute("LOCK TABLE dim_design IN ACCESS EXCLUSIVE MODE")
    pid, user = other.info.backend_pid, other.info.user
    with pytest.raises(WarehouseBusy, match=rf"pid {pid} \({user}, report tool\) is in the way"):
        Warehouse(conn, patience=IMPATIENT).apply(first_commit())
    other.rollback()
    assert Warehouse(conn).loaded_through() == 0


def test_another_loader_is_waited_for_in_bounds(conn: Conn, other: Conn) -> None:
    other.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_KEY])
    with pytest.raises(WarehouseBusy, match="report tool"):
        Warehouse(conn, patience=IMPATIENT).apply(first_commit())
    with pytest.raises(WarehouseBusy, match="report tool"):
        Warehouse(conn, patience=IMPATIENT).prepare()


def test_the_load_goes_on_when_the_lock_is_released(conn: Conn, other: Conn) -> None:
    other.execute("LOCK TABLE dim_staff IN ACCESS EXCLUSIVE MODE")
    attempts = []

    def release_in_second_attempt() -> None:
        attempts.append(1)
        if len(attempts) == 2:
            other.rollback()

    dimensions = payment_dimensions()
    dimensions["dim_date"] = while_reading(dimensions["dim_date"], release_in_second_attempt)
    batch = LoadBatch(1, 1, 1, DAY_1, "run", dimensions)
    report = Warehouse(conn, patience=IMPATIENT).apply(batch)
    assert (len(attempts), report.skipped) == (2, False)
    assert conn.execute("SELECT count(*) FROM dim_date").fetchone() == (3,)


def test_a_backend_that_dies_leaves_nothing(conn: Conn, other: Conn, database: Database) -> None:
    other.autocommit = True

    def kill() -> None:
        # Waits until the backend is gone.
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [conn.info.backend_pid])

    with pytest.raises(WarehouseUnreachable, match="went away during commit 1"):
        Warehouse(conn).apply(
            first_commit(while_reading(star_rows("fact_payment", payment(1, 7, 1, DAY_1)), kill))
        )
    assert other.execute("SELECT count(*) FROM dim_date").fetchone() == (0,)
    assert other.execute("SELECT count(*) FROM etl.fact_payment_event").fetchone() == (0,)
    assert Warehouse(other).apply(first_commit()).skipped is False


def test_a_loader_that_dies_leaves_nothing(conn: Conn, database: Database) -> None:
    program = """
        import sys
        import psycopg
        from fixtures.warehouse_rows import DAY_1, payment, payment_dimensions, star_rows
        from totesys_etl.load.warehouse import LoadBatch, Warehouse

        def stop_before_the_end():
            yield from star_rows("fact_payment", payment(1, 7, 1, DAY_1))()
            print("inside", flush=True)
            sys.stdin.read()

        conn = psycopg.connect(sys.stdin.readline(), application_name="doomed")
        facts = {"fact_payment": stop_before_the_end}
        Warehouse(conn).apply(LoadBatch(1, 1, 1, DAY_1, "run", payment_dimensions(), facts))
    """
    root = Path(__file__).parents[2]
    path = os.pathsep.join(
        [str(root / "lib"), str(root / "lib/awsglue_local"), str(root / "tests")]
    )
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    with child:
        assert child.stdin and child.stdout
        child.stdin.write(database.conninfo + "\n")
        child.stdin.flush()
        assert child.stdout.readline() == "inside\n"
        inside = "SELECT pid FROM pg_stat_activity WHERE application_name = 'doomed'"
        assert conn.execute(inside + " AND xact_start IS NOT NULL").fetchone()
        child.send_signal(signal.SIGKILL)

    # The advisory lock makes this wait for the end of the dead loader's session.
    report = Warehouse(conn).apply(first_commit())
    assert report.skipped is False
    assert conn.execute("SELECT count(*) FROM fact_payment").fetchone() == (1,)
