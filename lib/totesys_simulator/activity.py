"""The running totesys: workdays and minutes on demand, and on request what it has never done."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import psycopg

from .change import Change, Value
from .database import DatabaseStore
from .errors import NoSuchRow, OutOfTime
from .late_commit import LateCommit
from .rates import SETTLEMENT, is_workday, working_minutes
from .session import refuse_open_transaction, transaction
from .system import RunningSystem
from .values import REFUND_TYPE, Kind

MINUTE = timedelta(minutes=1)
ORDER_COLUMNS = {"sales_order": "sales_order_id", "purchase_order": "purchase_order_id"}


class Simulator:
    """Runs totesys forward from `clock` and tells every change it makes.

    `clock` (naive UTC) is the instant up to which everything has happened; without one it is the
    newest stamp in the source, and nothing is then dated later than the real now. `conn` is the
    owner's connection with no transaction open; every event is one transaction of its own.
    The same seed on the same rows makes the same changes.
    """

    def __init__(self, conn: psycopg.Connection, seed: int, clock: datetime | None = None) -> None:
        self.conn = conn
        self.clock = clock or _continue_after(conn)
        self._ends_now = clock is None
        self._rng = Random(seed)
        self._store = DatabaseStore(conn)
        self._system = RunningSystem(self._store, self._rng)

    def workday(self, day: date | None = None) -> list[Change]:
        """The settlement of a whole workday, then each of its minutes up to 18:59.

        By default the next workday that has not begun; a later one leaves the days between idle.
        Raises OutOfTime for a weekend, a day that has begun, or (without a clock) a future day.
        """
        day = day or self._next_day()
        if not is_workday(day):
            raise OutOfTime(f"{day} is a {day:%A}: totesys works Monday to Friday")
        if self._begun(day):
            raise OutOfTime(f"{day} has begun, the clock stands at {self.clock}: use minutes()")
        if self._in_future(datetime.combine(day, SETTLEMENT)):
            raise OutOfTime(f"{day} has not begun yet in the real world: give Simulator a clock")
        changes = self._settle(day)
        for minute in working_minutes(day):
            if self._in_future(minute):
                break
            changes += self._minute(minute)
        return changes

    def minutes(self, n: int) -> list[Change]:
        """The next `n` working minutes, with the settlement of each day that they begin.

        Without a clock it stops early when the real now is reached.
        """
        changes: list[Change] = []
        for minute in self._upcoming(n):
            if self._in_future(minute):
                break
            if not self._begun(minute.date()):
                changes += self._settle(minute.date())
            changes += self._minute(minute)
        return changes

    def delete(self, table: str, key: int) -> list[Change]:
        """Delete one row; an order's transaction then loses its order id (ON DELETE SET NULL).

        Raises NoSuchRow, or psycopg.IntegrityError when other rows refer to it.
        """
        with transaction(self.conn):
            old = self._store.row(table, key)
            orphans = self._orphans(table, key)
            self._store.delete(table, key)
        deleted = Change(table, key, "delete", None, old, None, False, True, self.clock)
        return [deleted, *orphans]

    def refund(self, payment: int) -> list[Change]:
        """Turn a receipt into a refund (payment type 1 to 2, or 3 to 4); last_updated moves.

        A refund cannot be a row of its own: an order has one transaction and one payment.
        """
        with transaction(self.conn):
            row = self._store.row("payment", payment)
            old = row["payment_type_id"]
            if old not in REFUND_TYPE:
                raise NoSuchRow(f"payment {payment} has payment_type_id {old}: a refund already")
            new: dict[str, Value] = {
                "payment_type_id": REFUND_TYPE[old],
                "last_updated": self.clock,
            }
            for column, value in new.items():
                self._store.update("payment", payment, column, value)
        at = self.clock
        return [
            Change("payment", payment, "update", column, row[column], value, False, True, at)
            for column, value in new.items()
        ]

    def late_commit(self, kind: Kind = "sale", by: timedelta = 5 * MINUTE) -> LateCommit:
        """An order written on a second connection and not committed yet.

        Its stamps lie `by` before the newest stamp that has been committed.
        """
        return LateCommit.open(self.conn, self._rng, kind, _continue_after(self.conn) - by)

    def _settle(self, day: date) -> list[Change]:
        refuse_open_transaction(self.conn)
        changes = self._system.settle(day)
        self.clock = datetime.combine(day, SETTLEMENT) + MINUTE
        return changes

    def _minute(self, minute: datetime) -> list[Change]:
        refuse_open_transaction(self.conn)
        changes = self._system.minute(minute)
        self.clock = minute + MINUTE
        return changes

    def _orphans(self, table: str, key: int) -> list[Change]:
        column = ORDER_COLUMNS.get(table)
        if not column:
            return []
        return [
            Change("transaction", found, "update", column, key, None, True, True, self.clock)
            for found in self._store.keys_where("transaction", column, key)
        ]

    def _begun(self, day: date) -> bool:
        return self.clock > datetime.combine(day, SETTLEMENT)

    def _next_day(self) -> date:
        day = self.clock.date()
        while self._begun(day) or not is_workday(day):
            day += timedelta(days=1)
        return day

    def _upcoming(self, n: int) -> Iterator[datetime]:
        day, begin = self.clock.date(), self.clock
        while n > 0:
            for minute in working_minutes(day) if is_workday(day) else ():
                if minute >= begin and n > 0:
                    yield minute
                    n -= 1
            day += timedelta(days=1)

    def _in_future(self, minute: datetime) -> bool:
        return self._ends_now and minute + MINUTE > _now()


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def _continue_after(conn: psycopg.Connection) -> datetime:
    with transaction(conn):
        newest = DatabaseStore(conn).newest()
    if newest is None:
        raise NoSuchRow(f"totesys in database {conn.info.dbname} has no rows: seed it first")
    return min(newest, _now())
