"""The running totesys: what it says it changed is exactly what changed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from totesys_simulator import TABLES, Change, Simulator, create_totesys, seed
from totesys_simulator.errors import NoSuchRow, OpenTransaction, OutOfTime
from totesys_simulator.memory import MemoryStore
from totesys_simulator.rates import working_minutes
from totesys_simulator.seed import founding_rows
from totesys_simulator.system import RunningSystem

FRIDAY = date(2022, 11, 4)
MONDAY = date(2022, 11, 7)
Tables = dict[str, dict[int, dict[str, Any]]]


@pytest.fixture
def conn(database: Any) -> Iterator[psycopg.Connection]:
    """The owner's connection to a founded totesys."""
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        create_totesys(connection)
        seed(connection)
        yield connection


def everything(conn: psycopg.Connection) -> Tables:
    """All rows of all tables by key."""
    tables = {}
    with conn.transaction(), conn.cursor(row_factory=dict_row) as cursor:
        for table in TABLES:
            rows = cursor.execute(f'SELECT * FROM "{table}"').fetchall()
            tables[table] = {row[f"{table}_id"]: row for row in rows}
    return tables


def applied(before: Tables, changes: list[Change]) -> Tables:
    """`before` with the changes made by hand; each must fit what it finds."""
    for change in changes:
        rows = before[change.table]
        if change.op == "insert":
            assert change.key not in rows
            rows[change.key] = change.new
        elif change.op == "delete":
            assert rows.pop(change.key) == change.old
        else:
            assert rows[change.key][change.column] == change.old
            rows[change.key][change.column] = change.new
    return before


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute)


def test_changes_of_busy_weeks_are_the_whole_truth(conn: psycopg.Connection) -> None:
    before = everything(conn)
    simulator = Simulator(conn, seed=3, clock=at(date(2023, 3, 1)))
    changes = [change for _ in range(10) for change in simulator.workday()]
    assert everything(conn) == applied(before, changes)
    assert {(change.table, change.op, change.silent) for change in changes} == {
        ("sales_order", "insert", False),
        ("purchase_order", "insert", False),
        ("transaction", "insert", False),
        ("payment", "insert", False),
        ("design", "insert", False),
        ("payment", "update", False),
        ("sales_order", "update", True),
        ("purchase_order", "update", True),
        ("design", "update", True),
    }
    assert not any(change.synthetic for change in changes)


def test_silent_edits_change_one_column_and_not_last_updated(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=3, clock=at(date(2023, 3, 1)))
    changes = [change for _ in range(10) for change in simulator.workday()]
    silent = [change for change in changes if change.silent]
    assert 5 <= len(silent) <= 20
    assert {change.column for change in silent} <= {
        *("staff_id", "design_id", "agreed_delivery_date", "agreed_delivery_location_id"),
        *("item_code", "file_location"),
    }
    stamps = everything(conn)
    for change in silent:
        assert stamps[change.table][change.key]["last_updated"] < change.at
        assert change.old != change.new


def test_settlement_moves_paid_and_one_shared_last_updated(conn: psycopg.Connection) -> None:
    changes = Simulator(conn, seed=1, clock=at(MONDAY)).workday()
    settled = [change for change in changes if change.op == "update" and not change.silent]
    # Payments dated 2022-11-07 on the founding day: purchases 1 and 2, sale 3.
    assert [(change.key, change.column, change.new) for change in settled] == [
        (key, column, new)
        for key in (1, 4, 7)
        for column, new in (("paid", True), ("last_updated", settled[0].at))
    ]
    assert at(MONDAY, 7, 55) < settled[0].at < at(MONDAY, 7, 56)


def test_database_and_memory_play_the_same_days(conn: psycopg.Connection) -> None:
    """History (in memory) and the running system (in PostgreSQL) are one recipe."""
    store = MemoryStore(founding_rows())
    system = RunningSystem(store, Random(9))
    in_memory: list[Change] = []
    for day in (FRIDAY, MONDAY):
        in_memory += system.settle(day)
        for minute in working_minutes(day):
            in_memory += system.minute(minute)
    simulator = Simulator(conn, seed=9)
    assert simulator.workday() + simulator.workday() == in_memory
    assert everything(conn) == store.tables


def test_minutes_cross_the_weekend_and_settle_the_new_day(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1, clock=at(FRIDAY, 18, 58))
    changes = simulator.minutes(4)
    assert simulator.clock == at(MONDAY, 8, 2)
    assert {change.key for change in changes if change.column == "paid"} == {1, 4, 7}
    assert not [c for c in simulator.minutes(1) if c.column == "paid"]


