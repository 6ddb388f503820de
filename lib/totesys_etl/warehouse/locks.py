"""Locks: one loader at a time, tried again in bounds, and who is in the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg import Cursor, sql
from psycopg.rows import TupleRow

from totesys_etl.connection import Connection
from totesys_etl.errors import WarehouseBusy
from totesys_etl.warehouse.lock_watch import BlockingSessions

ADVISORY_KEY = int.from_bytes(b"totesys", "big")
"""Of pg_advisory_xact_lock: who prepares or loads holds it. Advisory locks are per database."""

T = TypeVar("T")


@dataclass(frozen=True)
class LockRetry:
    """How long one lock is waited for, how often the transaction is tried, and the pause before
    it is tried again, which ends early when those in the way have gone."""

    timeout_ms: int = 5_000
    attempts: int = 6
    pause_seconds: float = 5.0


def in_transaction(
    conn: Connection, patience: LockRetry, work: Callable[[Cursor[TupleRow]], T]
) -> T:
    """Run `work` in one transaction under the advisory lock; try again when a lock is taken.

    A request for an exclusive lock makes new readers queue behind it while it waits: hence the
    timeout, and the pause that lets them through. Raises WarehouseBusy naming who is in the way.
    """
    with ExitStack() as stack:
        watch: BlockingSessions | None = None
        for _ in range(patience.attempts):
            if watch is not None:
                watch.wait_until_gone(patience.pause_seconds)
            try:
                with conn.transaction(), conn.cursor() as cur:
                    _begin(cur, patience)
                    return work(cur)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
                refusal = error
            watch = watch or stack.enter_context(BlockingSessions(conn))
        seconds = patience.timeout_ms / 1000
        holders = watch.blockers if watch else "nobody any more"
        raise WarehouseBusy(
            f"no lock in the warehouse after {patience.attempts} attempts of {seconds:g} s each:"
            f" {holders} in the way; end that session, or run the load again"
        ) from refusal


def _begin(cur: Cursor[TupleRow], patience: LockRetry) -> None:
    """Timeouts of the role must not end a long load; names are always qualified."""
    for setting, value in (
        ("lock_timeout", f"{patience.timeout_ms}ms"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("search_path", ""),
    ):
        cur.execute("SELECT set_config(%s, %s, true)", [setting, value])
    cur.execute(sql.SQL("SELECT pg_advisory_xact_lock(%s)"), [ADVISORY_KEY])
