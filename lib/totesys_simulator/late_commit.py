"""A transaction in flight, the classic way for a row to appear behind a watermark."""

from dataclasses import replace
from datetime import datetime
from random import Random
from types import TracebackType
from typing import Self

import psycopg

from .change import Change
from .database import DatabaseStore
from .system import RunningSystem
from .values import Kind


class LateCommit:
    """An order that is written but invisible to everybody until `commit()`.

    `changes` says what it holds. A context manager: leaving it without a commit rolls back.
    """

    def __init__(self, conn: psycopg.Connection, changes: list[Change]) -> None:
        self._conn = conn
        self.changes = changes

    @classmethod
    def open(cls, beside: psycopg.Connection, rng: Random, kind: Kind, at: datetime) -> Self:
        """Write an order stamped `at` on a second connection to the same database."""
        conn = psycopg.connect(beside.info.dsn, password=beside.info.password or None)
        try:
            conn.execute("SELECT 1")  # begins the transaction that stays open until commit()
            changes = RunningSystem(DatabaseStore(conn), rng).orders([kind], at)
        except BaseException:
            conn.close()
            raise
        return cls(conn, [replace(change, synthetic=True) for change in changes])

    def commit(self) -> list[Change]:
        """Commit and close the second connection; returns the changes, now visible."""
        self._conn.commit()
        self._conn.close()
        return self.changes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._conn.close()