def test_it_continues_after_the_newest_stamp_with_a_whole_day(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1)
    assert simulator.clock.date() == date(2022, 11, 3)
    simulator.workday()
    assert simulator.clock == at(FRIDAY, 19)


def test_without_a_clock_nothing_is_dated_later_than_now(conn: psycopg.Connection) -> None:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    conn.execute(
        "UPDATE payment SET last_updated = %s WHERE payment_id = 1", (now + timedelta(days=9),)
    )
    simulator = Simulator(conn, seed=1)
    assert simulator.clock <= datetime.now(UTC).replace(tzinfo=None)
    assert simulator.minutes(60) == []
    with pytest.raises(OutOfTime, match="give Simulator a clock"):
        simulator.workday()


@pytest.mark.parametrize(("day", "why"), [(date(2022, 11, 5), "Saturday"), (FRIDAY, "has begun")])
def test_a_day_that_cannot_be_is_refused(conn: psycopg.Connection, day: date, why: str) -> None:
    with pytest.raises(OutOfTime, match=why):
        Simulator(conn, seed=1, clock=at(FRIDAY, 8)).workday(day)


def test_deleting_an_order_tells_of_its_orphaned_transaction(conn: psycopg.Connection) -> None:
    before = everything(conn)
    changes = Simulator(conn, seed=1, clock=at(FRIDAY)).delete("sales_order", 1)
    assert everything(conn) == applied(before, changes)
    assert [(c.table, c.key, c.op, c.column, c.synthetic) for c in changes] == [
        ("sales_order", 1, "delete", None, True),
        ("transaction", 3, "update", "sales_order_id", True),
    ]


def test_deleting_what_is_not_there_or_still_needed_fails(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1, clock=at(FRIDAY))
    with pytest.raises(NoSuchRow, match="payment_id = 99"):
        simulator.delete("payment", 99)
    with pytest.raises(psycopg.IntegrityError):
        simulator.delete("transaction", 1)


def test_orders_refer_to_existing_rows_after_deletes(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1, clock=at(date(2023, 3, 1)))
    conn.execute("UPDATE sales_order SET design_id = 10")
    for key in range(2, 10):
        simulator.delete("design", key)
    sales = [c for c in simulator.minutes(600) if c.table == "sales_order" and c.op == "insert"]
    used = {change.new["design_id"] for change in sales}
    assert {1, 10} <= used <= {1, 10, 11, 12, 13}


def test_a_refund_changes_the_type_and_moves_last_updated(conn: psycopg.Connection) -> None:
    before = everything(conn)
    simulator = Simulator(conn, seed=1, clock=at(MONDAY, 12))
    changes = simulator.refund(3)
    assert everything(conn) == applied(before, changes)
    assert [(c.column, c.old, c.new) for c in changes] == [
        ("payment_type_id", 1, 2),
        ("last_updated", before["payment"][3]["created_at"], at(MONDAY, 12)),
    ]
    with pytest.raises(NoSuchRow, match="refund already"):
        simulator.refund(3)


def test_a_late_commit_appears_behind_what_was_committed(conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1, clock=at(date(2023, 3, 1)))
    simulator.workday()
    before = everything(conn)
    with simulator.late_commit() as late:
        assert everything(conn) == before
        after = applied(before, simulator.minutes(120))
        newest = max(row["created_at"] for row in after["transaction"].values())
        assert all(change.at < newest and change.synthetic for change in late.changes)
        assert [c.table for c in late.changes] == ["sales_order", "transaction", "payment"]
        after = applied(after, late.commit())
        assert everything(conn) == after


def test_a_late_commit_that_never_comes_leaves_nothing(conn: psycopg.Connection) -> None:
    before = everything(conn)
    with Simulator(conn, seed=1).late_commit("purchase"):
        pass
    assert everything(conn) == before


def test_an_open_transaction_is_refused(database: Any, conn: psycopg.Connection) -> None:
    simulator = Simulator(conn, seed=1)
    with conn.transaction(), pytest.raises(OpenTransaction):
        simulator.workday()


def test_an_unseeded_totesys_is_refused(database: Any) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as conn:
        create_totesys(conn)
        with pytest.raises(NoSuchRow, match="seed it first"):
            Simulator(conn, seed=1)
