"""A second session that sees whom the first one waits for."""

from __future__ import annotations

import time
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.conninfo import make_conninfo

from totesys_etl.connection import Connection

POLL_SECONDS = 0.1

_BLOCKERS = """SELECT DISTINCT a.pid, a.usename, a.application_name, l.virtualtransaction
  FROM unnest(pg_blocking_pids(%s)) AS b (pid)
  JOIN pg_stat_activity AS a ON a.pid = b.pid
  JOIN pg_locks AS l ON l.pid = a.pid
 ORDER BY a.pid"""
_STILL_THERE = """SELECT EXISTS (
    SELECT FROM pg_locks AS l
      JOIN unnest(%s::integer[], %s::text[]) AS b (pid, virtualtransaction)
        ON l.pid = b.pid AND l.virtualtransaction = b.virtualtransaction)"""


class BlockingSessions:
    """Polls pg_blocking_pids of `conn`'s session until closed.

    It only serves the message and the length of a pause: where there is no second session,
    the load goes on without, and the message says so.
    """

    def __init__(self, conn: Connection) -> None:
        self._watched = conn.info.backend_pid
        self._own: Connection | None = None
        self._blind = ""
        try:
            self._own = psycopg.connect(_conninfo(conn), autocommit=True)
        except psycopg.OperationalError as error:
            self._blind = " ".join(str(error).split())
        self._seen: list[tuple[Any, ...]] = []
        self._stop = Event()
        self._thread = Thread(target=self._poll, name="lock-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._own is not None:
            self._own.close()

    @property
    def blockers(self) -> str:
        """The sessions that were in the way when it was last so, for a message."""
        if self._blind:
            return f"sessions that could not be looked at ({self._blind}) are"
        if not self._seen:
            return "sessions that are gone now were"
        shown = [
            f"pid {pid} ({user}, {application or 'no application name'})"
            for pid, user, application, _ in self._seen
        ]
        return f"{', '.join(shown)} {'is' if len(shown) == 1 else 'are'}"

    def wait_until_gone(self, limit_seconds: float) -> None:
        """Until the transactions that were in the way have ended, at most `limit_seconds`."""
        deadline = time.monotonic() + limit_seconds
        while time.monotonic() < deadline and self._still_there():
            self._stop.wait(POLL_SECONDS)

    def _still_there(self) -> bool:
        # Nothing seen yet: the refusal came before the watch; leave room for others.
        if self._own is None or self._blind or not self._seen:
            return True
        pids = [row[0] for row in self._seen]
        transactions = [row[3] for row in self._seen]
        return bool(self._own.execute(_STILL_THERE, [pids, transactions]).fetchall()[0][0])

    def _poll(self) -> None:
        try:
            while self._own is not None and not self._stop.wait(POLL_SECONDS):
                self._seen = self._own.execute(_BLOCKERS, [self._watched]).fetchall() or self._seen
        except psycopg.Error as error:
            self._blind = " ".join(str(error).split())


def _conninfo(conn: Connection) -> str:
    """The same server and login; psycopg leaves the password out of a connection's parameters."""
    return make_conninfo(
        conn.info.dsn, password=conn.info.password or None, application_name="lock_watch"
    )
